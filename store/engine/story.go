package engine

import (
	"slices"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// maxStory is how many of a customer's newest records a story looks at.
const maxStory = 500

// Story implements store.Store. Records are taken by their last activity, until no older one can hold one of the newest events.
func (e *Engine) Story(customer string, limit int) (list []journey.Event, err error) {
	limit = clamp(limit)
	err = e.view(func(tx Tx) error {
		owners := membersOf(tx, customer)
		if _, err := loadCustomer(tx, owners[0]); err != nil {
			return err
		}
		var all []journey.Record
		for _, id := range recordsOf(tx, owners, "", maxStory) {
			if r, err := plainRecord(tx, id); err == nil {
				all = append(all, r)
			}
		}
		slices.SortStableFunc(all, func(a, b journey.Record) int { return b.Touched.Compare(a.Touched) })
		var tails [][]journey.Event
		have := 0
		for _, r := range all {
			if have >= limit && r.Touched.Before(oldestOf(tails, limit)) {
				break
			}
			t, err := tailOf(tx, r.ID, limit)
			if err != nil {
				return err
			}
			tails, have = append(tails, t), have+len(t)
		}
		list = weave(tails, limit)
		return nil
	})
	return list, err
}

// tailOf gives the newest events of a record, newest first.
func tailOf(tx Tx, record string, limit int) (list []journey.Event, err error) {
	prefix := under(record)
	o := opener{tx: tx}
	tx.Scan(events, Range{Prefix: prefix, Reverse: true}, func(k, v []byte) bool {
		var ev journey.Event
		if ev, err = o.decodeEvent(record, number(k), v); err != nil {
			return false
		}
		list = append(list, ev)
		return len(list) < limit
	})
	return list, err
}

// oldestOf gives the time of the limit-th newest event of some tails.
func oldestOf(tails [][]journey.Event, limit int) (at time.Time) {
	list := weave(tails, limit)
	return list[0].At
}

// weave merges tails, each newest first, by time into the newest events, oldest first. The order within a tail is kept.
func weave(tails [][]journey.Event, limit int) (list []journey.Event) {
	next := make([]int, len(tails))
	for len(list) < limit {
		best := -1
		for i, t := range tails {
			if next[i] < len(t) && (best < 0 || t[next[i]].At.After(tails[best][next[best]].At)) {
				best = i
			}
		}
		if best < 0 {
			break
		}
		list = append(list, tails[best][next[best]])
		next[best]++
	}
	slices.Reverse(list)
	return list
}

// RecordOfThread implements store.Store.
func (e *Engine) RecordOfThread(ref string) (record string, err error) {
	err = e.view(func(tx Tx) error {
		if record = string(tx.Get(threads, e.code("thread", ref))); record == "" {
			return store.ErrNotFound
		}
		return nil
	})
	return record, err
}

// Seen implements store.Store.
func (e *Engine) Seen(once string) (record string, seen bool, err error) {
	err = e.view(func(tx Tx) error {
		v := tx.Get(onces, []byte(once))
		if seen = len(v) >= 8; seen {
			record = string(v[8:])
		}
		return nil
	})
	return record, seen, err
}

// Token implements store.Store.
func (e *Engine) Token(text string) (t store.Token, err error) {
	err = e.view(func(tx Tx) error {
		t, _, err = loadToken(tx, text)
		return err
	})
	return t, err
}
