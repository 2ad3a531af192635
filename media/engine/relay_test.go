package engine

import (
	"testing"

	"tandem/media"
	"tandem/media/rtp"
)

func TestRelayBothWays(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b media.Codec
	}{{"same codec", media.PCMU, media.PCMU}, {"transcoded", media.PCMU, media.PCMA}, {"transcoded back", media.PCMA, media.PCMU}} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, testConfig())
			a, b := r.open(1, c.a), r.open(2, c.b)
			r.do(media.Connect{A: 1, B: 2})
			r.settle(1)
			a.say(tone(440))
			b.say(tone(1000))
			atB, atA := b.readN(25), a.readN(25)
			wantTone(t, c.b, atB, 440, 1000)
			wantTone(t, c.a, atA, 1000, 440)
			wantOneSource(t, atB)
			wantOneSource(t, atA)
			for i, p := range atB {
				if p.PayloadType() != format(c.b).SendPT {
					t.Errorf("packet %d: payload type %d", i, p.PayloadType())
				}
				if p.Marker() != (i == 0) {
					t.Errorf("packet %d: marker %v", i, p.Marker())
				}
				if p.SSRC() == a.script.SSRC {
					t.Fatal("the other side's SSRC got through")
				}
			}
			if first := await[media.FirstPacket](r); first.From != a.addr() && first.From != b.addr() {
				t.Errorf("first packet from %v", first.From)
			}
			st := r.settle(2)
			if st.Sent != 25 || st.Received != 25 || st.Lost != 0 || st.Refused != 0 || st.MOS < 4 {
				t.Errorf("figures %+v", st)
			}
		})
	}
}

func TestEcho(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMA)
	r.do(media.Connect{A: 1, B: 1})
	r.settle(1)
	a.say(tone(440))
	wantTone(t, media.PCMA, a.readN(25), 440, 1000)
}

func TestDisconnectIsSilent(t *testing.T) {
	r := newRig(t, testConfig())
	a, b, c := r.open(1, media.PCMU), r.open(2, media.PCMU), r.open(3, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.do(media.Connect{A: 1, B: 3}) // replaces the bridge with 2
	r.settle(1)
	a.say(tone(440))
	b.say(tone(1000))
	wantTone(t, media.PCMU, c.readN(25), 440, 1000)
	r.until(2, func(s media.Stats) bool { return s.Received == 25 })
	r.do(media.Disconnect{Stream: 3})
	r.settle(3)
	a.say(tone(440))
	r.until(1, func(s media.Stats) bool { return s.Received == 50 })
	if st := r.settle(1); st.Sent != 0 {
		t.Errorf("%d packets of the old bridge arrived", st.Sent)
	}
	if st := r.settle(3); st.Sent != 25 {
		t.Errorf("sent %d after the bridge ended", st.Sent-25)
	}
}

func TestDirections(t *testing.T) {
	direction := func(d media.Direction) func(*media.StreamConfig) {
		return func(c *media.StreamConfig) { c.Direction = d }
	}
	for _, c := range []struct {
		name               string
		direction          media.Direction
		toPeer, fromPeer   uint64
		refused, forwarded uint64
	}{
		{"sendrecv", media.SendRecv, 25, 25, 0, 25},
		{"sendonly", media.SendOnly, 25, 0, 25, 0},
		{"recvonly", media.RecvOnly, 0, 25, 0, 25},
		{"inactive", media.Inactive, 0, 0, 25, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, testConfig())
			a, b := r.open(1, media.PCMU, direction(c.direction)), r.open(2, media.PCMU)
			r.do(media.Connect{A: 1, B: 2})
			r.settle(1)
			a.say(tone(440))
			b.say(tone(1000))
			r.until(2, func(s media.Stats) bool { return s.Received == 25 && s.Sent == c.forwarded })
			st := r.until(1, func(s media.Stats) bool { return s.Received+s.Refused == 25 })
			if st.Sent != c.toPeer || st.Received != c.fromPeer || st.Refused != c.refused {
				t.Errorf("figures %+v", st)
			}
		})
	}
}

// TestExtrasAreStripped: header extensions and CSRC lists were agreed with one side only.
func TestExtrasAreStripped(t *testing.T) {
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMA)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	plain := a.script.Packets(0, tone(440))[0].Packet
	b0 := append([]byte{plain[0] | 0x10 | 0x01}, plain[1:12]...)
	b0 = append(b0, 1, 2, 3, 4)                         // CSRC
	b0 = append(b0, 0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0) // extension
	a.sendFrom(a.conn, append(b0, plain[12:]...))
	p := b.read()
	if p.Bytes()[0] != 0x80 || len(p.Payload()) != 160 {
		t.Errorf("first byte %x, %d bytes of payload", p.Bytes()[0], len(p.Payload()))
	}
}

// TestManyWorkers: bridges over workers are brought together, whichever way streams are joined anew.
func TestManyWorkers(t *testing.T) {
	cfg := testConfig()
	cfg.Workers = 4
	r := newRig(t, cfg)
	const n = 12
	peers := make([]*peer, n)
	for i := range peers {
		peers[i] = r.open(media.StreamID(i+1), media.PCMU)
	}
	for round := 1; round <= 5; round++ {
		for i := range n / 2 {
			r.do(media.Connect{A: media.StreamID(i + 1), B: media.StreamID(n/2 + (i+round)%(n/2) + 1)})
		}
		for i := range n / 2 {
			a, b := peers[i], peers[n/2+(i+round)%(n/2)]
			r.settle(a.stream)
			a.say(tone(440))
			got := b.readN(25)
			wantTone(t, media.PCMU, got, 440, 1000)
			wantOneSource(t, got)
		}
	}
	for i := range peers {
		r.do(media.Close{Stream: media.StreamID(i + 1)})
		await[media.Closed](r)
	}
	for _, w := range r.real.workers {
		if got := w.load.Load(); got != 0 {
			t.Errorf("a worker counts %d streams, want 0", got)
		}
	}
}

// TestGarbage: no bytes on either socket stop a stream.
func TestGarbage(t *testing.T) {
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	big := make([]byte, 9000)
	big[0] = 0x80
	for _, junk := range [][]byte{{}, {0x80}, {0, 1, 2, 3}, make([]byte, 12), big, {0x80, 200, 0, 0}, {0x81, 201, 0, 7, 1, 2, 3, 4},
		{0xBF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {0x80, 101, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99}} {
		a.sendFrom(a.conn, junk)
		if _, err := a.conn.WriteToUDPAddrPort(junk, rtcpOf(a.engine)); err != nil {
			t.Fatal(err)
		}
	}
	a.say(tone(440))
	wantTone(t, media.PCMU, onlyAudio(b.readN(25)), 440, 1000)
	if st := r.settle(1); st.Refused < 6 {
		t.Errorf("refused %d", st.Refused)
	}
}

func onlyAudio(all []rtp.Packet) []rtp.Packet {
	var audio []rtp.Packet
	for _, p := range all {
		if p.PayloadType() == 0 {
			audio = append(audio, p)
		}
	}
	return audio
}

// TestConnectBeforeOpened breaks the caller's obligation over two workers: nothing hangs, and the counts stay right.
func TestConnectBeforeOpened(t *testing.T) {
	cfg := testConfig()
	cfg.Workers, cfg.PortMax = 2, cfg.PortMin+1
	r := newRig(t, cfg)
	r.do(media.Open{Stream: 1})
	await[media.Opened](r)
	r.do(media.Open{Stream: 2}, media.Connect{A: 1, B: 2}, media.QueryStats{Stream: 1})
	await[media.OpenFailed](r)
	await[media.StreamStats](r)
	r.do(media.Close{Stream: 1})
	await[media.Closed](r)
	for i, w := range r.real.workers {
		if got := w.load.Load(); got != 0 {
			t.Errorf("worker %d counts %d streams", i, got)
		}
	}
}

// TestRestartIsHidden: a carrier that begins its numbers anew with the same SSRC is heard as one source without a jump, and a
// press that was going on is reported.
func TestRestartIsHidden(t *testing.T) {
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	a.say(tone(440))
	for _, p := range a.press("6", 101)[:2] {
		a.sendFrom(a.conn, p)
	}
	got := b.readN(27)
	a.script.Sequence, a.script.Timestamp = 30000, 5
	a.say(tone(440))
	got = append(got, b.readN(24)...) // the first of the new numbers only raised a suspicion
	wantOneSource(t, got)
	if !got[27].Marker() {
		t.Error("no marker where the numbers began anew")
	}
	if d := await[media.Digit](r); d.Digit != '6' {
		t.Errorf("%+v", d)
	}
}
