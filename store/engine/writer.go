package engine

import (
	"fmt"
	"runtime"
	"time"

	"tandem/store"
)

// op is one queued write. apply runs inside the group's transaction: an error of its own goes into the op and leaves no
// trace; an error that it returns is the medium's and ends the whole group. finish answers the caller.
type op interface {
	size() int
	apply(w *Engine, tx Tx) error
	finish(groupErr error)
	refs(e *Engine, list []Ref) []Ref // what apply will read, added to list
	urgent() bool                     // somebody waits for it: it is not kept back for company
}

// write is the writer: it ends when the engine is closed and the queue is empty.
func (e *Engine) write() {
	defer close(e.ended)
	timer := time.NewTimer(e.opts.Sweep)
	defer timer.Stop()
	lastSweep := time.Now()
	var group []op
	for {
		var more, closed bool
		group, more, closed = e.take(group)
		if len(group) > 0 {
			e.commit(group)
			clear(group)
		}
		switch {
		case more:
			continue
		case closed && len(group) == 0:
			return
		case closed:
			continue
		}
		timer.Reset(e.nap(lastSweep))
		select {
		case <-e.wake:
			e.gather()
		case now := <-timer.C:
			if e.fault.Load() != nil {
				e.probe()
			} else if now.Sub(lastSweep) >= e.opts.Sweep {
				lastSweep = now
				e.sweep(now)
				e.forgetEnded(now)
				e.recount()
			}
		}
	}
}

// gather lets ops for which nobody waits come together, for at most Options.Pace: a commit costs the same for one as for many.
func (e *Engine) gather() {
	if e.hurried() {
		return
	}
	pace := time.NewTimer(e.opts.Pace)
	defer pace.Stop()
	for {
		select {
		case <-pace.C:
			return
		case <-e.wake:
			if e.hurried() {
				return
			}
		}
	}
}

// hurried tells whether the queue should be written now.
func (e *Engine) hurried() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.hurry || e.closed || len(e.queue) >= e.opts.Group
}

func (e *Engine) nap(lastSweep time.Time) time.Duration {
	if e.fault.Load() != nil {
		return e.opts.Probe
	}
	return max(e.opts.Sweep-time.Since(lastSweep), time.Millisecond)
}

// breath is after how many ops the writer lets others run: on one processor a large group would keep calls waiting.
const breath = 16

// commit applies a group in one transaction and answers everybody in it.
func (e *Engine) commit(group []op) {
	began := time.Now()
	err := e.Health()
	if err == nil {
		err = e.update(func(tx Tx) error {
			e.begin()
			if err := e.fetchGroup(tx, group); err != nil {
				return err
			}
			for i, o := range group {
				if err := o.apply(e, tx); err != nil {
					return err
				}
				if i%breath == breath-1 {
					runtime.Gosched()
				}
			}
			return e.flush(tx)
		})
		if err != nil {
			e.doubtful(group)
		}
		if err == nil && len(e.fed) > 0 {
			e.tellFeed()
		}
		if err == nil {
			e.counted = [2]int{e.bindings, e.documents}
		}
		e.met.commit.Observe(sinceSeconds(began))
		e.met.group.Observe(float64(len(group)))
	}
	for _, o := range group {
		if err == nil {
			e.count(o)
		}
		o.finish(err)
	}
}

// begin forgets what an earlier try of the group remembered, and on a shared medium everything.
func (e *Engine) begin() {
	e.fed = e.fed[:0]
	if e.shared {
		clear(e.heads)
		clear(e.domains)
		e.dirty = e.dirty[:0]
		e.bindings, e.documents = e.counted[0], e.counted[1]
	}
}

func (e *Engine) count(o op) {
	if a, ok := o.(*appendOp); ok && a.receipt.Err == nil {
		e.met.events.Add(float64(len(a.receipt.Seqs) - a.receipt.Duplicates))
		e.met.duplicates.Add(float64(a.receipt.Duplicates))
	}
}

// update runs a transaction; when the medium refuses it, the engine turns unhealthy and the medium is opened anew, so that
// no half-written state is built upon.
func (e *Engine) update(fn func(Tx) error) error {
	err := e.medium.Update(fn)
	if err == nil {
		return nil
	}
	e.met.failures.Inc()
	e.sick(err)
	if again := e.medium.Reopen(); again != nil {
		e.sick(fmt.Errorf("%w; reopen: %w", err, again))
	} else if again := e.forget(); again != nil {
		e.sick(fmt.Errorf("%w; reread: %w", err, again))
	}
	return e.Health()
}

func (e *Engine) sick(err error) {
	if e.fault.Swap(&fault{err}) == nil {
		e.opts.Log.Error("store cannot write: refusing until it can", "err", err)
	}
	e.met.healthy.Set(0)
}

// probeSize is written to see whether the medium takes writes again. It is more than a group needs and leaves its room free
// behind it, so that health does not flap on a disk that has a few pages left.
const probeSize = 1 << 20

// probe tries the medium with a write and its removal.
func (e *Engine) probe() {
	err := e.medium.Update(func(tx Tx) error { return tx.Put(meta, []byte("probe"), make([]byte, probeSize)) })
	if err == nil {
		err = e.medium.Update(func(tx Tx) error { return tx.Delete(meta, []byte("probe")) })
	}
	if err == nil {
		err = e.forget()
	}
	if err == nil {
		err = e.medium.View(e.settle)
	}
	if err != nil {
		e.met.failures.Inc()
		e.fault.Store(&fault{err})
		if again := e.medium.Reopen(); again != nil {
			e.fault.Store(&fault{fmt.Errorf("%w; reopen: %w", err, again)})
		}
		return
	}
	e.fault.Store(nil)
	e.met.healthy.Set(1)
	e.opts.Log.Info("store writes again")
}

// forget drops what the writer remembers and reads again what it must know.
func (e *Engine) forget() error {
	e.heads, e.domains, e.dirty, e.fed = map[string]*head{}, map[string]*domainHead{}, nil, nil
	e.newest, e.oldest = 0, 0
	return e.medium.View(e.countAll)
}

// countAll counts what has a limit for the whole site.
func (e *Engine) countAll(tx Tx) (err error) {
	if e.bindings, err = count(tx, bindings); err == nil {
		e.documents, err = count(tx, documents)
	}
	e.counted = [2]int{e.bindings, e.documents}
	return err
}

// recount lets the limits of a shared medium see what other processes wrote.
func (e *Engine) recount() {
	if e.shared {
		_ = e.medium.View(e.countAll) // a fault leaves the numbers as they were last seen
	}
}

// sweep forgets bindings that ended, at most 1000 at a time.
func (e *Engine) sweep(now time.Time) {
	var dead [][]byte
	err := e.medium.View(func(tx Tx) error {
		tx.Scan(bindings, Range{}, func(k, v []byte) bool {
			if ends, _ := unpair(v); ends <= uint64(now.UnixNano()) {
				dead = append(dead, append([]byte(nil), k...))
			}
			return len(dead) < store.MaxRead
		})
		return nil
	})
	if err != nil || len(dead) == 0 {
		return
	}
	err = e.update(func(tx Tx) error {
		for _, k := range dead {
			if err := tx.Delete(bindings, k); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.bindings -= len(dead)
		e.met.swept.Add(float64(len(dead)))
	}
}
