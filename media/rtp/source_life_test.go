package rtp

import (
	"testing"
	"time"
)

// TestSourceLife: what a call meets on the way, in one stream: transfers, a carrier that begins anew, talk spurts, wraps.
func TestSourceLife(t *testing.T) {
	for _, tt := range []struct {
		name     string
		steps    []lifeStep
		received uint64
		lost     uint64
		restarts int
	}{
		{"an hour over two wraps", []lifeStep{{ssrc: 1, from: 65000, n: 180_000, ts: 1<<32 - 9000}}, 180_000, 0, 1},
		{"a transfer: another SSRC", []lifeStep{{ssrc: 1, from: 10, n: 50}, {ssrc: 2, from: 40_000, n: 50, ts: 77}}, 100, 0, 2},
		{"back to the first", []lifeStep{{ssrc: 1, from: 10, n: 50}, {ssrc: 2, from: 9, n: 5}, {ssrc: 1, from: 60, n: 50, ts: 8000}}, 105, 0, 3},
		{"numbers begin anew, the SSRC stays", []lifeStep{{ssrc: 1, from: 30_000, n: 50}, {ssrc: 1, from: 5, n: 51}}, 100, 0, 2},
		{"anew on the other side of the wrap", []lifeStep{{ssrc: 1, from: 100, n: 50}, {ssrc: 1, from: 65_000, n: 51}}, 100, 0, 2},
		{"a gap of 59 s is loss", []lifeStep{{ssrc: 1, from: 0, n: 50}, {ssrc: 1, from: 2999, n: 50, ts: 2999 * 160}}, 100, 2949, 1},
		{"a talk spurt after silence is no loss", []lifeStep{{ssrc: 1, from: 0, n: 50}, {ssrc: 1, from: 50, n: 50, ts: 900_000, pause: time.Minute}}, 100, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s Source
			now, restarts := time.Duration(0), 0
			for _, step := range tt.steps {
				now += step.pause
				for i := range step.n {
					now += tick
					h := Header{Sequence: step.from + uint16(i), Timestamp: step.ts + uint32(i)*160, SSRC: step.ssrc}
					if s.Receive(mustParse(t, plain(h, 1)), now) == Restarted {
						restarts++
					}
				}
			}
			got := s.Totals()
			if got.Received != tt.received || got.Lost != tt.lost || restarts != tt.restarts || got.Duplicate != 0 {
				t.Errorf("got %+v with %d restarts", got, restarts)
			}
		})
	}
}

// lifeStep is a run of packets, 20 ms apart.
type lifeStep struct {
	ssrc  uint32
	from  uint16
	n     int
	ts    uint32
	pause time.Duration // before it
}

// TestReportIntervals: each report tells of its own interval, whatever was before (RFC 3550 A.3).
func TestReportIntervals(t *testing.T) {
	f := stream{t: t, ssrc: 5}
	for _, tt := range []struct {
		name     string
		seqs     []uint16
		fraction uint8
		lost     int32
		highest  uint32
	}{
		{"whole", []uint16{65533, 65534}, 0, 0, 65534},
		{"half is lost, over the wrap", []uint16{0, 2}, 128, 2, 1<<16 + 2},
		{"whole again", []uint16{3, 4, 5, 6}, 0, 2, 1<<16 + 6},
		{"nothing came", nil, 0, 2, 1<<16 + 6},
		{"what was late comes: never below nothing", []uint16{1, 65535}, 0, 0, 1<<16 + 6},
		{"three of four lost", []uint16{10}, 192, 3, 1<<16 + 10},
	} {
		f.feed(tt.seqs...)
		b, ok := f.s.Block(f.now)
		if !ok || b.Fraction != tt.fraction || b.Lost != tt.lost || b.Highest != tt.highest || b.SSRC != 5 {
			t.Errorf("%s: got %+v", tt.name, b)
		}
	}
}

// TestSenderReportOfAnother: the delay is that since the report of the source that is heard, and a new source has had none.
func TestSenderReportOfAnother(t *testing.T) {
	f := stream{t: t, ssrc: 5}
	f.feed(1, 2)
	f.s.NoteSenderReport(6, 0x1234_5678_9ABC_DEF0, f.now)
	if b, _ := f.s.Block(f.now); b.LastSR != 0 {
		t.Errorf("a stranger's report counts: %+v", b)
	}
	f.s.NoteSenderReport(5, 0x1234_5678_9ABC_DEF0, f.now)
	if b, _ := f.s.Block(f.now + 1500*time.Millisecond); b.LastSR != 0x5678_9ABC || b.Delay != 3<<15 {
		t.Errorf("got %+v", b)
	}
	f.ssrc = 6
	f.feed(900)
	if b, _ := f.s.Block(f.now); b.LastSR != 0 || b.SSRC != 6 {
		t.Errorf("the report of the source before counts: %+v", b)
	}
}
