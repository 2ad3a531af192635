package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tandem/sip/b2bua"
	"tandem/store"
	"tandem/store/cdr"
	"tandem/store/journey"
)

// callJournal writes the events of calls into the store. What the store refuses for its own reasons is held, in order, and
// written when it is well again; a batch of events has the marks of the calls that are live after it.
type callJournal struct {
	store store.Store
	ended func(journey.Event) // hears of each call whose end is durable
	due   func() bool         // whether a call that ends now is marked until its CDR is safe; nil: none is
	log   *slog.Logger

	mu   sync.Mutex
	held []journey.Event // guarded by mu
	busy bool            // guarded by mu: held is being written

	flying sync.WaitGroup // batches that the store has not answered
}

// maxHeld bounds the events that wait for an ill store. Beyond it they are lost, loudly.
const maxHeld = 100_000

func newCallJournal(st store.Store, log *slog.Logger) *callJournal {
	return &callJournal{store: st, ended: func(journey.Event) {}, log: log}
}

// errHeld says that too many events wait for an ill store.
var errHeld = errors.New("too many events wait for the store")

// Append implements b2bua.Journal.
func (j *callJournal) Append(ev journey.Event) error {
	j.mu.Lock()
	waits, full := len(j.held) > 0, len(j.held) >= maxHeld
	if waits && !full {
		j.held = append(j.held, ev)
	}
	j.mu.Unlock()
	if full {
		return errHeld
	}
	if waits {
		return nil
	}
	err := j.send([]journey.Event{ev}, func(err error) {
		switch {
		case err == nil:
			j.written(ev)
		case !j.hold(ev, err):
			j.log.Error("event lost", "record", ev.Record, "kind", ev.Kind, "err", err)
		}
	})
	if err != nil && j.hold(ev, err) {
		return nil
	}
	return err
}

// send hands events to the store. answer is called once if nil was returned, and never otherwise.
func (j *callJournal) send(events []journey.Event, answer func(error)) error {
	j.flying.Add(1)
	err := j.store.Append(j.batch(events), func(r store.Receipt) {
		answer(r.Err)
		j.flying.Done()
	})
	if err != nil {
		j.flying.Done()
	}
	return err
}

// close waits until the store has answered, and tries once more to write what is held. Nothing may be appended any more.
func (j *callJournal) close() {
	j.flying.Wait()
	j.tick()
	j.flying.Wait()
	j.mu.Lock()
	left := len(j.held)
	j.mu.Unlock()
	if left > 0 {
		j.log.Error("events lost: the store took none until the end", "events", left)
	}
}

// hold keeps an event for later; false where later would be no better.
func (j *callJournal) hold(ev journey.Event, why error) bool {
	if !errors.Is(why, store.ErrUnhealthy) && !errors.Is(why, store.ErrBusy) {
		return false
	}
	j.mu.Lock()
	n := len(j.held)
	if n < maxHeld {
		j.held = append(j.held, ev)
	}
	j.mu.Unlock()
	if n == 0 {
		j.log.Error("events are held: the store takes none", "err", why)
	}
	return n < maxHeld
}

func (j *callJournal) written(ev journey.Event) {
	if ev.Kind == journey.InteractionEnded {
		j.ended(ev)
	}
}

// heldBatch is how many held events are written at once; each may bring an update and two marks.
const heldBatch = 100

// tick writes what is held, if the store takes it.
func (j *callJournal) tick() {
	j.mu.Lock()
	if j.busy || len(j.held) == 0 {
		j.mu.Unlock()
		return
	}
	j.busy = true
	events := append([]journey.Event(nil), j.held[:min(heldBatch, len(j.held))]...)
	j.mu.Unlock()
	if err := j.send(events, func(err error) { j.tried(events, err) }); err != nil {
		j.tried(events, err)
	}
}

// tried takes written events off the front. One that can never be written is lost with its batch, loudly.
func (j *callJournal) tried(events []journey.Event, err error) {
	later := errors.Is(err, store.ErrUnhealthy) || errors.Is(err, store.ErrBusy) || errors.Is(err, store.ErrClosed)
	j.mu.Lock()
	j.busy = false
	if !later {
		j.held = append(j.held[:0:0], j.held[len(events):]...)
	}
	left := len(j.held)
	j.mu.Unlock()
	switch {
	case later:
		return
	case err != nil:
		j.log.Error("held events lost", "events", len(events), "err", err)
		return
	}
	for _, ev := range events {
		j.written(ev)
	}
	j.log.Info("held events written", "events", len(events), "left", left)
	if left > 0 {
		j.tick()
	}
}

// batch is events with what they change, and the marks of calls whose CDR is due.
func (j *callJournal) batch(events []journey.Event) store.Batch {
	b := batchOfEvents(events...)
	if j.due == nil || !j.due() {
		return b
	}
	for _, ev := range events {
		if ev.Kind == journey.InteractionEnded {
			b.Bindings = append(b.Bindings, store.Binding{Key: dueMark + ev.Interaction, Expires: ev.At.Add(liveFor), Body: []byte(ev.Record)})
		}
	}
	return b
}

// batchOfEvents is events with what they change: an attribute of the record, and the mark of a live call.
func batchOfEvents(events ...journey.Event) store.Batch {
	batch := store.Batch{Events: events}
	for _, ev := range events {
		switch ev.Kind {
		case journey.AttributeSet:
			name, value := ev.Data[journey.DataName], ev.Data[journey.DataValue]
			update := store.Update{Record: ev.Record, Set: map[string]string{name: value}, At: ev.At}
			if name == topicAttribute {
				update.Topic = value
			}
			batch.Updates = append(batch.Updates, update)
		case journey.InteractionStarted:
			batch.Bindings = append(batch.Bindings, store.Binding{Key: liveMark + ev.Interaction, Expires: ev.At.Add(liveFor), Body: []byte(ev.Record)})
		case journey.InteractionEnded:
			batch.Bindings = append(batch.Bindings, store.Binding{Key: liveMark + ev.Interaction})
		}
	}
	return batch
}

// mostDue bounds the calls that are marked until their CDR is safe: registrations need room too.
const mostDue = 20_000

// A live call has a mark among the bindings, written with its first event and removed with its last: what is marked when we
// start was cut off. A call that has ended has one until its CDR is safe. No address of record has a space, so no registration has such a key.
const (
	liveMark = "live-call "
	dueMark  = "due-cdr "
	liveFor  = 30 * 24 * time.Hour
)

// closeTime bounds how long a start waits for the ends of interrupted calls to be durable.
const closeTime = 10 * time.Second

// errNotEnded: calls of before could not be ended; they are marked still.
var errNotEnded = errors.New("interrupted calls not ended")

// closeInterrupted ends the calls that were live when the process died, at the last sign of life.
func (j *callJournal) closeInterrupted(lived time.Time) error {
	marks, err := j.store.Bindings(time.Now())
	if err != nil {
		return fmt.Errorf("interrupted calls: %w", err)
	}
	var events []journey.Event
	for _, m := range marks {
		if call, ok := strings.CutPrefix(m.Key, liveMark); ok {
			events = append(events, interrupted(call, string(m.Body), lived))
		}
	}
	if len(events) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	for from := 0; from < len(events); from += heldBatch {
		part := events[from:min(from+heldBatch, len(events))]
		if _, err := store.AppendWait(ctx, j.store, j.batch(part)); err != nil {
			return fmt.Errorf("%w: %d calls: %w", errNotEnded, len(events)-from, err)
		}
		for _, ev := range part {
			j.written(ev)
		}
	}
	j.log.Warn("calls were cut off by the end of the process", "calls", len(events), "at", lived)
	return nil
}

// interrupted is the end of a call that the process did not live to see. Cause 41 is a temporary failure, of ours.
func interrupted(call, record string, at time.Time) journey.Event {
	return journey.Event{
		Record: record, At: at, Kind: journey.InteractionEnded, Channel: journey.Voice, Interaction: call, Actor: "system",
		Data: map[string]string{
			journey.DataReason: "restart", journey.DataBy: "system", journey.DataCause: strconv.Itoa(b2bua.Internal.Q850()),
		},
	}
}

// lastLife is when the process was last known to live: when the store's file was changed or touched. Now, where there is none.
func lastLife(path string) time.Time {
	info, err := os.Stat(path)
	if err != nil {
		return time.Now()
	}
	return info.ModTime()
}

// showLife touches the store's file. Failing that the last write counts.
func showLife(path string, now time.Time) { _ = os.Chtimes(path, now, now) }

// openCDR opens the file of call detail records, if there is to be one, and has the lines written that the life before was not given time
// for. A line of another node's file cannot be seen: a call that ended in the instant before that node died may have one in both.
func (g *site) openCDR(j *callJournal) error {
	if g.cfg.CDR.Path == "" {
		return nil
	}
	cfg := g.cfg.CDR.File()
	cfg.Apart = g.shared != nil
	f, err := cdr.OpenFile(cfg)
	if err != nil {
		return err
	}
	marks, err := j.store.Bindings(time.Now())
	if err != nil {
		return errors.Join(fmt.Errorf("calls without a CDR: %w", err), f.Close())
	}
	var due []journey.Event
	var calls []string
	for _, m := range marks {
		if call, ok := strings.CutPrefix(m.Key, dueMark); ok {
			due = append(due, journey.Event{Kind: journey.InteractionEnded, Interaction: call, Record: string(m.Body)})
			calls = append(calls, call)
		}
	}
	found, err := f.Find(calls)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	g.cdr = cdr.NewWriter(f, g.store.Timeline, j.safe, g.log, g.registry)
	j.ended, j.due = g.cdr.Ended, func() bool { return g.cdr.Waiting() < mostDue }
	left := 0
	for _, ev := range due {
		if !found[ev.Interaction] {
			left++
			j.ended(ev)
		}
	}
	j.safe(slices.DeleteFunc(due, func(ev journey.Event) bool { return !found[ev.Interaction] }))
	if left > 0 {
		g.log.Warn("CDRs of calls that ended just before the process did", "calls", left)
	}
	return nil
}

// safe takes the marks of calls whose CDR is. One that the store does not take goes with the next start.
func (j *callJournal) safe(events []journey.Event) {
	for part := range slices.Chunk(events, store.MaxBatch) {
		var b store.Batch
		for _, ev := range part {
			b.Bindings = append(b.Bindings, store.Binding{Key: dueMark + ev.Interaction})
		}
		if err := j.store.Append(b, nil); err != nil {
			j.log.Warn("marks of CDRs not taken away: the next start does it", "calls", len(part), "err", err)
		}
	}
}
