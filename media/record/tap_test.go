package record

import (
	"testing"
	"time"

	"tandem/media/mediatest"
)

// TestDrift: over an hour, a side whose clock is wrong by 100 ppm stays within 12 ms of when it was heard, and moves by single
// samples only.
func TestDrift(t *testing.T) {
	for _, ppm := range []int64{-100, 0, 100} {
		b := newBench(t, Config{})
		tap := b.rec.Left()
		last := int64(-160)
		for i := range int64(180_000) {
			arrival := i*160 + i*160*ppm/1_000_000
			at := tap.place(Chunk{SSRC: 1, Time: uint32(1<<32 - 1000 + i*160)}, arrival)
			if off := at - arrival; off > Rate*12/1000 || off < -Rate*12/1000 {
				t.Fatalf("%d ppm: %d samples off after %d packets", ppm, off, i)
			}
			if step := at - last; step < 159 || step > 161 {
				t.Fatalf("%d ppm: packet %d is %d samples after the one before", ppm, i, step)
			}
			last = at
		}
		b.end()
	}
}

// TestJitterDoesNotMove: packets that come now early, now late, stay where their timestamps put them.
func TestJitterDoesNotMove(t *testing.T) {
	b := newBench(t, Config{})
	tap := b.rec.Left()
	first := tap.place(Chunk{SSRC: 1}, 400)
	for i := range int64(5000) {
		late := []int64{0, 300, -200, 90, -190}[i%5]
		if at := tap.place(Chunk{SSRC: 1, Time: uint32(i * 160)}, 400+i*160+late); at != first+i*160 {
			t.Fatalf("packet %d at %d, want %d", i, at, first+i*160)
		}
	}
	b.end()
}

// TestMissingSample: the sample that following the clock leaves out is no click of silence.
func TestMissingSample(t *testing.T) {
	b := newBench(t, Config{})
	for i := range 50 {
		b.push(0, b.rec.Left(), tone(440, 20*time.Millisecond), 0)
		if i == 20 {
			b.rec.Left().offset++
		}
		b.pass(20 * time.Millisecond)
	}
	_, wav := b.end()
	if at := 21 * 160; wav.Channels[0][at] != wav.Channels[0][at+1] {
		t.Errorf("samples %v around the missing one", wav.Channels[0][at-2:at+3])
	}
}

// TestBacklog: a ring may hold more than the time line; after a stall of the disk all of it is written in place, both sides
// beside each other.
func TestBacklog(t *testing.T) {
	for _, endFirst := range []bool{false, true} {
		b := newBench(t, Config{Ring: 300})
		for range 250 { // 5 s without a pass
			b.push(0, b.rec.Left(), tone(450, 20*time.Millisecond), 0)
			b.push(1, b.rec.Right(), tone(1000, 20*time.Millisecond), 0)
			b.now = b.now.Add(20 * time.Millisecond)
		}
		if !endFirst {
			b.pass(0)
		}
		report, wav := b.end()
		if report.Dropped != 0 || report.Length != 5*time.Second || report.Err != nil {
			t.Errorf("end first %v: %+v", endFirst, report)
		}
		for second := range 5 {
			for side, hz := range []float64{450, 1000} {
				if got := mediatest.Find(wav.Channels[side][second*8000:second*8000+8000], hz); got < -12 || got > -9 {
					t.Errorf("end first %v: second %d, side %d at %.1f dBm0", endFirst, second, side, got)
				}
			}
		}
	}
}
