package quality

import (
	"math"
	"testing"
	"time"
)

const msec = time.Millisecond

func TestR(t *testing.T) {
	tests := []struct {
		name string
		in   Input
		want float64
	}{
		{"nothing wrong", Input{}, 93.2 - 0.024*20},
		{"100 ms", Input{Delay: 100 * msec}, 93.2 - 0.024*120},
		{"400 ms, over the knee", Input{Delay: 400 * msec}, 93.2 - 0.024*420 - 0.11*(420-177.3)},
		{"jitter counts twice", Input{Jitter: 10 * msec}, 93.2 - 0.024*40},
		{"1 % lost", Input{Loss: 0.01}, 93.2 - 0.48 - 95*1/(1+4.3)},
		{"1 % lost, concealed", Input{Loss: 0.01, Concealed: true}, 93.2 - 0.48 - 95*1/(1+25.1)},
		{"5 % lost in bursts", Input{Loss: 0.05, Burst: 2}, 93.2 - 0.48 - 95*5/(2.5+4.3)},
		{"all lost", Input{Loss: 1}, max(93.2-0.48-95*100/(100+4.3), 0)},
		{"out of range", Input{Loss: 7, Delay: -time.Hour, Jitter: -1, Burst: -3, Ptime: -1}, max(93.2-0.48-95*100/(100+4.3), 0)},
		{"an hour", Input{Delay: time.Hour}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := R(tt.in); math.Abs(got-tt.want) > 1e-9 {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// G.107 Annex B, and the ends.
func TestMOS(t *testing.T) {
	for r, want := range map[float64]float64{-1: 1, 0: 1, 3: 1, 50: 2.575, 60: 3.1, 80: 4.024, 93.2: 4.41, 100: 4.5, 200: 4.5} {
		if got := MOS(r); math.Abs(got-want) > 0.003 {
			t.Errorf("MOS(%v): got %.4f, want %.4f", r, got, want)
		}
	}
	last := 0.0
	for r := 7.0; r < 101; r += 0.5 {
		if got := MOS(r); got < last {
			t.Errorf("MOS(%v) = %v falls", r, got)
		} else {
			last = got
		}
	}
}
