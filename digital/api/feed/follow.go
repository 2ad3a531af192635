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

// Followed is a Feed over a Source: its newest events in memory, so that many readers cost the source one.
type Followed struct {
	src  Source
	keep int

	mu      sync.Mutex
	tail    []Event
	last    uint64 // order of the tail's last
	changed chan struct{}
}

// readTimeout bounds a look at what is older than the tail.
const readTimeout = 10 * time.Second

// errEnough ends a Follow that has given what was wanted.
var errEnough = errors.New("enough")

// NewFollowed makes a feed that keeps at least so many of its newest events in memory. Run must follow.
func NewFollowed(src Source, keep int) (*Followed, error) {
	newest, _, err := src.Head()
	if err != nil {
		return nil, err
	}
	return &Followed{src: src, keep: max(keep, 1), last: newest, changed: make(chan struct{})}, nil
}

// Run follows the source until ctx ends. When the source fails it tries again after a second.
func (f *Followed) Run(ctx context.Context) error {
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-again.C:
		}
		f.mu.Lock()
		last := f.last
		f.mu.Unlock()
		err := f.src.Follow(ctx, last, func(order uint64, e journey.Event) error {
			f.add(order, e)
			return nil
		})
		if errors.Is(err, ErrGone) {
			f.restart()
		}
		again.Reset(time.Second)
	}
}

// add takes an event into the tail and wakes the readers.
func (f *Followed) add(order uint64, e journey.Event) {
	ev := FromJourney(order, e)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.tail) >= 2*f.keep {
		f.tail = slices.Clone(f.tail[len(f.tail)-f.keep:])
	}
	f.tail, f.last = append(f.tail, ev), order
	close(f.changed)
	f.changed = make(chan struct{})
}

// restart goes on with the oldest that is kept, after Run fell behind further than the source keeps.
func (f *Followed) restart() {
	_, oldest, err := f.src.Head()
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tail, f.last = nil, oldest-1
}

// Changed implements Feed.
func (f *Followed) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

// Last implements Feed.
func (f *Followed) Last() (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return cursorOf(f.last), nil
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
	after, err := f.order(cursor)
	if err != nil {
		return nil, err
	}
	events, newest, ok := f.fromTail(after, limit)
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
func (f *Followed) order(cursor string) (uint64, error) {
	newest, oldest, err := f.src.Head()
	if err != nil {
		return 0, err
	}
	if cursor == "" {
		return max(oldest, 1) - 1, nil
	}
	after, err := strconv.ParseUint(cursor, 10, 64)
	if err != nil || cursorOf(after) != cursor || after > newest {
		return 0, ErrCursor
	}
	if after+1 < oldest {
		return 0, ErrGone
	}
	return after, nil
}

// fromTail answers from memory; ok is false if what is wanted is older.
func (f *Followed) fromTail(after uint64, limit int) (events []Event, newest uint64, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := f.last - uint64(len(f.tail)) // the order before the tail
	if after >= f.last {
		return nil, f.last, true
	}
	if after < first {
		return nil, f.last, false
	}
	part := f.tail[after-first:]
	return slices.Clone(part[:min(limit, len(part))]), f.last, true
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
