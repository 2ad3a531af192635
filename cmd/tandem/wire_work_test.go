package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/acd"
	"tandem/sip/registrar"
	"tandem/store"
	"tandem/store/journey"
)

// TestWorkJournalKeepsToTheStoresBatch hands over more at once, and more while one is under way, than a batch may hold.
func TestWorkJournalKeepsToTheStoresBatch(t *testing.T) {
	st := openMemory(t)
	j := &workJournal{store: st, log: slog.New(slog.DiscardHandler)}
	const calls, each = 10, 700
	answers := make(chan error, calls)
	for n := range calls {
		var entries []acd.Entry
		for i := range each {
			id := fmt.Sprintf("c_%d_%d", n, i)
			entries = append(entries, acd.Entry{Seq: uint64(n*each + i + 1), At: journalStart, Kind: journey.Enqueued, Item: id, Record: fmt.Sprintf("r_%d", n),
				Interaction: id, Media: acd.Voice, Queue: "support"})
		}
		j.Append(entries, func(err error) { answers <- err })
	}
	for range calls {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	r, err := restoreWork(st)
	if err != nil || len(r.Entries) != calls*each {
		t.Fatalf("%d entries, %v; want %d", len(r.Entries), err, calls*each)
	}
	for i, e := range r.Entries {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("entry %d has the number %d", i+1, e.Seq)
		}
	}
}

// TestBindingKeyOfALongContact is one that the store takes, and no other's.
func TestBindingKeyOfALongContact(t *testing.T) {
	long := registrar.Binding{AOR: "anna@tandem.local", Contact: "sip:anna@127.0.0.1;x=" + strings.Repeat("y", 200)}
	other := long
	other.Contact += "z"
	for _, b := range []registrar.Binding{long, other, {AOR: "anna@tandem.local", Contact: "sip:anna@127.0.0.1"}} {
		if err := journey.ValidateID("binding key", bindingKey(b)); err != nil {
			t.Error(err)
		}
	}
	if bindingKey(long) == bindingKey(other) {
		t.Error("two contacts have one key")
	}
}

// lateStore answers each batch a second late.
type lateStore struct{ store.Store }

func (s lateStore) Append(b store.Batch, done func(store.Receipt)) error {
	time.AfterFunc(time.Second, func() {
		if err := s.Store.Append(b, done); err != nil {
			done(store.Receipt{Err: err})
		}
	})
	return nil
}

// TestWorkJournalEndsWhole: what the dispatcher has decided when the gateway is told to end is durable when it ends, however late the store
// answers; a store that refuses holds nobody up.
func TestWorkJournalEndsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := openMemory(t)
		j := &workJournal{store: lateStore{st}, log: slog.New(slog.DiscardHandler)}
		for i := range 3 {
			j.Append([]acd.Entry{{Seq: uint64(i + 1), At: time.Now(), Kind: journey.Enqueued, Item: "i"}}, func(err error) {
				if err != nil {
					t.Error(err)
				}
			})
		}
		j.Close()
		n := 0
		if _, err := st.Work(workDomain, func(store.WorkEntry) error { n++; return nil }); err != nil || n != 3 {
			t.Errorf("%d entries are durable, want 3 (%v)", n, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		j := &workJournal{store: &illStore{ill: true}, log: slog.New(slog.DiscardHandler)}
		j.Append([]acd.Entry{{Seq: 1, At: time.Now(), Kind: journey.Enqueued, Item: "i"}}, func(error) {})
		began := time.Now()
		j.Close()
		if took := time.Since(began); took > retryWork {
			t.Errorf("an ill store held the end up for %v", took)
		}
	})
}
