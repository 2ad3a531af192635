package b2bua

import (
	"sync"
	"time"

	"tandem/sip"
)

// admission is the one door: how many calls there may be, and how fast they may come.
type admission struct {
	mu     sync.Mutex
	cfg    Config
	live   int
	tokens float64
	last   time.Time
}

// drainRetry is what a caller is told while we shut down; busyRetry when a limit is reached.
const (
	drainRetry = 30 * time.Second
	busyRetry  = 5 * time.Second
)

func newAdmission(cfg Config) admission {
	return admission{cfg: cfg, tokens: float64(cfg.CallBurst)}
}

// take admits one call, or says when to come again.
func (a *admission) take(now time.Time) (sip.RetryAfter, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.last.IsZero() {
		a.tokens = min(a.tokens+now.Sub(a.last).Seconds()*a.cfg.CallRate, float64(a.cfg.CallBurst))
	}
	a.last = now
	if a.live >= a.cfg.MaxCalls || a.tokens < 1 {
		return sip.RetryAfter{After: busyRetry}, false
	}
	a.tokens--
	a.live++
	return sip.RetryAfter{}, true
}

// release gives a call's place back.
func (a *admission) release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live--
}
