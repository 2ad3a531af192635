package rtp

import (
	"testing"
	"time"
)

const tick = 20 * time.Millisecond

func relay(t *testing.T, s *Sender, h Header, now time.Duration) Header {
	t.Helper()
	p := mustParse(t, plain(h, make([]byte, 160)...))
	s.Relay(p, 0, now)
	return p.Header()
}

func TestRelayIsContinuousOverSources(t *testing.T) {
	s := NewSender(42, 1000, 5000)
	first := relay(t, &s, Header{false, 8, 65535, 1<<32 - 160, 7}, 0)
	if first != (Header{true, 0, 1000, 5000, 42}) {
		t.Errorf("first: got %+v", first)
	}
	second := relay(t, &s, Header{false, 8, 0, 0, 7}, tick)
	if second != (Header{false, 0, 1001, 5160, 42}) {
		t.Errorf("over the wrap: got %+v", second)
	}
	gap := relay(t, &s, Header{false, 8, 3, 480, 7}, 4*tick)
	if gap.Sequence != 1004 || gap.Timestamp != 5640 {
		t.Errorf("a gap of the source must stay: got %+v", gap)
	}
	late := relay(t, &s, Header{false, 8, 2, 320, 7}, 4*tick)
	if late.Sequence != 1003 || late.Timestamp != 5480 {
		t.Errorf("a reordered packet must stay so: got %+v", late)
	}
	other := relay(t, &s, Header{false, 8, 31000, 999999, 8}, 5*tick)
	if other != (Header{true, 0, 1005, 5800, 42}) {
		t.Errorf("a new source: got %+v", other)
	}
}

func TestGenerateAndRelayInTurn(t *testing.T) {
	s := NewSender(42, 1, 0)
	h := s.Generate(8, 160, 160, 0)
	if h != (Header{true, 8, 1, 0, 42}) {
		t.Errorf("first: got %+v", h)
	}
	h = s.Generate(8, 160, 160, tick+3*time.Millisecond)
	if h != (Header{false, 8, 2, 160, 42}) {
		t.Errorf("a tick that came late must not move the timestamp: got %+v", h)
	}
	h = relay(t, &s, Header{false, 8, 500, 77, 9}, 3*tick)
	if !h.Marker || h.Sequence != 3 {
		t.Errorf("relay after generate: got %+v", h)
	}
	if h.Timestamp < 400 || h.Timestamp > 480 {
		t.Errorf("timestamp %d does not follow the clock", h.Timestamp)
	}
	next := s.Generate(8, 160, 160, 4*tick)
	if !next.Marker || next.Sequence != 4 || next.Timestamp != h.Timestamp+160 {
		t.Errorf("generate after relay: got %+v", next)
	}
	// After ten seconds of silence the timestamp has gone on, in whole steps.
	h = s.Generate(8, 160, 160, 4*tick+10*time.Second)
	if !h.Marker || (h.Timestamp-next.Timestamp)%160 != 0 || h.Timestamp-next.Timestamp != 80000 {
		t.Errorf("after silence: got %+v, was %+v", h, next)
	}
}

func TestEventKeepsTheClock(t *testing.T) {
	s := NewSender(1, 10, 0)
	s.Generate(8, 160, 160, 0)
	at := s.Now(tick)
	if at != 160 {
		t.Fatalf("Now: got %d", at)
	}
	for i := range 3 {
		h := s.Event(101, i == 0, at, time.Duration(i+1)*tick)
		if h.Sequence != uint16(11+i) || h.Timestamp != 160 || h.Marker != (i == 0) || h.PayloadType != 101 {
			t.Errorf("event %d: got %+v", i, h)
		}
	}
	h := s.Generate(8, 160, 160, 4*tick)
	if h.Sequence != 14 || h.Timestamp != 640 {
		t.Errorf("audio after an event of three ticks: got %+v", h)
	}
	packets, octets := s.Counts()
	if packets != 5 || octets != 2*160+3*4 {
		t.Errorf("counts: %d packets, %d octets", packets, octets)
	}
}

func TestBreakMarksTheSameSource(t *testing.T) {
	s := NewSender(1, 10, 0)
	relay(t, &s, Header{Sequence: 1, SSRC: 5}, 0)
	s.Break()
	h := relay(t, &s, Header{Sequence: 50, Timestamp: 49 * 160, SSRC: 5}, 49*tick)
	if !h.Marker || h.Sequence != 11 || h.Timestamp != 49*160 {
		t.Errorf("got %+v", h)
	}
}

func TestClockOverDays(t *testing.T) {
	s := NewSender(1, 1, 0)
	s.Generate(8, 160, 160, 0)
	day := 24 * time.Hour
	if got, want := s.Now(day), uint32(86400*8000); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
	if got := s.Now(-time.Second); got != 0 {
		t.Errorf("a clock that goes back: got %d", got)
	}
}

func TestNewSenderClock(t *testing.T) {
	var s Sender // zero clock means 8000
	s.Generate(0, 160, 160, 0)
	if s.Now(time.Second) != 8000 {
		t.Errorf("got %d", s.Now(time.Second))
	}
}

func TestSenderAllocates(t *testing.T) {
	s := NewSender(1, 1, 1)
	buf := plain(Header{SSRC: 9}, make([]byte, 160)...)
	now := time.Duration(0)
	got := testing.AllocsPerRun(100, func() {
		p, _ := Parse(buf)
		now += tick
		s.Relay(p, 8, now)
		s.Generate(8, 160, 160, now).Put(buf)
		s.Event(101, true, s.Now(now), now).Put(buf)
	})
	if got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkRelay(b *testing.B) {
	s := NewSender(1, 1, 1)
	buf := plain(Header{SSRC: 9}, make([]byte, 160)...)
	now := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		p, _ := Parse(buf)
		now += tick
		s.Relay(p, 8, now)
	}
}
