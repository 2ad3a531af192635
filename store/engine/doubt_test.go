package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
	"tandem/store/memory"
)

// unsure is a medium whose next commit fails: before it is done, or with the answer lost.
type unsure struct {
	engine.Medium
	fails, done bool
}

func (u *unsure) Update(fn func(engine.Tx) error) error {
	if !u.fails {
		return u.Medium.Update(fn)
	}
	u.fails = false
	if !u.done {
		return errors.New("no answer")
	}
	return errors.Join(errors.New("no answer"), u.Medium.Update(fn))
}

// TestRefusedAndWritten: what was refused and is written again is there once, whether the medium had it or not; what looks alike and is
// something else is written.
func TestRefusedAndWritten(t *testing.T) {
	for name, done := range map[string]bool{"the medium had it": true, "the medium had nothing": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &unsure{Medium: memory.NewDisk(), done: done}
				s, err := engine.New(m, engine.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				ended := journey.Event{Record: "r_1", At: time.Now(), Kind: journey.ConversationClosed, Interaction: "v_1", Actor: "system", Privacy: journey.Personal,
					Data: map[string]string{journey.DataReason: "idle"}}
				b := store.Batch{Events: []journey.Event{ended}, Work: []store.WorkEntry{{Domain: "main", Item: "i", Version: 1, Body: []byte("1")}}}
				m.fails = true
				if _, err := store.AppendWait(context.Background(), s, b); !errors.Is(err, store.ErrUnhealthy) {
					t.Fatalf("got %v, want %v", err, store.ErrUnhealthy)
				}
				time.Sleep(2 * time.Second) // virtual: the store is well again
				again, err := store.AppendWait(context.Background(), s, b)
				if err != nil || len(again.Orders) != 1 || again.Orders[0] != 1 {
					t.Fatalf("written again: %+v, %v", again, err)
				}
				later := ended
				later.At = later.At.Add(time.Second)
				other := store.Batch{Events: []journey.Event{later}, Work: []store.WorkEntry{{Domain: "main", Item: "i", Version: 1, Body: []byte("2")}}}
				if r, err := store.AppendWait(context.Background(), s, other); err != nil || r.Orders[0] != 2 || r.Seqs[0] != 2 {
					t.Fatalf("the next: %+v, %v", r, err)
				}
				list, err := s.Timeline("r_1", 0, 10)
				if err != nil || len(list) != 2 {
					t.Errorf("the record has %d events, want 2 (%v)", len(list), err)
				}
				entries := 0
				if _, err := s.Work("main", func(store.WorkEntry) error { entries++; return nil }); err != nil || entries != 2 {
					t.Errorf("the domain has %d entries, want 2 (%v)", entries, err)
				}
			})
		})
	}
}

// TestDoubtPasses: after a while nobody is expected to write again what was refused.
func TestDoubtPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &unsure{Medium: memory.NewDisk(), done: true, fails: false}
		s, err := engine.New(m, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		b := store.Batch{Events: []journey.Event{{Record: "r_1", At: time.Now(), Kind: journey.Note}}}
		m.fails = true
		if _, err := store.AppendWait(context.Background(), s, b); !errors.Is(err, store.ErrUnhealthy) {
			t.Fatalf("got %v, want %v", err, store.ErrUnhealthy)
		}
		time.Sleep(11 * time.Minute) // virtual
		if r, err := store.AppendWait(context.Background(), s, b); err != nil || r.Seqs[0] != 2 {
			t.Errorf("got %+v, %v, want it written", r, err)
		}
	})
}
