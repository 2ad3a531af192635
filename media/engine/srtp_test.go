package engine

import (
	"bytes"
	"net"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/rtp"
	"tandem/media/srtp"
)

// keysOf are keys of a stream, other ones for each fill.
func keysOf(s media.Suite, fill byte) media.Keys {
	n, m := s.Sizes()
	make := func(fill byte) media.Key {
		return media.NewKey(s, bytes.Repeat([]byte{fill}, n), bytes.Repeat([]byte{fill}, m))
	}
	return media.Keys{Send: make(fill), Recv: make(fill + 1)}
}

// seals lets a far end use the keys of its stream.
func (p *peer) seals(k media.Keys) {
	p.t.Helper()
	guard, err := srtp.New(media.Keys{Send: k.Recv, Recv: k.Send})
	if err != nil {
		p.t.Fatal(err)
	}
	p.guard = guard
}

func (r *rig) openSealed(id media.StreamID, c media.Codec, k media.Keys) *peer {
	r.t.Helper()
	p := r.open(id, c, func(c *media.StreamConfig) { c.SRTP = k })
	if !k.Plain() {
		p.seals(k)
	}
	return p
}

// TestProtectedRelay: whatever the two sides have, each hears the other.
func TestProtectedRelay(t *testing.T) {
	for _, c := range []struct {
		name   string
		a, b   media.Keys
		codecs [2]media.Codec
	}{
		{"to plain", keysOf(media.CM80, 1), media.Keys{}, [2]media.Codec{media.PCMU, media.PCMU}},
		{"to another suite", keysOf(media.CM32, 1), keysOf(media.AEAD256, 5), [2]media.Codec{media.PCMA, media.PCMA}},
		{"transcoded", keysOf(media.AEAD128, 1), keysOf(media.CM80, 5), [2]media.Codec{media.PCMU, media.PCMA}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, testConfig())
			a, b := r.openSealed(1, c.codecs[0], c.a), r.openSealed(2, c.codecs[1], c.b)
			r.do(media.Connect{A: 1, B: 2})
			r.settle(1)
			a.say(tone(440))
			b.say(tone(1000))
			atB, atA := b.readN(25), a.readN(25)
			wantTone(t, c.codecs[1], atB, 440, 1000)
			wantTone(t, c.codecs[0], atA, 1000, 440)
			wantOneSource(t, atB)
			wantOneSource(t, atA)
			if st := r.settle(1); st.Refused != 0 || st.Lost != 0 || st.Received != 25 {
				t.Errorf("figures %+v", st)
			}
		})
	}
}

// TestProtectedSpeaker: what is played, and keys that are pressed, are sealed too.
func TestProtectedSpeaker(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.openSealed(1, media.PCMU, keysOf(media.CM80, 1))
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Tone: media.Tone{Hz1: 440, Level: -10, For: 100 * time.Millisecond}}}})
	wantTone(t, media.PCMU, a.readN(5), 440, 1000)
	await[media.Played](r)
	r.do(media.SendDigits{Stream: 1, Digits: "5"})
	if p := a.read(); p.PayloadType() != 101 || p.Payload()[0] != 5 {
		t.Errorf("got payload type %d, % x", p.PayloadType(), p.Payload())
	}
}

// TestKeysInForce: who has no key is not heard; keys that stay keep their count over the end of the sequence numbers; new ones are taken
// up at once, and plain audio is again when there are none.
func TestKeysInForce(t *testing.T) {
	r := newRig(t, testConfig())
	keys := keysOf(media.AEAD128, 1)
	a, b := r.openSealed(1, media.PCMU, keys), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	configure := func(k media.Keys) {
		r.do(media.Configure{Stream: 1, Config: a.config(media.PCMU, func(c *media.StreamConfig) { c.SRTP = k })})
		r.settle(1)
	}
	refused := func(want uint64) {
		t.Helper()
		r.until(1, func(s media.Stats) bool { return s.Refused == want })
	}
	guard := a.guard
	a.guard = nil
	a.say(tone(1000)) // sealed by nobody
	refused(25)
	a.guard = guard
	a.say(tone(440)) // from 65530 on, and over the end
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
	configure(keys)
	a.say(tone(440))
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
	b.say(tone(440))
	wantTone(t, media.PCMU, a.readN(25), 440, 1000)
	other := keysOf(media.CM80, 9)
	configure(other)
	a.say(tone(1000)) // with the keys of before
	refused(50)
	a.seals(other)
	a.say(tone(440))
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
	if got := r.real.workers[0].counts.unauthentic.Load(); got != 50 {
		t.Errorf("%d could not be opened, want 50", got)
	}
	configure(media.Keys{})
	a.guard = nil
	a.say(tone(440))
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
}

// TestKeysThatCannotBe: a stream whose keys are none is mute, and never plain.
func TestKeysThatCannotBe(t *testing.T) {
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU, func(c *media.StreamConfig) { c.SRTP.Recv = keysOf(media.CM80, 1).Recv }), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	a.say(tone(1000))
	r.until(1, func(s media.Stats) bool { return s.Refused == 25 })
	b.say(tone(1000))
	r.until(2, func(s media.Stats) bool { return s.Received == 25 })
	if st := r.settle(1); st.Sent != 0 {
		t.Errorf("%d packets were sent", st.Sent)
	}
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Tone: media.Tone{Hz1: 440, Level: -10, For: 60 * time.Millisecond}}}})
	await[media.Played](r)
	if st := r.settle(1); st.Sent != 0 {
		t.Errorf("%d packets of a tone were sent", st.Sent)
	}
}

// TestProtectedReports: RTCP is sealed both ways.
func TestProtectedReports(t *testing.T) {
	cfg := testConfig()
	cfg.ReportEvery = 100 * time.Millisecond
	r := newRig(t, cfg)
	a, control := withControl(t, r)
	keys := keysOf(media.CM32, 1)
	r.do(media.Configure{Stream: 1, Config: a.config(media.PCMU, func(c *media.StreamConfig) {
		c.SRTP, c.RemoteRTCP = keys, control.LocalAddr().(*net.UDPAddr).AddrPort()
	})})
	r.settle(1)
	a.seals(keys)
	a.say(tone(440))
	buf := make([]byte, 1500)
	var report rtp.Compound
	for report.Count == 0 {
		control.SetReadDeadline(time.Now().Add(patience))
		n, from, err := control.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatal(err)
		}
		plain, ok := a.guard.Open(buf[:n])
		if !ok { // of before there were keys
			continue
		}
		if err := report.Parse(plain); err != nil {
			t.Fatal(err)
		}
		answer := rtp.Compound{SSRC: a.script.SSRC, Count: 1, CNAME: []byte("far")}
		answer.Blocks[0] = rtp.Block{SSRC: report.SSRC, Lost: 3}
		sealed, err := a.guard.Seal(nil, answer.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		answer.Blocks[0].Lost = 99 // and a lie in the clear
		for _, b := range [][]byte{sealed, answer.Append(nil)} {
			if _, err := control.WriteToUDPAddrPort(b, from); err != nil {
				t.Fatal(err)
			}
		}
	}
	if block, ok := report.About(a.script.SSRC); !ok || block.Lost != 0 {
		t.Errorf("no reception report: %+v", report)
	}
	r.until(1, func(s media.Stats) bool { return s.RemoteLost == 3 && r.real.workers[0].counts.unauthentic.Load() > 0 })
}
