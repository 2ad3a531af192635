package quality

import "time"

// Defaults of the model.
const (
	baseR        = 93.2  // R without any impairment
	bplPlain     = 4.3   // packet-loss robustness of G.711
	bplConcealed = 25.1  // of G.711 with concealment
	kneeMS       = 177.3 // one-way delay above which talking gets hard
	defaultPtime = 20 * time.Millisecond
)

// Input is what the model looks at.
type Input struct {
	Loss      float64       // share of packets lost, 0–1
	Jitter    time.Duration // interarrival jitter, RFC 3550 §6.4.1
	Delay     time.Duration // one way through the network: half of the round trip
	Ptime     time.Duration // audio per packet; 0 means 20 ms
	Burst     float64       // G.107 BurstR: 1 for random loss, above 1 where losses cluster; 0 means 1
	Concealed bool          // the listener conceals losses
}

// R is the rating factor, 0–93.2.
func R(in Input) float64 {
	d := ms(in.Delay) + 2*ms(in.Jitter) + ms(in.Ptime)
	if in.Ptime <= 0 {
		d += ms(defaultPtime)
	}
	id := 0.024 * d
	if d > kneeMS {
		id += 0.11 * (d - kneeMS)
	}
	return max(baseR-id-impairment(in), 0)
}

func impairment(in Input) float64 {
	ppl := 100 * min(max(in.Loss, 0), 1)
	bpl := bplPlain
	if in.Concealed {
		bpl = bplConcealed
	}
	return 95 * ppl / (ppl/max(in.Burst, 1) + bpl)
}

// MOS is the mean opinion score of R, 1.0–4.5.
func MOS(r float64) float64 {
	switch {
	case r <= 0:
		return 1
	case r >= 100:
		return 4.5
	}
	return max(1+0.035*r+7e-6*r*(r-60)*(100-r), 1)
}

// Estimate is MOS(R(in)).
func Estimate(in Input) float64 { return MOS(R(in)) }

func ms(d time.Duration) float64 { return float64(max(d, 0)) / float64(time.Millisecond) }
