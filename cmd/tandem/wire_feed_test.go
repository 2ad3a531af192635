package main

import (
	"context"
	"errors"
	"testing"

	"tandem/digital/api/feed"
	"tandem/store"
	"tandem/store/journey"
)

func TestTheFeedIsTheStoresOrder(t *testing.T) {
	st := openMemory(t)
	for _, kind := range []journey.Kind{journey.InteractionStarted, journey.Note, journey.InteractionEnded} {
		if _, err := store.AppendWait(t.Context(), st, store.Batch{Now: true, Events: []journey.Event{callEvent("c_1", kind)}}); err != nil {
			t.Fatal(err)
		}
	}
	f := feedSource{st}
	newest, oldest, err := f.Head()
	if err != nil || newest < oldest+2 {
		t.Fatalf("head: %d, %d, %v", newest, oldest, err)
	}
	var got []journey.Kind
	enough := errors.New("enough")
	last := newest - 3
	err = f.Follow(context.Background(), newest-3, func(order uint64, ev journey.Event) error {
		if order <= last {
			t.Errorf("order %d follows %d", order, last)
		}
		last = order
		if got = append(got, ev.Kind); len(got) == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || got[0] != journey.InteractionStarted || got[2] != journey.InteractionEnded {
		t.Errorf("got %v, %v", got, err)
	}
	if err := (feedSource{goneStore{st}}).Follow(context.Background(), 0, nil); !errors.Is(err, feed.ErrGone) {
		t.Errorf("got %v, want %v", err, feed.ErrGone)
	}
}

// goneStore keeps no old events.
type goneStore struct{ store.Store }

func (goneStore) Follow(context.Context, uint64, func(store.FeedEvent) error) error {
	return store.ErrGone
}
