package route

import "time"

// Class is the pair that orders waiting items against those of other classes: slope (per second, > 0) and credit (a head
// start, ≥ 0). Within a class the order is the order of first arrival and never changes.
type Class struct {
	Slope  float64
	Credit time.Duration
}

// NewClass returns the class of weight w against a target: slope = w / target in seconds, so that equal weights compare by
// the share of their target that is used up. A target or weight of zero or less counts as 20 s and 1.
func NewClass(weight float64, target, credit time.Duration) Class {
	if weight <= 0 {
		weight = 1
	}
	if target <= 0 {
		target = 20 * time.Second
	}
	return Class{Slope: weight / target.Seconds(), Credit: max(credit, 0)}
}

// Urgency is U = s·(b + t − t0), where age is t − t0.
func (c Class) Urgency(age time.Duration) float64 {
	return c.Slope * (c.Credit + age).Seconds()
}

// AgeAt is the age at which an item of this class reaches urgency u: the inverse of Urgency.
func (c Class) AgeAt(u float64) time.Duration {
	return time.Duration(u/c.Slope*float64(time.Second)) - c.Credit
}
