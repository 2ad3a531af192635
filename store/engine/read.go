package engine

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// view runs a read unless the engine is closed.
func (e *Engine) view(fn func(Tx) error) error {
	if e.closedNow() {
		return store.ErrClosed
	}
	return e.medium.View(func(tx Tx) error {
		err := fn(tx)
		if r, ok := tx.(Remote); ok && r.Err() != nil {
			return fmt.Errorf("%w: %w", store.ErrUnhealthy, r.Err())
		}
		return err
	})
}

// Record implements store.Store.
func (e *Engine) Record(id string) (r journey.Record, err error) {
	err = e.view(func(tx Tx) error {
		fetchRecord(tx, id)
		r, err = readRecord(tx, id)
		return err
	})
	return r, err
}

// Customer implements store.Store.
func (e *Engine) Customer(id string) (c journey.Customer, err error) {
	err = e.view(func(tx Tx) error {
		if c, err = whole(tx, id); err != nil {
			return err
		}
		for i, x := range c.Identities {
			c.Identities[i].Shared = x.Shared || e.loadIdentity(tx, x.Type, x.Value).shared()
		}
		return nil
	})
	return c, err
}

// RecordOf implements store.Store.
func (e *Engine) RecordOf(interaction string) (record string, err error) {
	err = e.view(func(tx Tx) error {
		if record = string(tx.Get(interactions, []byte(interaction))); record == "" {
			return fmt.Errorf("interaction %s: %w", interaction, store.ErrNotFound)
		}
		return nil
	})
	return record, err
}

// Timeline implements store.Store.
func (e *Engine) Timeline(record string, after uint64, limit int) (list []journey.Event, err error) {
	prefix := under(record)
	err = e.view(func(tx Tx) error {
		if tx.Get(records, []byte(record)) == nil {
			return fmt.Errorf("record %s: %w", record, store.ErrNotFound)
		}
		var bad error
		o := opener{tx: tx}
		tx.Scan(events, Range{Prefix: prefix, From: numbered(prefix, after+1)}, func(k, v []byte) bool {
			var ev journey.Event
			if ev, bad = o.decodeEvent(record, number(k), v); bad != nil {
				return false
			}
			list = append(list, ev)
			return len(list) < clamp(limit)
		})
		return bad
	})
	return list, err
}

func clamp(limit int) int { return min(max(limit, 1), store.MaxRead) }

// Work implements store.Store.
func (e *Engine) Work(domain string, tail func(store.WorkEntry) error) (snap store.WorkSnapshot, err error) {
	prefix := under(domain)
	err = e.view(func(tx Tx) error {
		if raw := tx.Get(snapshots, []byte(domain)); raw != nil {
			if err := json.Unmarshal(raw, &snap); err != nil {
				return fmt.Errorf("snapshot of %s: %w: %w", domain, store.ErrCorrupt, err)
			}
		}
		var bad error
		tx.Scan(work, Range{Prefix: prefix, From: numbered(prefix, snap.Order+1)}, func(k, v []byte) bool {
			w, err := decodeWork(domain, number(k), v)
			if err == nil && tail != nil {
				err = tail(w)
			}
			bad = err
			return err == nil
		})
		return bad
	})
	return snap, err
}

// ItemHistory implements store.Store.
func (e *Engine) ItemHistory(domain, item string, limit int) (list []store.WorkEntry, err error) {
	err = e.view(func(tx Tx) error {
		var orders []Ref
		tx.Scan(byItem, Range{Prefix: under(domain, item)}, func(k, _ []byte) bool {
			orders = append(orders, Ref{Bucket: work, Key: numbered(under(domain), number(k))})
			return len(orders) < clamp(limit)
		})
		if r, ok := tx.(Remote); ok {
			_ = r.Fetch(orders)
		}
		for _, x := range orders {
			w, err := decodeWork(domain, number(x.Key), tx.Get(work, x.Key))
			if err != nil {
				return err
			}
			list = append(list, w)
		}
		return nil
	})
	return list, err
}

// Bindings implements store.Store.
func (e *Engine) Bindings(now time.Time) (list []store.Binding, err error) {
	err = e.view(func(tx Tx) error {
		tx.Scan(bindings, Range{}, func(k, v []byte) bool {
			if ends, _ := unpair(v); len(v) >= 16 && ends > uint64(now.UnixNano()) {
				list = append(list, store.Binding{Key: string(k), Expires: fromNano(ends), Body: append([]byte(nil), v[16:]...)})
			}
			return true
		})
		return nil
	})
	return list, err
}

// maxScanned is how many records one search looks at.
const maxScanned = 20_000

// Search implements store.Store.
func (e *Engine) Search(q store.Query) (list []journey.Record, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Text = strings.ToLower(q.Text)
	err = e.view(func(tx Tx) error {
		found := searcher{tx: tx, q: q}
		owners, narrow := e.owners(tx, q)
		if narrow {
			found.each(recordsOf(tx, owners, q.Before, maxScanned))
		} else {
			found.all()
		}
		list = found.list
		return nil
	})
	return list, err
}
