package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"tandem/store/journey"
)

// Source is a journal that pushes: what a store's Follow does.
type Source interface {
	// Follow calls fn for each event with an order above after, in order, and goes on with new ones until ctx ends or fn gives an
	// error, which it returns. It answers ErrGone if what follows after is no longer kept.
	Follow(ctx context.Context, after uint64, fn func(order uint64, e journey.Event) error) error
	// Head gives the order of the newest event and of the oldest that is kept; 0, 1 while there is none.
	Head() (newest, oldest uint64, err error)
}

// Followed is a Feed over a Source: its newest events in memory, so that many readers cost the source one. While nobody reads it costs
// the source nothing.
type Followed struct {
	src  Source
	keep int
	wake chan struct{} // somebody waits for events and nothing follows; holds one

	mu        sync.Mutex
	following bool // what stands below is kept up to date
	tail      []Event
	last      uint64 // order of the tail's last, or before its first
	changed   chan struct{}
	read      time.Time // when somebody asked for changes
}

const (
	readTimeout = 10 * time.Second // of a look at what is older than the tail
	idleAfter   = time.Minute      // nobody has asked for changes for so long: the next event ends the tail
	followAgain = time.Second      // after the source has failed
)

// errEnough ends a Follow that has given what was wanted.
var errEnough = errors.New("enough")

// NewFollowed makes a feed that keeps at least so many of its newest events in memory while it is read. Run must follow.
func NewFollowed(src Source, keep int) *Followed {
	return &Followed{src: src, keep: max(keep, 1), wake: make(chan struct{}, 1), changed: make(chan struct{})}
}

// Run follows the source for as long as somebody reads, until ctx ends. When the source fails it tries again after a second.
func (f *Followed) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		}
		if f.follow(ctx) || ctx.Err() != nil {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(followAgain):
			f.wakeUp()
		}
	}
}

// wakeUp lets Run begin to follow, if it does not.
func (f *Followed) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// follow keeps the tail until nobody reads; false: the source has failed.
func (f *Followed) follow(ctx context.Context) bool {
	newest, _, err := f.src.Head()
	if err != nil {
		return false
	}
	f.turn(true, newest) // who waits reads what came before from the source
	defer f.turn(false, 0)
	err = f.src.Follow(ctx, newest, f.add)
	return errors.Is(err, errEnough)
}

// turn begins or ends the tail, and wakes the readers: they look again.
func (f *Followed) turn(on bool, last uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.following, f.tail, f.last = on, nil, last
	close(f.changed)
	f.changed = make(chan struct{})
}

// add takes an event into the tail and wakes the readers; errEnough where there are none any more.
func (f *Followed) add(order uint64, e journey.Event) error {
	ev := FromJourney(order, e)
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.read) > idleAfter {
		return errEnough // one who waits is woken, and reads it from the source
	}
	if len(f.tail) >= 2*f.keep {
		f.tail = slices.Clone(f.tail[len(f.tail)-f.keep:])
	}
	f.tail, f.last = append(f.tail, ev), order
	close(f.changed)
	f.changed = make(chan struct{})
	return nil
}

// Changed implements Feed.
func (f *Followed) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.read = time.Now()
	if !f.following {
		f.wakeUp()
	}
	return f.changed
}

// Last implements Feed.
func (f *Followed) Last() (string, error) {
	newest, _, err := f.src.Head()
	return cursorOf(newest), err
}

// cursorOf writes an order; 0, before the first event, is empty: the oldest.
func cursorOf(order uint64) string {
	if order == 0 {
		return ""
	}
	return strconv.FormatUint(order, 10)
}

// After implements Feed.
func (f *Followed) After(cursor string, limit int) ([]Event, error) {
	after, newest, err := f.order(cursor)
	if err != nil || after == newest {
		return nil, err
	}
	events, ok := f.fromTail(after, limit)
	if ok {
		return events, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	err = f.src.Follow(ctx, after, func(order uint64, e journey.Event) error {
		events = append(events, FromJourney(order, e))
		if order >= newest || len(events) >= limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return events, nil
	}
	if err == nil {
		err = errors.New("the journal ended")
	}
	return nil, fmt.Errorf("events after %q: %w", cursor, err)
}

// order reads a cursor and holds it against what there is.
func (f *Followed) order(cursor string) (after, newest uint64, err error) {
	newest, oldest, err := f.src.Head()
	if err != nil {
		return 0, 0, err
	}
	if cursor == "" {
		return max(oldest, 1) - 1, newest, nil
	}
	after, err = strconv.ParseUint(cursor, 10, 64)
	if err != nil || cursorOf(after) != cursor || after > newest {
		return 0, 0, ErrCursor
	}
	if after+1 < oldest {
		return 0, 0, ErrGone
	}
	return after, newest, nil
}

// fromTail answers from memory; ok is false if what is wanted is older.
func (f *Followed) fromTail(after uint64, limit int) (events []Event, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := f.last - uint64(len(f.tail)) // the order before the tail
	if !f.following || after < first {
		return nil, false
	}
	if after >= f.last {
		return nil, true // the tail will have it in a moment, and say so
	}
	part := f.tail[after-first:]
	return slices.Clone(part[:min(limit, len(part))]), true
}

// told is the data of a journey event as outsiders get it.
type told struct {
	Seq         uint64            `json:"seq"`
	Kind        journey.Kind      `json:"kind"`
	Channel     journey.Channel   `json:"channel,omitempty"`
	Interaction string            `json:"interaction,omitempty"`
	Item        string            `json:"item,omitempty"`
	Epoch       uint64            `json:"epoch,omitempty"`
	Actor       string            `json:"actor,omitempty"`
	Privacy     journey.Privacy   `json:"privacy,omitempty"`
	Data        map[string]string `json:"data,omitempty"`
}

// TypePrefix stands before the kind of a journal event in the type of ours.
const TypePrefix = "tandem."

// FromJourney turns a journal event into one for outsiders. What is personal stays here: who may know it reads the record.
func FromJourney(order uint64, e journey.Event) Event {
	v := told{Seq: e.Seq, Kind: e.Kind, Channel: e.Channel, Interaction: e.Interaction, Item: e.Item, Epoch: e.Epoch, Actor: e.Actor, Privacy: e.Privacy}
	if e.Privacy != journey.Personal && e.Privacy != journey.Sensitive {
		for key, value := range e.Data {
			if journey.PersonalKey(key) {
				continue
			}
			if v.Data == nil {
				v.Data = map[string]string{}
			}
			v.Data[key] = value
		}
	}
	data, err := json.Marshal(v)
	if err != nil {
		panic("feed: plain values that are no JSON: " + err.Error())
	}
	out := Event{Cursor: cursorOf(order), ID: e.Record + "/" + strconv.FormatUint(e.Seq, 10), Type: TypePrefix + string(e.Kind), Time: e.At,
		Record: e.Record, Queue: e.Data[journey.DataQueue], Agent: e.Data[journey.DataAgent], Data: data}
	switch {
	case e.Item != "":
		out.Subject = "item/" + e.Item
	case e.Interaction != "":
		out.Subject = "interaction/" + e.Interaction
	default:
		out.Subject = "record/" + e.Record
	}
	return out
}
