package webhook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

const (
	batch     = 50          // events read at once for a subscription
	scans     = 20          // batches without a match that are read before others have their turn
	saveEvery = time.Minute // how often a position is saved that only filtered events have moved
	feedPause = time.Second // after the feed or the store failed
)

// sub is a subscription's progress. Owned by Run's goroutine.
type sub struct {
	stored  storedSub
	pos     position
	version uint64       // of the position's document
	queue   []feed.Event // behind pos.Cursor, only what the filter wants
	scanned string       // the last event that was read; at or behind the queue's end
	hungry  bool         // there may be more to read
	running bool         // a worker has it
	saved   time.Time
}

// owner is what Run's goroutine owns.
type owner struct {
	d       *Deliverer
	subs    map[string]*sub
	jobs    chan job
	results chan outcome
	free    int       // workers
	look    time.Time // not before: the next look at the feed
}

// Run delivers until ctx ends; it returns an error if the subscriptions cannot be read.
func (d *Deliverer) Run(ctx context.Context) error {
	o := &owner{d: d, subs: map[string]*sub{}, jobs: make(chan job, d.Workers), results: make(chan outcome, d.Workers), free: d.Workers}
	if err := o.loadAll(ctx); err != nil {
		return err
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(o.jobs)
	for range d.Workers {
		wg.Go(func() {
			for j := range o.jobs {
				o.results <- d.work(ctx, j)
			}
		})
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var changed <-chan struct{}
		listens := o.listens()
		if listens {
			changed = d.Feed.Changed() // before the look: what comes between wakes us
		}
		if next := o.turn(ctx); !next.IsZero() {
			timer.Reset(max(0, time.Until(next)))
		}
		if !listens && o.listens() { // the first one has come: what happened since it looked
			o.hunger()
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			o.hunger()
		case <-d.wake:
		case res := <-o.results:
			o.settle(ctx, res)
		case <-timer.C:
		}
	}
}

func (o *owner) loadAll(ctx context.Context) error {
	docs, err := o.d.Documents.List(ctx, subDocs, "", o.d.Most)
	if err != nil {
		return fmt.Errorf("webhooks: %w", err)
	}
	for _, doc := range docs {
		if err := o.reload(ctx, doc.Key[len(subDocs):]); err != nil {
			return err
		}
	}
	return nil
}

// reload reads a subscription, and its position if it is new here.
func (o *owner) reload(ctx context.Context, id string) error {
	stored, _, err := o.d.load(ctx, id)
	if errors.Is(err, access.ErrNotFound) {
		o.forget(ctx, id)
		return nil
	}
	if err != nil {
		return err
	}
	s := o.subs[id]
	if s == nil {
		s = &sub{saved: time.Now()}
		if err := o.readPosition(ctx, id, s); err != nil {
			return err
		}
		o.subs[id] = s
	}
	if s.stored.Disabled && !stored.Disabled || s.stored.URL != stored.URL {
		s.pos.Due = time.Time{} // try at once
	}
	s.stored = stored
	if !s.running { // what was read was for the old filter
		s.rewind(s.pos.Cursor)
	}
	o.show(id, outcome{})
	return nil
}

func (o *owner) readPosition(ctx context.Context, id string, s *sub) error {
	doc, err := o.d.Documents.Get(ctx, posDocs+id)
	if err == nil {
		s.pos, err = decode[position](doc)
		s.version = doc.Version
	} else if errors.Is(err, access.ErrNotFound) {
		s.pos.Cursor, err = o.d.Feed.Last()
	}
	return err
}

func (s *sub) rewind(cursor string) {
	s.queue, s.scanned, s.hungry = nil, cursor, true
}

func (o *owner) forget(ctx context.Context, id string) {
	if s := o.subs[id]; s == nil || s.running {
		return // settle comes here again
	}
	delete(o.subs, id)
	o.d.mu.Lock()
	delete(o.d.views, id)
	delete(o.d.resets, id)
	delete(o.d.again, id)
	o.d.mu.Unlock()
	if err := o.d.sweep(ctx, id); err != nil {
		o.d.fault("sweep", id, err)
	}
}

// listens tells whether some subscription wants events: while none does, the feed need not be followed.
func (o *owner) listens() bool {
	for _, s := range o.subs {
		if !s.stored.Disabled {
			return true
		}
	}
	return false
}

func (o *owner) hunger() {
	for _, s := range o.subs {
		s.hungry = true
	}
}

// turn takes what others want, reads what is new and starts what is due. It returns when it wants its next turn.
func (o *owner) turn(ctx context.Context) (next time.Time) {
	soonest := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	now := time.Now()
	if !o.commands(ctx) {
		soonest(now.Add(feedPause))
	}
	mayLook := !now.Before(o.look)
	looked, live, retrying := false, 0, 0
	for id, s := range o.subs {
		if s.stored.Disabled {
			continue
		}
		live++
		if s.pos.Failures > 0 {
			retrying++
		}
		if s.running {
			continue
		}
		if s.hungry && len(s.queue) == 0 {
			if mayLook {
				looked = true
				o.read(s)
			}
			if s.hungry && len(s.queue) == 0 {
				soonest(maxTime(o.look, now.Add(o.d.Gap)))
			}
		}
		if wait := o.start(id, s, now); !wait.IsZero() {
			soonest(wait)
		}
	}
	if looked {
		o.look = now.Add(o.d.Gap)
	}
	o.d.m.subscriptions.Set(float64(live))
	o.d.m.retrying.Set(float64(retrying))
	return next
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// commands takes what the methods for the API have left; false if the store could not be read.
func (o *owner) commands(ctx context.Context) bool {
	o.d.mu.Lock()
	dirty := o.d.dirty
	o.d.dirty = map[string]bool{}
	o.d.mu.Unlock()
	fine := true
	for id := range dirty {
		if err := o.reload(ctx, id); err != nil {
			o.d.fault("reload", id, err)
			fine = false
			o.d.mu.Lock()
			o.d.dirty[id] = true
			o.d.mu.Unlock()
		}
	}
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	for id, cursor := range o.d.resets {
		if s := o.subs[id]; s != nil && !s.running {
			s.pos = position{Cursor: cursor}
			s.rewind(cursor)
			s.saved = time.Time{}
			delete(o.d.resets, id)
		}
	}
	return fine
}

// read fills a subscription's queue from the feed.
func (o *owner) read(s *sub) {
	for range scans {
		events, err := o.d.Feed.After(s.scanned, batch)
		if errors.Is(err, feed.ErrGone) {
			o.d.Log.Error("webhook: events were missed: they are no longer kept", "webhook", s.stored.ID, "cursor", s.scanned)
			s.scanned = ""
			events, err = o.d.Feed.After("", batch)
		}
		if err != nil {
			o.d.fault("feed", s.stored.ID, err)
			o.look = time.Now().Add(feedPause)
			return
		}
		for _, e := range events {
			if s.stored.Filter.Match(e) {
				s.queue = append(s.queue, e)
			}
		}
		if len(events) > 0 {
			s.scanned = events[len(events)-1].Cursor
		}
		s.hungry = len(events) == batch
		if !s.hungry || len(s.queue) > 0 {
			return
		}
	}
}

// start gives a subscription to a worker if there is something to do; else it tells when there will be.
func (o *owner) start(id string, s *sub, now time.Time) (wait time.Time) {
	if o.free == 0 {
		return time.Time{} // a result will come
	}
	o.d.mu.Lock()
	again := o.d.again[id]
	delete(o.d.again, id)
	o.d.mu.Unlock()
	j := job{sub: s.stored, pos: s.pos, version: s.version, dead: again}
	switch {
	case len(again) > 0:
	case len(s.queue) > 0 && now.Before(s.pos.Due):
		return s.pos.Due
	case len(s.queue) > 0:
		j.events, j.reached = s.queue, s.scanned
	case s.scanned != s.pos.Cursor && now.Sub(s.saved) >= saveEvery, s.saved.IsZero():
		j.reached = s.scanned
	default:
		return time.Time{}
	}
	s.running = true
	o.free--
	o.jobs <- j // it holds as many as there are workers
	return time.Time{}
}

// settle takes a worker's result.
func (o *owner) settle(ctx context.Context, res outcome) {
	o.free++
	s := o.subs[res.id]
	s.running = false
	s.pos, s.version, s.saved = res.pos, res.version, time.Now()
	s.queue = s.queue[res.done:]
	if len(s.queue) == 0 {
		s.queue = nil // the batch is garbage
	}
	if res.stale {
		if err := o.readPosition(ctx, res.id, s); err != nil {
			o.d.fault("position", res.id, err)
		}
		s.rewind(s.pos.Cursor)
	}
	o.show(res.id, res)
	o.d.touch(res.id) // it may have been changed or removed meanwhile
}

// show makes a subscription's progress known to readers.
func (o *owner) show(id string, res outcome) {
	s := o.subs[id]
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	v := o.d.views[id]
	v.status.Cursor, v.status.Attempts, v.status.Due = s.pos.Cursor, s.pos.Attempts, s.pos.Due
	v.status.Delivered += res.taken
	v.status.Dead += res.buried
	if n := len(res.tries); n > 0 {
		v.status.Error = res.tries[n-1].Error
		recent := append(append([]Delivery{}, v.recent...), res.tries...)
		v.recent = recent[max(0, len(recent)-maxRecent):]
	}
	switch {
	case s.pos.Failures > 0:
		v.status.State = "retrying"
	case len(s.queue) > 0:
		v.status.State = "delivering"
	default:
		v.status.State = "idle"
	}
	o.d.views[id] = v
}

func (d *Deliverer) fault(what, id string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	d.m.store.Inc()
	d.Log.Error("webhook: "+what, "webhook", id, "err", err)
}
