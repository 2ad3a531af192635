package engine

import (
	"fmt"

	"tandem/store"
	"tandem/store/journey"
)

// appendOp is a queued Batch. Events are encoded before they enter the queue, on the caller's goroutine.
type appendOp struct {
	batch   store.Batch
	encoded []encoded // of batch.Events
	bytes   int
	done    func(store.Receipt)
	receipt store.Receipt
}

func newAppendOp(b store.Batch, done func(store.Receipt)) (*appendOp, error) {
	a := &appendOp{batch: b, done: done, encoded: make([]encoded, len(b.Events)), bytes: 256}
	for i, ev := range b.Events {
		x, err := encode(ev)
		if err != nil {
			return nil, fmt.Errorf("%w: event %s: %w", store.ErrInvalid, ev.Kind, err)
		}
		a.encoded[i] = x
		a.bytes += 2 * x.size()
	}
	for _, w := range b.Work {
		a.bytes += len(w.Body)
	}
	for _, x := range b.Bindings {
		a.bytes += len(x.Body)
	}
	for _, d := range b.Documents {
		a.bytes += len(d.Body)
	}
	if b.Snapshot != nil {
		a.bytes += len(b.Snapshot.Body)
	}
	return a, nil
}

func (a *appendOp) size() int { return a.bytes }

// urgent holds for what somebody waits for: a dispatcher performs nothing before its journal is written.
func (a *appendOp) urgent() bool {
	return a.batch.Now || len(a.batch.Work) > 0 || a.batch.Snapshot != nil
}

func (a *appendOp) finish(groupErr error) {
	if groupErr != nil {
		a.receipt = store.Receipt{Err: groupErr}
	}
	if a.done != nil {
		a.done(a.receipt)
	}
}

// apply checks everything first, then writes everything: a refused batch leaves no trace in the group's transaction.
func (a *appendOp) apply(e *Engine, tx Tx) error {
	a.receipt = store.Receipt{}
	if err := checkFence(tx, a.batch.Fence); err != nil {
		a.receipt.Err = err
		return nil
	}
	if a.batch.Once != "" && tx.Get(onces, []byte(a.batch.Once)) != nil {
		a.receipt.Repeated = true
		return nil
	}
	updates, err := a.check(e, tx)
	if err != nil {
		a.receipt.Err = err
		return nil
	}
	for _, write := range []func(*Engine, Tx) error{a.writeEvents, updates.write, a.writeWork, a.writeSnapshot, a.writeBindings,
		a.writeOnce, a.writeThreads, a.writeTokens, a.writeDocuments, a.writeMerges, a.writeErasures} {
		if err := write(e, tx); err != nil {
			return err
		}
	}
	return nil
}

func (a *appendOp) check(e *Engine, tx Tx) (*updateSet, error) {
	count := map[string]uint64{}
	for _, ev := range a.batch.Events {
		count[ev.Record]++
		if e.head(tx, ev.Record).seq+count[ev.Record] > store.MaxEvents {
			return nil, fmt.Errorf("%w: record %s has %d events", store.ErrLimit, ev.Record, store.MaxEvents)
		}
	}
	if e.bindings+len(a.batch.Bindings) > store.MaxBindings {
		return nil, fmt.Errorf("%w: %d bindings", store.ErrLimit, e.bindings)
	}
	if s := a.batch.Snapshot; s != nil {
		order := e.domain(tx, s.Domain).order
		for _, w := range a.batch.Work {
			if w.Domain == s.Domain {
				order++
			}
		}
		if s.Order > order {
			return nil, fmt.Errorf("%w: snapshot of %s at %d, newest entry is %d", store.ErrInvalid, s.Domain, s.Order, order)
		}
	}
	if err := a.checkShared(e, tx, count); err != nil {
		return nil, err
	}
	return e.checkUpdates(tx, a.batch.Updates, count)
}

func (a *appendOp) writeEvents(e *Engine, tx Tx) error {
	if len(a.batch.Events) == 0 {
		return nil
	}
	a.receipt.Seqs = make([]uint64, len(a.batch.Events))
	for i, ev := range a.batch.Events {
		if _, known := e.again(ev.Record, a.encoded[i].public, a.encoded[i].private); known {
			a.receipt.Duplicates++
			continue
		}
		seq, err := e.writeEvent(tx, ev, a.encoded[i])
		if err != nil {
			return err
		}
		if seq == 0 {
			a.receipt.Duplicates++
		}
		a.receipt.Seqs[i] = seq
	}
	return nil
}

// begins are the kinds of events by which an interaction is found again: Store.RecordOf.
var begins = map[journey.Kind]bool{journey.InteractionStarted: true, journey.ConversationOpened: true, journey.CallbackRequested: true}

// writeEvent gives 0 for a duplicate.
func (e *Engine) writeEvent(tx Tx, ev journey.Event, x encoded) (uint64, error) {
	h := e.head(tx, ev.Record)
	if !h.known {
		if err := e.openRecord(tx, journey.Record{ID: ev.Record, State: journey.Open, Opened: ev.At}); err != nil {
			return 0, err
		}
	}
	if ev.Key != "" {
		k := join(ev.Record, ev.Key)
		if tx.Get(keys, k) != nil {
			return 0, nil
		}
		if err := tx.Put(keys, k, numbered(nil, h.seq+1)); err != nil {
			return 0, err
		}
	}
	h.seq++
	e.touch(h, ev.At)
	e.fed = append(e.fed, fedEvent{ev.Record, h.seq})
	if begins[ev.Kind] && ev.Interaction != "" {
		if err := tx.Put(interactions, []byte(ev.Interaction), []byte(ev.Record)); err != nil {
			return 0, err
		}
	}
	value := x.public
	if x.private != nil {
		s, err := e.sealFor(tx, h)
		if err != nil {
			return 0, err
		}
		value = s.close(x.public, x.private, eventOwner(ev.Record, h.seq))
	}
	return h.seq, tx.Put(events, numbered(under(ev.Record), h.seq), value)
}

// note writes an event that the store itself has to tell.
func (e *Engine) note(tx Tx, ev journey.Event) error {
	x, err := encode(ev)
	if err != nil {
		return err
	}
	_, err = e.writeEvent(tx, ev, x)
	return err
}
