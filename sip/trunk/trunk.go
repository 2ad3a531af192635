package trunk

import (
	"slices"
	"sync"
	"time"
)

// Trunk is a configured trunk with its live figures. Safe for use from several goroutines.
type Trunk struct {
	cfg     Config
	metrics *Metrics

	mu     sync.Mutex
	calls  int
	health []health // beside cfg.Targets
}

// New returns a trunk with nothing known of its targets. metrics may be nil. The error is that of Config.Validate.
func New(cfg Config, metrics *Metrics) (*Trunk, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	return &Trunk{cfg: cfg, metrics: metrics, health: make([]health, len(cfg.Targets))}, nil
}

// Name returns the trunk's name.
func (t *Trunk) Name() string { return t.cfg.Name }

// Config returns the configuration with its defaults filled in. Its slices must not be written.
func (t *Trunk) Config() Config { return t.cfg }

// Acquire takes one call; ErrFull when there is none left.
func (t *Trunk) Acquire() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cfg.MaxCalls > 0 && t.calls >= t.cfg.MaxCalls {
		t.metrics.full(t.cfg.Name)
		return ErrFull
	}
	t.calls++
	t.metrics.calls(t.cfg.Name, t.calls)
	return nil
}

// Release gives one call back. Without an Acquire it panics: the count would be wrong for ever.
func (t *Trunk) Release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.calls == 0 {
		panic("trunk: Release without Acquire on " + t.cfg.Name)
	}
	t.calls--
	t.metrics.calls(t.cfg.Name, t.calls)
}

// Calls returns how many calls are taken.
func (t *Trunk) Calls() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls
}

// Report feeds the outcome of a request to a target. pause is the Retry-After of a 503, 0 when it named none. A target that is not of
// this trunk is ignored. The result holds what changed, to be published.
func (t *Trunk) Report(now time.Time, target Target, o Outcome, pause time.Duration) []HealthChanged {
	t.mu.Lock()
	defer t.mu.Unlock()
	changes := t.resumeLocked(now)
	i := slices.Index(t.cfg.Targets, target)
	if i < 0 {
		return changes
	}
	if o != Overloaded {
		pause = 0
		if t.cfg.Ping == 0 {
			pause = DefaultPause // a call finds out whether it is back
		}
	}
	from := t.health[i].state
	if t.health[i].observe(now, o, t.cfg.HealthRule, pause) {
		changes = append(changes, t.changedLocked(now, i, from))
	}
	return changes
}

// Health returns the state of each target, in the order of Config.Targets.
func (t *Trunk) Health(now time.Time) []HealthState {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]HealthState, len(t.health))
	for i := range t.health {
		out[i] = t.health[i].state
		if out[i] == Down && !t.health[i].until.IsZero() && !t.health[i].until.After(now) {
			out[i] = Unknown
		}
	}
	return out
}

func (t *Trunk) resumeLocked(now time.Time) []HealthChanged {
	var out []HealthChanged
	for i := range t.health {
		from := t.health[i].state
		if t.health[i].resume(now) {
			out = append(out, t.changedLocked(now, i, from))
		}
	}
	return out
}

func (t *Trunk) changedLocked(now time.Time, i int, from HealthState) HealthChanged {
	up := 0
	for _, h := range t.health {
		if h.state != Down {
			up++
		}
	}
	t.metrics.usable(t.cfg.Name, up)
	return HealthChanged{t.cfg.Name, t.cfg.Targets[i], from, t.health[i].state, now}
}
