package quality

import "time"

// Interval is what was seen of a stream in one period, e.g. between two RTCP reports.
type Interval struct {
	Expected, Received uint64        // packets of this period; more received than expected counts as no loss
	Jitter             time.Duration // at its end
	RoundTrip          time.Duration // 0 if unknown: the last known one counts
}

// Accumulator sums the intervals of one stream. The zero value is ready. Owned by whoever owns the stream.
type Accumulator struct {
	Ptime     time.Duration // audio per packet; 0 means 20 ms
	Concealed bool          // the listener conceals losses

	expected, lost uint64
	weighted       float64 // sum of MOS times expected packets
	worst, last    float64
	jitterMax      time.Duration
	roundTrip      time.Duration
}

// Add counts one interval and gives its MOS; 0 for an interval without packets, which changes nothing.
func (a *Accumulator) Add(iv Interval) float64 {
	if iv.RoundTrip > 0 {
		a.roundTrip = iv.RoundTrip
	}
	if iv.Expected == 0 {
		return 0
	}
	lost := iv.Expected - min(iv.Received, iv.Expected)
	a.expected += iv.Expected
	a.lost += lost
	a.jitterMax = max(a.jitterMax, iv.Jitter)
	a.last = Estimate(Input{
		Loss:      float64(lost) / float64(iv.Expected),
		Jitter:    iv.Jitter,
		Delay:     a.roundTrip / 2,
		Ptime:     a.Ptime,
		Concealed: a.Concealed,
	})
	a.weighted += a.last * float64(iv.Expected)
	if a.worst == 0 || a.last < a.worst {
		a.worst = a.last
	}
	return a.last
}

// Summary is the whole stream in a few figures.
type Summary struct {
	MOS       float64 // mean over all intervals, weighted by packets; 0 without packets
	Worst     float64 // of one interval
	Last      float64 // of the last interval
	Loss      float64 // share of packets lost, 0–1
	JitterMax time.Duration
	RoundTrip time.Duration // last known
}

// Summary reads the figures so far.
func (a *Accumulator) Summary() Summary {
	s := Summary{Worst: a.worst, Last: a.last, JitterMax: a.jitterMax, RoundTrip: a.roundTrip}
	if a.expected > 0 {
		s.MOS = a.weighted / float64(a.expected)
		s.Loss = float64(a.lost) / float64(a.expected)
	}
	return s
}
