package registrar

import (
	"cmp"
	"container/heap"
	"slices"
	"sync"
	"time"

	"tandem/sip"
)

// Registrar is the location table. Safe for use from several goroutines.
type Registrar struct {
	cfg     Config
	metrics *Metrics

	mu      sync.RWMutex
	aors    map[string][]*entry
	byFlow  map[string]map[*entry]struct{}
	expiry  deadlines
	updates uint64
}

// New returns an empty table. metrics may be nil.
func New(cfg Config, metrics *Metrics) *Registrar {
	return &Registrar{
		cfg: cfg.withDefaults(), metrics: metrics,
		aors: make(map[string][]*entry), byFlow: make(map[string]map[*entry]struct{}),
	}
}

// AOR returns the canonical address-of-record of a URI; ok is false when its domain is not ours or it has no user.
func (r *Registrar) AOR(u *sip.URI) (aor string, ok bool) { return r.cfg.aor(u) }

// Lookup returns the bindings of an AOR that can be reached, the most recently updated first: neither expired nor suspended.
func (r *Registrar) Lookup(aor string, now time.Time) []Binding {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return reachableNow(r.aors[aor], now)
}

func reachableNow(entries []*entry, now time.Time) []Binding {
	return slices.DeleteFunc(current(entries, now), func(b Binding) bool { return b.Suspended() })
}

// Snapshot returns all bindings that have not expired, suspended ones among them, sorted by AOR, most recently updated first:
// for lists and for Restore.
func (r *Registrar) Snapshot(now time.Time) []Binding {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]string, 0, len(r.aors))
	for name := range r.aors {
		names = append(names, name)
	}
	slices.Sort(names)
	out := make([]Binding, 0, len(r.expiry))
	for _, name := range names {
		out = append(out, current(r.aors[name], now)...)
	}
	return out
}

// current copies the live entries of one AOR, newest first.
func current(entries []*entry, now time.Time) []Binding {
	live := make([]*entry, 0, len(entries))
	for _, e := range entries {
		if e.until.After(now) {
			live = append(live, e)
		}
	}
	slices.SortFunc(live, func(a, b *entry) int { return cmp.Compare(b.order, a.order) })
	out := make([]Binding, len(live))
	for i, e := range live {
		out[i] = e.Binding
		out[i].Path = slices.Clone(e.Path)
	}
	return out
}

// Deadline returns when Expire is due next; ok is false for an empty table.
func (r *Registrar) Deadline() (at time.Time, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.expiry) == 0 {
		return time.Time{}, false
	}
	return r.expiry[0].until, true
}

// Expire removes all bindings whose time is over, and suspended ones whose device did not come back.
func (r *Registrar) Expire(now time.Time) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var events []Event
	for len(r.expiry) > 0 && !r.expiry[0].until.After(now) {
		e := r.expiry[0]
		r.removeLocked(e)
		events = append(events, Event{e.fate(), e.Binding, now})
	}
	r.metrics.changed(events, len(r.expiry), len(r.aors))
	return events
}

// DropFlow removes what was registered over a connection that is gone for good.
func (r *Registrar) DropFlow(flow string, now time.Time) []Event {
	return r.lose(flow, now, 0)
}

// LoseFlow suspends what was registered over a connection that is gone and can be reached over it alone: by WebSocket, from this
// process, or with a reg-id. Lookup does not return it any more, and Expire removes it after Config.FlowGrace, unless the
// device registers again before, by the same instance or Contact, over another connection. That is a Refreshed event, and the
// device is the same one for whoever waits for it. A phone that registered over TCP without a reg-id stays: it takes calls on
// a new connection.
func (r *Registrar) LoseFlow(flow string, now time.Time) []Event {
	return r.lose(flow, now, r.cfg.FlowGrace)
}

func (r *Registrar) lose(flow string, now time.Time, grace time.Duration) []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var gone []*entry
	for e := range r.byFlow[flow] {
		gone = append(gone, e)
	}
	slices.SortFunc(gone, func(a, b *entry) int { return cmp.Compare(a.order, b.order) })
	var events []Event
	for _, e := range gone {
		if grace > 0 && !e.bound() && e.RegID == 0 {
			continue
		}
		if grace <= 0 {
			r.removeLocked(e)
			events = append(events, Event{Removed, e.Binding, now})
			continue
		}
		r.suspendLocked(e, now, grace)
		events = append(events, Event{Suspended, e.Binding, now})
	}
	r.metrics.changed(events, len(r.expiry), len(r.aors))
	return events
}

// suspendLocked takes an entry off its flow and gives it the grace to live.
func (r *Registrar) suspendLocked(e *entry, now time.Time, grace time.Duration) {
	r.unflowLocked(e)
	e.Flow, e.Lost = "", now
	if end := now.Add(grace); end.Before(e.until) {
		e.until = end
	}
	heap.Fix(&r.expiry, e.index)
}

// insertLocked puts an entry into all indexes.
func (r *Registrar) insertLocked(e *entry) {
	e.until = e.Expires
	r.aors[e.AOR] = append(r.aors[e.AOR], e)
	heap.Push(&r.expiry, e)
	r.flowLocked(e)
}

func (r *Registrar) flowLocked(e *entry) {
	if e.Flow == "" {
		return
	}
	if r.byFlow[e.Flow] == nil {
		r.byFlow[e.Flow] = make(map[*entry]struct{}, 1)
	}
	r.byFlow[e.Flow][e] = struct{}{}
}

func (r *Registrar) unflowLocked(e *entry) {
	set := r.byFlow[e.Flow]
	delete(set, e)
	if len(set) == 0 {
		delete(r.byFlow, e.Flow)
	}
}

// removeLocked takes an entry out of all indexes.
func (r *Registrar) removeLocked(e *entry) {
	heap.Remove(&r.expiry, e.index)
	r.unflowLocked(e)
	rest := slices.DeleteFunc(r.aors[e.AOR], func(x *entry) bool { return x == e })
	if len(rest) == 0 {
		delete(r.aors, e.AOR)
		return
	}
	r.aors[e.AOR] = rest
}

// replaceLocked gives an entry new contents and puts its deadline in order.
func (r *Registrar) replaceLocked(e *entry, b Binding, uri sip.URI) {
	r.unflowLocked(e)
	e.Binding, e.uri, e.until = b, uri, b.Expires
	r.flowLocked(e)
	heap.Fix(&r.expiry, e.index)
}
