package engine

import (
	"testing"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/dtmf"
	"tandem/media/mediatest"
	"tandem/media/rtp"
)

func eventPT(send, recv uint8) func(*media.StreamConfig) {
	return func(c *media.StreamConfig) { c.DTMFSend, c.DTMFRecv = send, recv }
}

// press makes the packets of one key press of 100 ms.
func (p *peer) press(digit string, pt uint8) [][]byte {
	p.t.Helper()
	var s dtmf.Sender
	if err := s.Send(digit, 0); err != nil {
		p.t.Fatal(err)
	}
	var all [][]byte
	for ts := p.script.Timestamp; s.Busy(); ts += 160 {
		if packet, ok := s.Next(ts, 160); ok {
			script := p.script
			script.PT, script.Timestamp = pt, packet.Timestamp
			all = append(all, script.Packet(packet.Marker, packet.Payload[:]))
			p.script.Sequence++
		}
		p.script.Timestamp = ts
	}
	return all
}

// TestDigitCrossesPayloadTypes: reported once, and passed on with the payload type of each side.
func TestDigitCrossesPayloadTypes(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMU, eventPT(96, 97))
	b := r.open(2, media.PCMA, eventPT(110, 111))
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	a.say(tone(440))
	packets := a.press("5", 97)
	for _, p := range packets {
		a.sendFrom(a.conn, p)
		a.sendFrom(a.conn, p) // the network doubles it
	}
	got := b.readN(25 + len(packets))
	wantOneSource(t, got)
	var receiver dtmf.Receiver
	var presses []dtmf.Press
	for _, p := range got[25:] {
		if p.PayloadType() != 110 {
			t.Fatalf("payload type %d, want 110", p.PayloadType())
		}
		if p.Timestamp() != got[25].Timestamp() {
			t.Error("the event's packets differ in timestamp")
		}
		presses = receiver.Receive(presses, p.Payload(), p.Timestamp(), 0)
	}
	if len(presses) != 1 || presses[0].Digit != '5' {
		t.Errorf("far end got %+v", presses)
	}
	if d := await[media.Digit](r); d.Stream != 1 || d.Digit != '5' || d.Source != media.RFC4733 || d.Length < 80*time.Millisecond {
		t.Errorf("%+v", d)
	}
	r.settle(1)
	for _, ev := range r.early {
		if d, again := ev.(media.Digit); again {
			t.Errorf("reported twice: %+v", d)
		}
	}
}

// TestDigitWithoutEnd: all end packets are lost; the press is reported all the same.
func TestDigitWithoutEnd(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMU)
	for _, p := range a.press("#", 101)[:3] {
		a.sendFrom(a.conn, p)
	}
	if d := await[media.Digit](r); d.Digit != '#' {
		t.Errorf("%+v", d)
	}
	if got := r.settle(1); got.Received != 3 {
		t.Errorf("%+v", got)
	}
	if r.real.workers[0].keying != 0 {
		t.Error("the fast clock stays on")
	}
}

// TestDigitBecomesTone: the other side did not negotiate telephone-event.
func TestDigitBecomesTone(t *testing.T) {
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMA, eventPT(0, 0))
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	for _, p := range a.press("7", 101) {
		a.sendFrom(a.conn, p)
	}
	wantDigitTones(t, b.readN(8), "7")
}

// wantDigitTones finds digits in sound.
func wantDigitTones(t *testing.T, packets []rtp.Packet, want string) {
	t.Helper()
	c := media.PCMU
	if packets[0].PayloadType() == 8 {
		c = media.PCMA
	}
	pcm := make([]int16, 160*len(packets)+800)
	codec.Decode(c, pcm, audio(packets))
	var d dtmf.Detector
	got := ""
	for _, press := range d.Feed(nil, pcm) {
		got += string(rune(press.Digit))
	}
	if got != want {
		t.Errorf("tones of %q, want %q", got, want)
	}
}

func TestSendDigits(t *testing.T) {
	t.Run("events", func(t *testing.T) {
		r := newRig(t, testConfig())
		a := r.open(1, media.PCMU, eventPT(120, 101))
		r.do(media.SendDigits{Stream: 1, Digits: "1*D"})
		var receiver dtmf.Receiver
		var presses []dtmf.Press
		for len(presses) < 3 {
			p := a.read()
			if p.PayloadType() != 120 {
				t.Fatalf("payload type %d", p.PayloadType())
			}
			presses = receiver.Receive(presses, p.Payload(), p.Timestamp(), 0)
		}
		for i, want := range []byte("1*D") {
			if presses[i].Digit != want || presses[i].Length != 100*time.Millisecond {
				t.Errorf("press %d: %+v", i, presses[i])
			}
		}
	})
	t.Run("tones", func(t *testing.T) {
		r := newRig(t, testConfig())
		a := r.open(1, media.PCMU, eventPT(0, 0))
		r.do(media.SendDigits{Stream: 1, Digits: "90", Length: 80 * time.Millisecond})
		wantDigitTones(t, a.readN(14), "90")
	})
	t.Run("nonsense", func(t *testing.T) {
		r := newRig(t, testConfig())
		r.open(1, media.PCMU)
		r.do(media.SendDigits{Stream: 1, Digits: "12x"})
		if st := r.settle(1); st.Sent != 0 || r.real.workers[0].counts.strays.Load() != 1 {
			t.Errorf("sent %d", st.Sent)
		}
	})
}

func TestInbandDetector(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMA)
	low, high, _ := dtmf.Frequencies('8')
	sound := append(mediatest.Tone(low, high, -10, 100*time.Millisecond), mediatest.Silence(100*time.Millisecond)...)
	a.say(sound)
	r.until(1, func(s media.Stats) bool { return s.Received == 10 })
	r.do(media.DetectInband{Stream: 1, On: true})
	r.settle(1)
	a.say(sound)
	if d := await[media.Digit](r); d.Digit != '8' || d.Source != media.Inband || d.Length < 60*time.Millisecond {
		t.Errorf("%+v", d)
	}
	st := r.until(1, func(s media.Stats) bool { return s.Received == 20 })
	if st.Level < -15 || st.Level > -5 {
		t.Errorf("level %v", st.Level)
	}
	r.do(media.DetectInband{Stream: 1})
	r.settle(1)
	a.say(sound)
	r.until(1, func(s media.Stats) bool { return s.Received == 30 })
	for _, ev := range r.early {
		if d, ok := ev.(media.Digit); ok {
			t.Errorf("heard while off: %+v", d)
		}
	}
}

func TestBarge(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMU)
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Silence: time.Hour}}, Loop: true, Barge: true})
	a.readN(1)
	for _, p := range a.press("3", 101) {
		a.sendFrom(a.conn, p)
	}
	if played := await[media.Played](r); played.Why != media.PlayBarged {
		t.Errorf("%+v", played)
	}
	if d := await[media.Digit](r); d.Digit != '3' {
		t.Errorf("%+v", d)
	}
	r.do(media.Play{Stream: 1, Play: 2, Items: []media.Item{{Silence: time.Hour}}, Loop: true})
	for _, p := range a.press("4", 101) {
		a.sendFrom(a.conn, p)
	}
	await[media.Digit](r)
	r.do(media.Close{Stream: 1})
	if played := await[media.Played](r); played.Play != 2 || played.Why != media.PlayStopped {
		t.Errorf("barge where none was asked for: %+v", played)
	}
}
