package webrtc

import (
	"testing"

	"tandem/media"
	"tandem/media/mediatest"
)

// TestBrowserListens: a page hears a call of a page and a phone, in step with its clock; neither hears it.
func TestBrowserListens(t *testing.T) {
	r := newRig(t)
	a, l := r.call(1), r.call(3)
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2}, media.Monitor{Stream: 3, Of: [2]media.StreamID{1, 2}, On: true})
	r.stats(3)
	const frames, settling = 25, 10
	page, phone := a.script.Packets(0, tone(440)), p.script.Packets(0, tone(1000))
	l.say(tone(700))
	var heard []byte
	for i := range frames {
		a.send(page[i].Packet)
		p.send(phone[i].Packet)
		heard = append(heard, l.hear(0, 1)...)
	}
	for _, hz := range []float64{440, 1000} {
		if got := mediatest.FindInFrame(media.PCMU, heard[settling*160:], hz); got < -11 || got > -9 {
			t.Errorf("%v Hz at %.1f dBm0, want -10", hz, got)
		}
	}
	r.until(3, func(s media.Stats) bool { return s.Received == frames })
	wantTone(t, media.PCMU, p.hear(0, frames), 440, 700)
	wantTone(t, media.PCMU, a.hear(0, frames), 1000, 700)
	r.do(media.Close{Stream: 3})
	await[media.Closed](r, 3)
	if st := r.stats(1); st.Sent != frames {
		t.Errorf("%d packets to the page, want %d", st.Sent, frames)
	}
}
