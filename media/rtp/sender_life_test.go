package rtp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSenderLife: whatever is relayed, generated, pressed and broken off in turn, with sources that jump and wrap, the peer
// hears one SSRC, sequence numbers without a gap of ours, time that follows the clock, and a marker at each source that
// is relayed anew.
func TestSenderLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewSender(42, rapid.Uint16().Draw(t, "seq"), rapid.Uint32().Draw(t, "ts"))
		sources := [3]Header{}
		for i := range sources {
			sources[i] = Header{Sequence: rapid.Uint16().Draw(t, "source seq"), Timestamp: rapid.Uint32().Draw(t, "source ts"), SSRC: uint32(i + 1)}
		}
		now, begun := time.Duration(0), false
		var last Header
		var lastFrom int // 0: generated, -1: event, 1..3: source
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += tick
			from := rapid.IntRange(-1, 3).Draw(t, "from")
			var h Header
			switch from {
			case -1:
				h = s.Event(101, true, s.Now(now), now)
			case 0:
				h = s.Generate(0, 160, 160, now)
			default:
				src := &sources[from-1]
				src.Sequence++
				src.Timestamp += 160
				p, err := Parse(plain(*src, make([]byte, 160)...))
				if err != nil {
					t.Fatal(err)
				}
				s.Relay(p, 0, now)
				h = p.Header()
			}
			if begun {
				if h.SSRC != 42 || h.Sequence != last.Sequence+1 {
					t.Fatalf("from %d: %+v after %+v", from, h, last)
				}
				if step := int32(h.Timestamp - last.Timestamp); step < 0 || step > 3*160 {
					t.Fatalf("from %d after %d: timestamp moves by %d in 20 ms", from, lastFrom, step)
				}
				if from > 0 && from != lastFrom && !h.Marker {
					t.Fatalf("from %d after %d: no marker", from, lastFrom)
				}
			}
			begun, last, lastFrom = true, h, from
		}
		if d := s.Due(tick) - now; s.begun && d > tick {
			t.Fatalf("the next packet is due %v after now", d)
		}
	})
}

// TestDue: the packet after the last keeps its step, whether that was relayed or generated; before the first there is none.
func TestDue(t *testing.T) {
	s := NewSender(1, 1, 1)
	if got := s.Due(tick); got != 0 {
		t.Errorf("before the first: %v", got)
	}
	s.Generate(0, 160, 160, 3*time.Second)
	if got := s.Due(30 * time.Millisecond); got != 3*time.Second+30*time.Millisecond {
		t.Errorf("after a generated one: %v", got)
	}
	relay(t, &s, Header{SSRC: 9}, 4*time.Second)
	if got := s.Due(tick); got != 4*time.Second+tick {
		t.Errorf("after a relayed one: %v", got)
	}
	s.Event(101, true, 5, 4*time.Second)
	if got := s.Due(tick); got != 4*time.Second+tick {
		t.Errorf("an event moved the clock of the audio: %v", got)
	}
}

// TestLateOfTheOldSource: after a change of source, a straggler of the old one does not send the numbers back.
func TestLateOfTheOldSource(t *testing.T) {
	s := NewSender(42, 100, 0)
	relay(t, &s, Header{Sequence: 10, Timestamp: 1600, SSRC: 7}, 0)
	relay(t, &s, Header{Sequence: 12, Timestamp: 1920, SSRC: 7}, 2*tick)
	s.Break()
	first := relay(t, &s, Header{Sequence: 11, Timestamp: 1760, SSRC: 7}, 2*tick+time.Millisecond)
	if first.Sequence != 103 || !first.Marker {
		t.Errorf("after the break: %+v", first)
	}
	if next := relay(t, &s, Header{Sequence: 13, Timestamp: 2080, SSRC: 7}, 3*tick); next.Sequence != 105 {
		t.Errorf("the gap of the source is not kept: %+v", next)
	}
}

// TestSenderPause: after a pause of any length the timestamp has gone on with the clock, over its wrap too.
func TestSenderPause(t *testing.T) {
	for _, pause := range []time.Duration{100 * time.Millisecond, time.Minute, 24 * time.Hour, 60 * time.Hour} {
		s := NewSender(42, 1, 1<<32-200)
		s.Generate(0, 160, 160, 0)
		h := s.Generate(0, 160, 160, pause)
		want := uint32(1<<32 - 200 + uint64(pause/time.Millisecond)*8)
		if diff := int32(h.Timestamp - want); !h.Marker || diff > 160 || diff < -160 {
			t.Errorf("after %v: %+v, want about %d", pause, h, want)
		}
	}
}

// TestEventFirst: on a stream that has sent nothing yet, audio comes after the keys in time too.
func TestEventFirst(t *testing.T) {
	s := NewSender(42, 1, 5000)
	for i := range 5 {
		if h := s.Event(101, i == 0, s.Now(0), time.Duration(i)*tick); h.Timestamp != 5000 || h.Sequence != uint16(i+1) {
			t.Fatalf("event %d: %+v", i, h)
		}
	}
	if h := s.Generate(0, 160, 160, 6*tick); h.Timestamp != 5000+6*160 || h.Sequence != 6 || !h.Marker {
		t.Errorf("audio: %+v", h)
	}
}
