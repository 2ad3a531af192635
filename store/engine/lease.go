package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"tandem/store"
)

type leaseRow struct {
	Holder  string    `json:"holder,omitempty"`
	Epoch   uint64    `json:"epoch"`
	Expires time.Time `json:"expires"`
}

func loadLease(tx Tx, name string) (row leaseRow, known bool) {
	raw := tx.Get(leases, []byte(name))
	if raw == nil {
		return row, false
	}
	_ = json.Unmarshal(raw, &row) // an unreadable lease counts as free
	return row, true
}

// checkFence refuses a batch whose lease went to somebody else.
func checkFence(tx Tx, f *store.Fence) error {
	if f == nil {
		return nil
	}
	if row, _ := loadLease(tx, f.Name); row.Holder == "" || row.Epoch != f.Epoch {
		return fmt.Errorf("%w: %s at epoch %d, now %d", store.ErrFenced, f.Name, f.Epoch, row.Epoch)
	}
	return nil
}

// leaseOp is a LeaseAsk that waits for the writer.
type leaseOp struct {
	ask  store.LeaseAsk
	done func(store.Leased)
	got  store.Leased
}

// Lease implements store.Store.
func (e *Engine) Lease(a store.LeaseAsk, done func(store.Leased)) error {
	if err := a.Validate(); err != nil {
		e.met.refused.WithLabelValues("invalid").Inc()
		return err
	}
	return e.postAlways(&leaseOp{ask: a, done: done})
}

func (o *leaseOp) size() int    { return 256 }
func (o *leaseOp) urgent() bool { return true }

func (o *leaseOp) refs(_ *Engine, list []Ref) []Ref {
	return append(list, Ref{Bucket: leases, Key: []byte(o.ask.Name)})
}

func (o *leaseOp) finish(groupErr error) {
	if groupErr != nil {
		o.got = store.Leased{Err: groupErr, Name: o.ask.Name}
	}
	if o.done != nil {
		o.done(o.got)
	}
}

func (o *leaseOp) apply(_ *Engine, tx Tx) error {
	now, err := clock(tx)
	if err != nil {
		return err
	}
	row, known := loadLease(tx, o.ask.Name)
	o.got = store.Leased{Name: o.ask.Name}
	n := 0
	if !known && !o.ask.Release {
		if n, err = count(tx, leases); err != nil {
			return err
		}
	}
	if n >= store.MaxLeases {
		o.got.Err = fmt.Errorf("%w: %d leases", store.ErrLimit, n)
		return nil
	}
	next, changed, err := row.next(o.ask, now)
	o.got.Holder, o.got.Epoch, o.got.Expires, o.got.Err = next.Holder, next.Epoch, next.Expires, err
	if !changed {
		return nil
	}
	raw, err := json.Marshal(next)
	if err != nil {
		return err
	}
	return tx.Put(leases, []byte(o.ask.Name), raw)
}

// next is the whole rule of leases.
func (row leaseRow) next(a store.LeaseAsk, now time.Time) (next leaseRow, changed bool, err error) {
	mine, live := row.Holder == a.Holder, row.Holder != "" && now.Before(row.Expires)
	switch {
	case a.Release && mine:
		return leaseRow{Epoch: row.Epoch}, true, nil
	case a.Release:
		return row, false, nil
	case live && !mine:
		return row, false, fmt.Errorf("%w: %s by %s", store.ErrHeld, a.Name, row.Holder)
	case mine: // in time, or late where nobody else wanted it
		row.Expires = now.Add(a.TTL)
		return row, true, nil
	}
	return leaseRow{a.Holder, row.Epoch + 1, now.Add(a.TTL)}, true, nil
}

// LeaseOf implements store.Store.
func (e *Engine) LeaseOf(name string) (l store.Leased, err error) {
	err = e.view(func(tx Tx) error {
		row, known := loadLease(tx, name)
		if !known {
			return fmt.Errorf("lease %s: %w", name, store.ErrNotFound)
		}
		l = store.Leased{Name: name, Holder: row.Holder, Epoch: row.Epoch, Expires: row.Expires}
		return nil
	})
	return l, err
}
