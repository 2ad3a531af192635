package trunk

import "time"

// PingEvent is what a Pinger is told.
type PingEvent uint8

// The events of a Pinger.
const (
	PingTick     PingEvent = iota // the time of Deadline has come
	PingFinished                  // the OPTIONS that Step asked for has its outcome, already given to Trunk.Report
)

// Pinger times the OPTIONS of one target. Owned by one goroutine; one OPTIONS is out at a time.
type Pinger struct {
	interval time.Duration
	jitter   func() float64
	next     time.Time
	out      bool
}

// pingSpread is the share of the interval by which pings are moved apart.
const pingSpread = 0.2

// NewPinger returns a pinger whose first ping falls at random into the first interval, so that trunks do not ping together after a
// start. An interval of 0 or less never pings. jitter returns a random number in [0, 1).
func NewPinger(now time.Time, interval time.Duration, jitter func() float64) *Pinger {
	p := &Pinger{interval: interval, jitter: jitter}
	if interval > 0 {
		p.next = now.Add(time.Duration(jitter() * float64(interval)))
	}
	return p
}

// Deadline returns when Step wants a PingTick; ok is false when it waits for an outcome or never pings.
func (p *Pinger) Deadline() (at time.Time, ok bool) { return p.next, p.interval > 0 && !p.out }

// Step takes an event and tells whether an OPTIONS is to be sent now.
func (p *Pinger) Step(now time.Time, e PingEvent) (send bool) {
	if p.interval <= 0 {
		return false
	}
	if e == PingFinished {
		if p.out {
			p.out = false
			p.next = now.Add(p.spread())
		}
		return false
	}
	if p.out || now.Before(p.next) {
		return false
	}
	p.out = true
	return true
}

// spread is the interval, up to a tenth shorter or longer.
func (p *Pinger) spread() time.Duration {
	return time.Duration(float64(p.interval) * (1 + pingSpread*(p.jitter()-0.5)))
}
