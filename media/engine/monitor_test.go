package engine

import (
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/media/rtp"
)

// overhear lets a far end listen to others who talk, each in step with its clock, and gives what it heard; the first frames wait for
// the ears to begin.
func overhear(by *peer, frames int, tones map[*peer]float64) []rtp.Packet {
	by.t.Helper()
	said := map[*peer][]mediatest.Timed{}
	for p, hz := range tones {
		said[p] = p.script.Packets(0, mediatest.Tone(hz, 0, -10, time.Duration(frames)*20*time.Millisecond))
	}
	var heard []rtp.Packet
	for i := range frames {
		for p, packets := range said {
			p.sendFrom(p.conn, packets[i].Packet)
		}
		heard = append(heard, by.read())
	}
	return heard
}

const settling = 6 // frames until an ear surely plays

// wantLevel checks that packets carry tones, each at -10 dBm0.
func wantLevel(t *testing.T, c media.Codec, packets []rtp.Packet, tones ...float64) {
	t.Helper()
	for _, hz := range tones {
		if got := mediatest.FindInFrame(c, audio(packets), hz); got < -11 || got > -9 {
			t.Errorf("%v Hz at %.1f dBm0, want -10", hz, got)
		}
	}
}

// silent checks that a stream has sent nothing.
func silentTo(t *testing.T, r *rig, id media.StreamID, sent uint64) {
	t.Helper()
	if st := r.settle(id); st.Sent != sent {
		t.Errorf("stream %d has sent %d packets, want %d", id, st.Sent, sent)
	}
}

// TestMonitorHearsBoth: who listens hears both at their levels, whatever the codecs and workers; they hear each other and not him.
func TestMonitorHearsBoth(t *testing.T) {
	for _, codecs := range [][3]media.Codec{{media.PCMU, media.PCMU, media.PCMU}, {media.PCMU, media.PCMA, media.PCMA}, {media.PCMA, media.PCMU, media.PCMU}} {
		cfg := testConfig()
		cfg.Workers = 3
		r := newRig(t, cfg)
		a, b, l := r.open(1, codecs[0]), r.open(2, codecs[1]), r.open(3, codecs[2])
		r.do(media.Connect{A: 1, B: 2}, media.Monitor{Stream: 3, Of: [2]media.StreamID{1, 2}, On: true})
		r.settle(3)
		l.say(tone(700))
		heard := overhear(l, 56, map[*peer]float64{a: 440, b: 1000})
		wantOneSource(t, heard)
		wantLevel(t, codecs[2], heard[settling:], 440, 1000)
		if got := mediatest.FindInFrame(codecs[2], audio(heard), 700); got > -35 {
			t.Errorf("who listens hears himself at %.1f dBm0", got)
		}
		l.say(tone(700))
		r.until(3, func(s media.Stats) bool { return s.Received == 50 })
		atA, atB := a.readN(56), b.readN(56)
		wantTone(t, codecs[0], atA[:50], 1000, 700)
		wantTone(t, codecs[1], atB[:50], 440, 700)
		wantOneSource(t, atA)
		silentTo(t, r, 1, 56)
		silentTo(t, r, 2, 56)
		r.e.Close()
	}
}

// TestMonitorEnds: with an order, with a bridge of his own, with the streams. The others never notice.
func TestMonitorEnds(t *testing.T) {
	both := media.Monitor{Stream: 3, Of: [2]media.StreamID{1, 2}, On: true}
	for name, end := range map[string][]media.Command{
		"off":          {media.Monitor{Stream: 3}},
		"connect":      {media.Connect{A: 3, B: 4}},
		"others close": {media.Close{Stream: 1}, media.Close{Stream: 2}},
		"close":        {media.Close{Stream: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, testConfig())
			a, l := r.open(1, media.PCMU), (*peer)(nil)
			r.open(2, media.PCMU)
			l = r.open(3, media.PCMU)
			r.open(4, media.PCMU)
			r.do(media.Connect{A: 1, B: 2}, both)
			overhear(l, 5, map[*peer]float64{a: 440})
			if got := r.real.sum(func(w *worker) int64 { return w.counts.monitors.Load() }); got != 1 {
				t.Fatalf("%v listen, want 1", got)
			}
			r.do(end...)
			r.settle(4)
			if got := r.real.sum(func(w *worker) int64 { return w.counts.monitors.Load() }); got != 0 {
				t.Errorf("%v listen after the end", got)
			}
			w := r.real.workers[0]
			for _, s := range w.streams {
				if len(s.ears) > 0 || s.heeded || s.speaker.on {
					t.Errorf("stream %d is still listened to, or speaks", s.id)
				}
			}
		})
	}
}

// TestMonitorOutlivesOneSide: who is left is still heard, and a source that comes anew or late too.
func TestMonitorOutlivesOneSide(t *testing.T) {
	r := newRig(t, testConfig())
	a, b, l := r.open(1, media.PCMU), r.open(2, media.PCMA), r.open(3, media.PCMU)
	r.do(media.Connect{A: 1, B: 2}, media.Monitor{Stream: 3, Of: [2]media.StreamID{1, 2}, On: true})
	overhear(l, 10, map[*peer]float64{a: 440, b: 1000})
	r.do(media.Close{Stream: 1})
	r.settle(2)
	overhear(l, 5, nil)
	b.script.SSRC, b.script.Timestamp, b.script.Sequence = 99, 4_000_000_000, 5
	heard := overhear(l, 56, map[*peer]float64{b: 1000})
	wantTone(t, media.PCMU, heard[settling:], 1000, 440)
}

// TestMonitorRefusals: nonsense is counted, and moves and breaks nothing.
func TestMonitorRefusals(t *testing.T) {
	cfg := testConfig()
	cfg.Workers = 2
	r := newRig(t, cfg)
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	for _, of := range [][2]media.StreamID{{}, {1, 1}, {77, 78}, {77, 0}} {
		r.do(media.Monitor{Stream: 1, Of: of, On: true}, media.Monitor{Stream: 99, Of: of, On: true})
	}
	r.settle(1)
	a.say(tone(440))
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
	for id := media.StreamID(3); id < 3+maxEars+1; id++ {
		r.open(id, media.PCMU)
		r.do(media.Monitor{Stream: id, Of: [2]media.StreamID{1, 2}, On: true})
		r.settle(id)
	}
	if got := r.real.sum(func(w *worker) int64 { return w.counts.monitors.Load() }); got != maxEars {
		t.Errorf("%v listen, want no more than %d", got, maxEars)
	}
}

// TestEar: order, lateness and jumps of packets, without a clock.
func TestEar(t *testing.T) {
	packet := func(ssrc, ts uint32) rtp.Packet {
		b := make([]byte, 172)
		rtp.Header{Timestamp: ts, SSRC: ssrc}.Put(b)
		p, err := rtp.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	loud := func(v int16) []int16 {
		f := make([]int16, 160)
		for i := range f {
			f[i] = v
		}
		return f
	}
	var e ear
	next := func() int16 {
		var f [160]int16
		e.addTo(f[:])
		for _, v := range f[1:] {
			if v != f[0] {
				t.Fatal("a frame of two pieces")
			}
		}
		return f[0]
	}
	want := func(what string, values ...int16) {
		t.Helper()
		for i, v := range values {
			if got := next(); got != v {
				t.Errorf("%s: frame %d is %d, want %d", what, i, got, v)
			}
		}
	}
	wrap := ^uint32(0) - 200
	want("before the first", 0)
	e.hear(packet(1, wrap), loud(1))
	e.hear(packet(1, wrap+320), loud(3))
	e.hear(packet(1, wrap+160), loud(2))
	want("out of order, over the wrap", 0, 0, 1, 2, 3, 0)
	e.hear(packet(1, wrap+160), loud(9))
	want("too late", 0)
	e.hear(packet(1, wrap+8000), loud(4))
	want("after a pause", 0, 0, 4, 0)
	e.hear(packet(1, wrap+8160), loud(5))
	want("newer, but late", 0, 0, 5)
	e.hear(packet(2, 7), loud(6))
	want("another source", 0, 0, 6)
	for i := range uint32(40) {
		e.hear(packet(2, 167+160*i), loud(7)) // a clock that is far too fast
	}
	if ahead := int32(e.newest - e.at); ahead > earMost+160 {
		t.Errorf("%d samples wait", ahead)
	}
	f := loud(32000)
	e.begun, e.at = true, 0
	copy(e.ring[:], loud(32000))
	e.addTo(f)
	if f[0] != 32767 {
		t.Errorf("the sum is %d, want the most there is", f[0])
	}
}

// BenchmarkListened is the work on one relayed packet to which one listens, but for the two system calls, and on the listener's frame.
func BenchmarkListened(b *testing.B) {
	var e ear
	raw := make([]byte, 172)
	rtp.Header{}.Put(raw)
	p, err := rtp.Parse(raw)
	if err != nil {
		b.Fatal(err)
	}
	pcm, frame := make([]int16, 160), make([]int16, 160)
	b.ReportAllocs()
	for b.Loop() {
		e.hear(p, pcm)
		e.addTo(frame)
	}
}
