package engine

import (
	"context"
	"encoding/binary"
	"fmt"

	"tandem/store"
)

// fedEvent names an event in the feed.
type fedEvent struct {
	record string
	seq    uint64
}

// writeFeed appends what the group wrote to the order of the site: one entry for all of it.
func (e *Engine) writeFeed(tx Tx) error {
	if len(e.fed) == 0 {
		return nil
	}
	n, value := len(e.fed), encodeFeed(e.fed)
	if r, ok := tx.(Remote); ok {
		r.Log(n, value, store.FeedKept)
		return nil
	}
	if e.newest == 0 {
		e.newest, e.oldest = localBounds(tx)
	}
	if err := tx.Put(feed, numbered(nil, e.newest+1), value); err != nil {
		return err
	}
	e.newest += uint64(n)
	return e.forgetFed(tx)
}

// forgetFed keeps the feed within its window: several entries at a time, so that it shrinks if groups do.
func (e *Engine) forgetFed(tx Tx) error {
	for range 8 {
		if e.newest-e.oldest < store.FeedKept {
			return nil
		}
		first, _ := binary.Uvarint(tx.Get(feed, numbered(nil, e.oldest)))
		if first == 0 || e.oldest+first > e.newest {
			return nil
		}
		if err := tx.Delete(feed, numbered(nil, e.oldest)); err != nil {
			return err
		}
		e.oldest += first
	}
	return nil
}

// localBounds reads the newest and the oldest order from the entries themselves.
func localBounds(tx Tx) (newest, oldest uint64) {
	oldest = 1
	tx.Scan(feed, Range{Reverse: true}, func(k, v []byte) bool {
		n, _ := binary.Uvarint(v)
		newest = number(k) + n - 1
		return false
	})
	tx.Scan(feed, Range{}, func(k, _ []byte) bool {
		oldest = number(k)
		return false
	})
	return newest, oldest
}

// encodeFeed packs: number of events, then for each: length of the record's id, id, seq.
func encodeFeed(list []fedEvent) []byte {
	v := binary.AppendUvarint(make([]byte, 0, 40*len(list)), uint64(len(list)))
	for _, f := range list {
		v = binary.AppendUvarint(v, uint64(len(f.record)))
		v = append(v, f.record...)
		v = binary.AppendUvarint(v, f.seq)
	}
	return v
}

func decodeFeed(v []byte) (list []fedEvent) {
	n, used := binary.Uvarint(v)
	for v = v[max(used, 0):]; n > 0; n-- {
		size, used := binary.Uvarint(v)
		if used <= 0 || uint64(len(v)-used) < size {
			return list
		}
		record := string(v[used : used+int(size)])
		v = v[used+int(size):]
		seq, used := binary.Uvarint(v)
		if used <= 0 {
			return list
		}
		v = v[used:]
		list = append(list, fedEvent{record, seq})
	}
	return list
}

func feedBounds(tx Tx) (newest, oldest uint64, err error) {
	if r, ok := tx.(Remote); ok {
		return r.Bounds()
	}
	newest, oldest = localBounds(tx)
	return newest, oldest, nil
}

// FeedHead implements store.Store.
func (e *Engine) FeedHead() (newest, oldest uint64, err error) {
	err = e.view(func(tx Tx) error {
		newest, oldest, err = feedBounds(tx)
		return err
	})
	return newest, oldest, err
}

// feedPage is how many events one read of a follower takes, or the rest of an entry.
const feedPage = 256

// Follow implements store.Store.
func (e *Engine) Follow(ctx context.Context, after uint64, fn func(store.FeedEvent) error) error {
	for {
		changed := e.awaitFeed()
		list, err := e.readFeed(after)
		if err != nil {
			return err
		}
		for _, x := range list {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := fn(x); err != nil {
				return err
			}
			after = x.Order
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.ended:
			return store.ErrClosed
		}
	}
}

// readFeed gives some events after a cursor.
func (e *Engine) readFeed(after uint64) (list []store.FeedEvent, err error) {
	err = e.view(func(tx Tx) error {
		newest, oldest, err := feedBounds(tx)
		switch {
		case err != nil || after == newest:
			return err
		case after > newest || after+1 < oldest:
			return fmt.Errorf("%w: event %d, kept are %d to %d", store.ErrGone, after, oldest, newest)
		}
		start := after + 1
		tx.Scan(feed, Range{Reverse: true, From: numbered(nil, start)}, func(k, _ []byte) bool {
			start = number(k)
			return false
		})
		var found []fedEvent
		first := start
		tx.Scan(feed, Range{From: numbered(nil, start)}, func(_, v []byte) bool {
			found = append(found, decodeFeed(v)...)
			return len(found) < feedPage
		})
		skip := min(after+1-first, uint64(len(found)))
		list, err = e.resolveFeed(tx, found[skip:], after)
		return err
	})
	return list, err
}

func (e *Engine) resolveFeed(tx Tx, found []fedEvent, after uint64) ([]store.FeedEvent, error) {
	if r, ok := tx.(Remote); ok {
		refs := make([]Ref, len(found))
		for i, f := range found {
			refs[i] = Ref{Bucket: events, Key: numbered(under(f.record), f.seq)}
		}
		if err := r.Fetch(refs); err != nil {
			return nil, err
		}
		keys := refs[:0]
		for _, f := range found {
			if _, slot, _ := split(tx.Get(events, numbered(under(f.record), f.seq))); slot != 0 {
				keys = append(keys, Ref{Bucket: vault, Key: numbered(nil, slot)})
			}
		}
		if err := r.Fetch(keys); err != nil {
			return nil, err
		}
	}
	list := make([]store.FeedEvent, 0, len(found))
	o := opener{tx: tx}
	for i, f := range found {
		ev, err := o.decodeEvent(f.record, f.seq, tx.Get(events, numbered(under(f.record), f.seq)))
		if err != nil {
			return nil, err
		}
		list = append(list, store.FeedEvent{Order: after + 1 + uint64(i), Event: ev})
	}
	return list, nil
}

// awaitFeed gives a channel that is closed with the next commit that tells something.
func (e *Engine) awaitFeed() <-chan struct{} {
	e.feedMu.Lock()
	defer e.feedMu.Unlock()
	return e.feedMore
}

// tellFeed wakes whoever follows.
func (e *Engine) tellFeed() {
	e.feedMu.Lock()
	defer e.feedMu.Unlock()
	close(e.feedMore)
	e.feedMore = make(chan struct{})
}
