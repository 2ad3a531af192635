package main

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
	"tandem/store/memory"
)

// illStore refuses everything while ill.
type illStore struct {
	store.Store
	ill bool
}

func (s *illStore) Append(b store.Batch, done func(store.Receipt)) error {
	if s.ill {
		return store.ErrUnhealthy
	}
	return s.Store.Append(b, done)
}

var journalStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func callEvent(call string, kind journey.Kind) journey.Event {
	return journey.Event{Record: "r_" + call, At: journalStart, Kind: kind, Channel: journey.Voice, Interaction: call}
}

func timeline(t *testing.T, st store.Store, call string) (kinds []journey.Kind) {
	t.Helper()
	events, err := st.Timeline("r_"+call, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestCallJournalHoldsWhatAnIllStoreRefuses(t *testing.T) {
	st := &illStore{Store: openMemory(t)}
	var ended []string
	j := newCallJournal(st, slog.New(slog.DiscardHandler))
	j.ended = func(ev journey.Event) { ended = append(ended, ev.Interaction) }
	st.ill = true
	for _, kind := range []journey.Kind{journey.InteractionStarted, journey.FlowEntered, journey.InteractionEnded} {
		if err := j.Append(callEvent("c_1", kind)); err != nil {
			t.Fatal(err)
		}
	}
	j.tick()
	if len(ended) != 0 {
		t.Fatalf("an end was told before it was durable: %v", ended)
	}
	st.ill = false
	if err := j.Append(callEvent("c_1", journey.Note)); err != nil {
		t.Fatal(err)
	}
	j.tick()
	j.close()
	got := timeline(t, st, "c_1")
	want := []journey.Kind{journey.InteractionStarted, journey.FlowEntered, journey.InteractionEnded, journey.Note}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	if len(ended) != 1 {
		t.Fatalf("ends told: %v, want one", ended)
	}
}

func TestCallJournalHoldsNoMoreThanItMay(t *testing.T) {
	st := &illStore{Store: openMemory(t), ill: true}
	j := newCallJournal(st, slog.New(slog.DiscardHandler))
	j.held = make([]journey.Event, maxHeld)
	if err := j.Append(callEvent("c_1", journey.Note)); !errors.Is(err, errHeld) {
		t.Fatalf("got %v, want %v", err, errHeld)
	}
}

func TestInterruptedCallsAreEnded(t *testing.T) {
	st := openMemory(t)
	j := newCallJournal(st, slog.New(slog.DiscardHandler))
	for _, ev := range []journey.Event{callEvent("c_1", journey.InteractionStarted), callEvent("c_2", journey.InteractionStarted),
		callEvent("c_2", journey.InteractionEnded)} {
		ev.At = time.Now()
		if err := j.Append(ev); err != nil {
			t.Fatal(err)
		}
	}
	j.close()
	var ended []journey.Event
	again := newCallJournal(st, slog.New(slog.DiscardHandler))
	again.ended = func(ev journey.Event) { ended = append(ended, ev) }
	lived := time.Now().Truncate(time.Second)
	for range 2 { // the second start finds nothing
		if err := again.closeInterrupted(lived); err != nil {
			t.Fatal(err)
		}
	}
	if len(ended) != 1 || ended[0].Interaction != "c_1" || !ended[0].At.Equal(lived) || ended[0].Data[journey.DataReason] != "restart" {
		t.Fatalf("ended: %+v", ended)
	}
	if got := timeline(t, st, "c_1"); len(got) != 2 || got[1] != journey.InteractionEnded {
		t.Fatalf("c_1: %v", got)
	}
	if got := timeline(t, st, "c_2"); len(got) != 2 {
		t.Fatalf("c_2: %v", got)
	}
}

func openMemory(t *testing.T) store.Store {
	t.Helper()
	st, err := memory.Open(memory.NewDisk(), engine.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}
