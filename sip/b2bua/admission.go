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
	behind int            // admitted calls that their owners have not come to yet
	wait   time.Duration  // how long the last call waited for its owner
	seen   time.Time      // when that was
	phones map[string]int // calls that each phone has started and that go on
}

// drainRetry is what a caller is told while we shut down; busyRetry when a limit is reached.
const (
	drainRetry = 30 * time.Second
	busyRetry  = 5 * time.Second
)

// Above maxWait between an INVITE and the work on it, with more than maxBehind calls waiting so, the processor is behind: one more
// would make all others late. A short stall of a quiet machine has few behind it and refuses nobody. What was seen waitTrust ago
// says nothing about now.
const (
	maxWait   = 25 * time.Millisecond
	maxBehind = 20
	waitTrust = 100 * time.Millisecond
)

func newAdmission(cfg Config) admission {
	return admission{cfg: cfg, tokens: float64(cfg.CallBurst), phones: map[string]int{}}
}

// take admits one call, or says when to come again.
func (a *admission) take(now time.Time) (sip.RetryAfter, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.last.IsZero() {
		a.tokens = min(a.tokens+now.Sub(a.last).Seconds()*a.cfg.CallRate, float64(a.cfg.CallBurst))
	}
	a.last = now
	late := a.wait > maxWait && a.behind > maxBehind && now.Sub(a.seen) < waitTrust
	if late || a.live >= a.cfg.MaxCalls || a.tokens < 1 {
		return sip.RetryAfter{After: busyRetry}, false
	}
	a.tokens--
	a.live++
	a.behind++
	return sip.RetryAfter{}, true
}

// takePhone counts a call against the phone that starts it: a stolen password is worth no more than a few lines.
func (a *admission) takePhone(p Phone) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.Most > 0 && a.phones[p.Name] >= p.Most {
		return false
	}
	a.phones[p.Name]++
	return true
}

// release gives a call's place back, and its phone's.
func (a *admission) release(phone string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live--
	a.freePhoneLocked(phone)
}

// freePhone takes back what takePhone counted.
func (a *admission) freePhone(phone string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.freePhoneLocked(phone)
}

func (a *admission) freePhoneLocked(phone string) {
	if phone == "" {
		return
	}
	if a.phones[phone]--; a.phones[phone] == 0 {
		delete(a.phones, phone)
	}
}

// began takes that a call's owner came to it, and how long after its INVITE.
func (a *admission) began(now time.Time, wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.behind--
	a.wait, a.seen = wait, now
}

// turnedAway takes back what take admitted: the caller did not prove who he is.
func (a *admission) turnedAway() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.behind--
	a.live--
}
