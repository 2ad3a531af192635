package digitaltest

import (
	"errors"
	"io"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"tandem/digital"
	"tandem/store/journey"
)

// ErrDown is what a House answers that was told to fail.
var ErrDown = errors.New("house: told to fail")

// House is what a hub works with, in memory. Its methods may be called from any goroutine.
type House struct {
	// Route decides who answers; nil: nobody. Set it before the hub is used.
	Route func(digital.Situation) digital.Route
	// Spoken gives the text of prompts; nil: their names.
	Spoken func([]string) string
	// Later has the test answer wishes, with WishDone.
	Later bool

	mu       sync.Mutex // guards what stands below
	events   []journey.Event
	keys     map[string]bool
	records  map[string]string // of an identity or token
	open     map[string]string // conversation of a thread, where the house remembers them
	refuse   int               // appends refused at the door
	lose     int               // appends that answer an error and write nothing
	hide     int               // appends that answer an error and are durable all the same
	mute     bool              // the records do not answer
	unread   error             // why no record can be read
	slow     []func()          // answers of the journal that are held back
	holding  bool
	queue    []any
	busy     bool
	wishes   []any
	updates  []digital.Update
	notified chan struct{}
}

// NewHouse makes an empty house.
func NewHouse() *House {
	return &House{keys: map[string]bool{}, records: map[string]string{}, open: map[string]string{}, notified: make(chan struct{})}
}

// Parts gives what a hub needs, with this house behind it.
func (h *House) Parts(adapters ...digital.Adapter) digital.Parts {
	return digital.Parts{
		Records: h, Journal: h, Queues: h, Router: router{h}, Texts: h, Wishes: h, Observer: h, Adapters: adapters,
		Metrics: digital.NewMetrics(nil), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
}

// changedLocked wakes whoever waits in Wait.
func (h *House) changedLocked() {
	close(h.notified)
	h.notified = make(chan struct{})
}

// Wait returns when ok does, which is asked under the house's lock after every change, or false when the time is over.
func (h *House) Wait(ok func(events []journey.Event, queue []any, updates []digital.Update) bool, most time.Duration) bool {
	over := time.After(most)
	for {
		h.mu.Lock()
		done, next := ok(h.events, h.queue, h.updates), h.notified
		h.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-next:
		case <-over:
			return false
		}
	}
}

// Refuse lets n appends be refused at the door.
func (h *House) Refuse(n int) { h.set(func() { h.refuse = n }) }

// Lose lets n appends fail and write nothing.
func (h *House) Lose(n int) { h.set(func() { h.lose = n }) }

// Hide lets n appends fail that are durable all the same.
func (h *House) Hide(n int) { h.set(func() { h.hide = n }) }

// Mute lets the records answer nothing any more, or again.
func (h *House) Mute(on bool) { h.set(func() { h.mute = on }) }

// Unread lets records refuse to be read, for a reason; nil: they can be.
func (h *House) Unread(why error) { h.set(func() { h.unread = why }) }

// Busy lets the dispatcher take nothing, or again.
func (h *House) Busy(on bool) { h.set(func() { h.busy = on }) }

// Know lets the records say that an identity's value or a token belongs to a record.
func (h *House) Know(value, record string) { h.set(func() { h.records[value] = record }) }

// Remember lets the records name the open conversation of a thread.
func (h *House) Remember(thread, conversation string) {
	h.set(func() { h.open[thread] = conversation })
}

func (h *House) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// Hold keeps the journal's answers back until Release.
func (h *House) Hold() { h.set(func() { h.holding = true }) }

// Release gives the answers that were kept back.
func (h *House) Release() {
	h.mu.Lock()
	list := h.slow
	h.slow, h.holding = nil, false
	h.mu.Unlock()
	for _, answer := range list {
		answer()
	}
}

// Append implements digital.Journal.
func (h *House) Append(events []journey.Event, done func(error)) error {
	h.mu.Lock()
	if h.refuse > 0 {
		h.refuse--
		h.mu.Unlock()
		return ErrDown
	}
	err := h.appendLocked(events)
	answer := func() { done(err) }
	if h.holding {
		h.slow = append(h.slow, answer)
		h.mu.Unlock()
		return nil
	}
	h.mu.Unlock()
	answer()
	return nil
}

func (h *House) appendLocked(events []journey.Event) error {
	if h.lose > 0 {
		h.lose--
		return ErrDown
	}
	for _, e := range events {
		if err := e.Validate(); err != nil {
			return err
		}
	}
	for _, e := range events {
		if e.Key != "" && h.keys[e.Record+"|"+e.Key] {
			continue
		}
		h.keys[e.Record+"|"+e.Key] = e.Key != ""
		e.Seq, e.Data = uint64(len(h.events)+1), maps.Clone(e.Data)
		h.events = append(h.events, e)
	}
	h.changedLocked()
	if h.hide > 0 {
		h.hide--
		return ErrDown
	}
	return nil
}

// Events gives all that was written.
func (h *House) Events() []journey.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]journey.Event(nil), h.events...)
}

// Identify implements digital.Records: one record for each identity, or the one that Know named.
func (h *House) Identify(a digital.Arrival, done func(digital.Identity)) error {
	h.mu.Lock()
	if h.mute {
		h.mu.Unlock()
		return nil
	}
	id := digital.Identity{Record: a.Record, Strength: journey.Claimed, Conversation: h.open[a.Thread]}
	if id.Record == "" && a.Token != "" {
		id.Record = h.records[a.Token]
	}
	for _, i := range a.Identities {
		if id.Record == "" {
			id.Record = h.records[i.Value]
		}
	}
	if id.Record == "" {
		id.Record = "r_" + strconv.Itoa(len(h.records)+1)
	}
	for _, i := range a.Identities {
		h.records[i.Value] = id.Record
	}
	if len(a.Identities) == 0 {
		h.records[id.Record] = id.Record
	}
	h.mu.Unlock()
	done(id)
	return nil
}

// Load implements digital.Records.
func (h *House) Load(conversation string, done func(digital.History)) error {
	h.mu.Lock()
	if h.mute {
		h.mu.Unlock()
		return nil
	}
	if why := h.unread; why != nil {
		h.mu.Unlock()
		return why
	}
	var found digital.History
	for _, e := range h.events {
		if e.Interaction == conversation {
			found.Events, found.Identity.Record = append(found.Events, e), e.Record
		}
	}
	if len(found.Events) == 0 {
		found.Err = digital.ErrNotFound
	}
	h.mu.Unlock()
	done(found)
	return nil
}

// Observe implements digital.Observer.
func (h *House) Observe(u digital.Update) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.updates = append(h.updates, u)
	h.changedLocked()
}

// Updates gives all updates so far.
func (h *House) Updates() []digital.Update {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]digital.Update(nil), h.updates...)
}
