package rtp

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestUnwrapper(t *testing.T) {
	var u Unwrapper
	for _, tt := range []struct {
		seq  uint16
		want int64
	}{{65534, 1<<16 + 65534}, {65535, 1<<16 + 65535}, {1, 2<<16 + 1}, {65535, 1<<16 + 65535}, {0, 2 << 16}, {30000, 2<<16 + 30000}} {
		if got := u.Extend(tt.seq); got != tt.want {
			t.Errorf("Extend(%d): got %d, want %d", tt.seq, got, tt.want)
		}
	}
}

func TestUnwrapperFollows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u Unwrapper
		seq := rapid.Int64Range(0, 65535).Draw(t, "seq")
		seq0 := u.Extend(uint16(seq)) - seq
		for _, step := range rapid.SliceOf(rapid.Int64Range(0, 20000)).Draw(t, "steps") {
			seq += step
			if got := u.Extend(uint16(seq)); got != seq+seq0 {
				t.Fatalf("sequence: got %d, want %d", got, seq+seq0)
			}
		}
	})
}

func TestNewer(t *testing.T) {
	if !Newer(1, 0) || !Newer(0, 65535) || Newer(65535, 0) || Newer(7, 7) {
		t.Error("order over the wrap is wrong")
	}
}

// stream feeds packets with the given sequence numbers, 20 ms each.
type stream struct {
	t    *testing.T
	s    Source
	now  time.Duration
	ssrc uint32
}

func (f *stream) feed(seqs ...uint16) (last Verdict) {
	for _, seq := range seqs {
		f.now += tick
		ts := uint32(seq) * 160
		last = f.s.Receive(mustParse(f.t, plain(Header{Sequence: seq, Timestamp: ts, SSRC: f.ssrc})), f.now)
	}
	return last
}

func TestSourceVerdicts(t *testing.T) {
	tests := []struct {
		name                          string
		seqs                          []uint16
		last                          Verdict
		received, expected, lost, dup uint64
	}{
		{"first", []uint16{9}, Restarted, 1, 1, 0, 0},
		{"in order", []uint16{9, 10, 11}, InOrder, 3, 3, 0, 0},
		{"over the wrap", []uint16{65534, 65535, 0, 1}, InOrder, 4, 4, 0, 0},
		{"one lost", []uint16{9, 11}, InOrder, 2, 3, 1, 0},
		{"reordered", []uint16{9, 11, 10}, Late, 3, 3, 0, 0},
		{"reordered before the first", []uint16{9, 8}, Late, 2, 2, 0, 0},
		{"the newest again", []uint16{9, 10, 10}, Duplicate, 2, 2, 0, 1},
		{"an older again", []uint16{9, 10, 11, 9}, Duplicate, 3, 3, 0, 1},
		{"late one again", []uint16{9, 11, 10, 10}, Duplicate, 3, 3, 0, 1},
		{"over the wrap, reordered", []uint16{65535, 1, 0, 65535}, Duplicate, 3, 3, 0, 1},
		{"one wild", []uint16{9, 20000}, Suspect, 1, 1, 0, 0},
		{"one wild, then on", []uint16{9, 20000, 10}, InOrder, 2, 2, 0, 0},
		{"restart", []uint16{9, 20000, 20001}, Restarted, 2, 2, 0, 0},
		{"restart lower", []uint16{20000, 5, 6, 7}, InOrder, 3, 3, 0, 0},
		{"two wild, not in sequence", []uint16{9, 20000, 30000}, Suspect, 1, 1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := stream{t: t, ssrc: 5}
			if got := f.feed(tt.seqs...); got != tt.last {
				t.Errorf("got verdict %d, want %d", got, tt.last)
			}
			got := f.s.Totals()
			if got.Received != tt.received || got.Expected != tt.expected || got.Lost != tt.lost || got.Duplicate != tt.dup {
				t.Errorf("got %+v, want %d received of %d, %d lost, %d twice", got, tt.received, tt.expected, tt.lost, tt.dup)
			}
		})
	}
}

func TestSourceChange(t *testing.T) {
	f := stream{t: t, ssrc: 5}
	f.feed(1, 2, 4)
	f.ssrc = 6
	if got := f.feed(40000); got != Restarted {
		t.Errorf("a new SSRC: got verdict %d", got)
	}
	f.feed(40001)
	if got := f.s.Totals(); got.Received != 5 || got.Expected != 6 || got.Lost != 1 {
		t.Errorf("totals do not go on: %+v", got)
	}
	if f.s.SSRC() != 6 {
		t.Errorf("SSRC: got %d", f.s.SSRC())
	}
	if b, _ := f.s.Block(f.now); b.SSRC != 6 || b.Lost != 0 || b.Highest != 40001 {
		t.Errorf("a report is about the current source alone: %+v", b)
	}
}

func TestSourceLostIsNeverNegative(t *testing.T) {
	f := stream{t: t, ssrc: 5}
	f.feed(1000)
	for seq := uint16(999); seq > 800; seq-- {
		f.feed(seq)
	}
	if got := f.s.Totals(); got.Lost > got.Expected {
		t.Errorf("got %+v", got)
	}
}

func TestBlock(t *testing.T) {
	f := stream{t: t, ssrc: 5}
	if _, ok := f.s.Block(0); ok {
		t.Error("a report before the first packet")
	}
	f.feed(65530, 65531, 65532, 65534) // one of five lost
	b, _ := f.s.Block(f.now)
	if b.Fraction != 256/5 || b.Lost != 1 || b.Highest != 65534 {
		t.Errorf("got %+v", b)
	}
	f.feed(65535, 0, 1, 2)
	b, _ = f.s.Block(f.now)
	if b.Fraction != 0 || b.Lost != 1 || b.Highest != 1<<16+2 {
		t.Errorf("second interval: got %+v", b)
	}
	if b.LastSR != 0 || b.Delay != 0 {
		t.Errorf("without a sender report: got %+v", b)
	}
	ntp := NTP(0x1122334455667788)
	f.s.NoteSenderReport(99, ntp, f.now)
	if b, _ = f.s.Block(f.now); b.LastSR != 0 {
		t.Error("a sender report of another source was taken")
	}
	f.s.NoteSenderReport(5, ntp, f.now)
	b, _ = f.s.Block(f.now + 1500*time.Millisecond)
	if b.LastSR != 0x33445566 || b.Delay != 3<<15 {
		t.Errorf("got LSR %x, DLSR %x", b.LastSR, b.Delay)
	}
}

func TestJitter(t *testing.T) {
	receive := func(late func(i int) time.Duration) time.Duration {
		var s Source
		for i := range 2000 {
			p := mustParse(t, plain(Header{Sequence: uint16(i), Timestamp: uint32(i) * 160, SSRC: 1}))
			s.Receive(p, time.Duration(i)*tick+late(i))
		}
		return s.Totals().Jitter
	}
	if got := receive(func(int) time.Duration { return 0 }); got != 0 {
		t.Errorf("an exact clock: got %v", got)
	}
	if got := receive(func(int) time.Duration { return time.Second }); got != 0 {
		t.Errorf("a constant delay: got %v", got)
	}
	// Every other packet 5 ms late: each difference is 5 ms, and the estimate goes there.
	got := receive(func(i int) time.Duration { return time.Duration(i%2) * 5 * time.Millisecond })
	if got < 4500*time.Microsecond || got > 5100*time.Microsecond {
		t.Errorf("5 ms alternating: got %v", got)
	}
}

func TestJitterOverTimestampWrapAndEvents(t *testing.T) {
	var s Source
	for i := range 100 {
		p := mustParse(t, plain(Header{Sequence: uint16(i), Timestamp: uint32(i)*160 - 8000, SSRC: 1}))
		s.Receive(p, time.Duration(i)*tick)
	}
	for i := 100; i < 120; i++ { // packets of an event repeat one timestamp
		p := mustParse(t, plain(Header{Sequence: uint16(i), Timestamp: 100*160 - 8000, SSRC: 1}))
		s.Receive(p, time.Duration(i)*tick)
	}
	if got := s.Totals().Jitter; got != 0 {
		t.Errorf("got %v, want 0", got)
	}
}

// TestJitterOverAnotherClock: a sender whose events have timestamps of their own, as baresip's do, has no jitter by it.
func TestJitterOverAnotherClock(t *testing.T) {
	var s Source
	for n := range uint16(200) {
		ts := uint32(n) * 160
		if n > 50 && n < 80 && n%2 == 0 { // the events stand between the audio
			ts = 0x90000000
		}
		s.Receive(mustParse(t, plain(Header{Sequence: n, Timestamp: ts, SSRC: 1})), time.Duration(n)*tick)
	}
	if got := s.Totals().Jitter; got != 0 {
		t.Errorf("jitter %v, want none", got)
	}
}

// TestJitterBesideAnEvent: a key is held for a while, and audio goes on beside it; the event's packets keep the timestamp of its beginning.
func TestJitterBesideAnEvent(t *testing.T) {
	var s Source
	seq, began := uint16(0), uint32(0)
	send := func(ts uint32, at time.Duration) {
		s.Receive(mustParse(t, plain(Header{Sequence: seq, Timestamp: ts, SSRC: 1})), at)
		seq++
	}
	for n := range uint32(1000) {
		at := time.Duration(n) * tick
		send(n*160, at)
		if n == 100 {
			began = n * 160
		}
		if n > 100 && n < 600 { // ten seconds, beyond what counts as another clock
			send(began, at)
		}
		if got := s.Totals().Jitter; got != 0 {
			t.Fatalf("after %v jitter %v, want none", at, got)
		}
	}
}

func TestSourceNeverMiscounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Source
		packets := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Header {
			return Header{Sequence: rapid.Uint16().Draw(t, "seq"), Timestamp: rapid.Uint32().Draw(t, "ts"), SSRC: rapid.Uint32Range(1, 2).Draw(t, "ssrc")}
		})).Draw(t, "packets")
		for i, h := range packets {
			p, _ := Parse(plain(h))
			s.Receive(p, time.Duration(i)*time.Millisecond)
			got := s.Totals()
			if got.Lost > got.Expected || got.Received > uint64(i+1) || got.Jitter < 0 {
				t.Fatalf("after %d packets: %+v", i+1, got)
			}
			s.Block(time.Duration(i) * time.Millisecond)
		}
	})
}

func TestSourceAllocates(t *testing.T) {
	var s Source
	buf := plain(Header{SSRC: 1})
	h := Header{SSRC: 1}
	if got := testing.AllocsPerRun(100, func() {
		h.Sequence++
		h.Timestamp += 160
		p, _ := Parse(buf)
		p.Rewrite(h)
		s.Receive(p, time.Duration(h.Sequence)*tick)
		s.Block(0)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkReceive(b *testing.B) {
	var s Source
	buf := plain(Header{SSRC: 1})
	h := Header{SSRC: 1}
	b.ReportAllocs()
	for b.Loop() {
		h.Sequence++
		h.Timestamp += 160
		p, _ := Parse(buf)
		p.Rewrite(h)
		s.Receive(p, time.Duration(h.Timestamp)*125*time.Microsecond)
	}
}
