package figures

import (
	"slices"
	"time"
)

// Sample collects times.
type Sample struct{ all []time.Duration }

// Add takes one time.
func (s *Sample) Add(d time.Duration) { s.all = append(s.all, d) }

// Len is how many there are.
func (s *Sample) Len() int { return len(s.all) }

// Over is how many are above a limit.
func (s *Sample) Over(limit time.Duration) (n int) {
	for _, d := range s.all {
		if d > limit {
			n++
		}
	}
	return n
}

// Spread is a distribution. A quantile is the smallest value that at least that share of the sample does not exceed.
type Spread struct {
	N                  int
	P50, P90, P99, Max time.Duration
}

// Spread gives the distribution of what was added so far.
func (s *Sample) Spread() Spread {
	if len(s.all) == 0 {
		return Spread{}
	}
	sorted := slices.Clone(s.all)
	slices.Sort(sorted)
	at := func(percent int) time.Duration { return sorted[(len(sorted)*percent+99)/100-1] }
	return Spread{len(sorted), at(50), at(90), at(99), sorted[len(sorted)-1]}
}

// Ms is a time in milliseconds.
func Ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// Us is a time in microseconds.
func Us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
