package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
)

func entry(domain, item string, n int) store.WorkEntry {
	return store.WorkEntry{Domain: domain, Item: item, Version: 2, Body: fmt.Append(nil, n)}
}

func tail(t testing.TB, s store.Store, domain string) (store.WorkSnapshot, []store.WorkEntry) {
	t.Helper()
	var list []store.WorkEntry
	snap, err := s.Work(domain, func(w store.WorkEntry) error {
		list = append(list, w)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return snap, list
}

func testWork(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 10; n++ {
		r := put(t, s, store.Batch{Work: []store.WorkEntry{entry("a", fmt.Sprintf("w_%d", n%2), n), entry("b", "", n)}})
		if len(r.Orders) != 2 || r.Orders[0] != uint64(n) || r.Orders[1] != uint64(n) {
			t.Fatalf("got orders %v, want %d twice", r.Orders, n)
		}
	}
	put(t, s, store.Batch{Snapshot: &store.WorkSnapshot{Domain: "a", Order: 7, Version: 3, Body: []byte("state"), Trim: 4}})
	future := store.Batch{Snapshot: &store.WorkSnapshot{Domain: "a", Order: 11}}
	if _, err := store.AppendWait(context.Background(), s, future); !errors.Is(err, store.ErrInvalid) {
		t.Fatalf("got %v, want a snapshot of the future refused", err)
	}
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	checkWork(t, s)
	if r := put(t, s, store.Batch{Work: []store.WorkEntry{entry("a", "w_9", 11)}}); r.Orders[0] != 11 {
		t.Fatalf("got order %d after reopening, want 11", r.Orders[0])
	}
}

func checkWork(t *testing.T, s store.Store) {
	t.Helper()
	snap, list := tail(t, s, "a")
	if snap.Order != 7 || snap.Version != 3 || string(snap.Body) != "state" {
		t.Fatalf("got snapshot %+v", snap)
	}
	if len(list) != 3 || list[0].Order != 8 || string(list[2].Body) != "10" || list[0].Version != 2 || list[0].Item != "w_0" {
		t.Fatalf("got tail %+v, want 8 to 10", list)
	}
	if snap, list := tail(t, s, "b"); snap.Order != 0 || len(list) != 10 {
		t.Fatalf("got %d entries of b after snapshot %d, want 10 after none", len(list), snap.Order)
	}
	history, err := s.ItemHistory("a", "w_1", 100)
	if err != nil || len(history) != 3 || history[0].Order != 5 || history[2].Order != 9 {
		t.Fatalf("got %+v, %v, want 5, 7 and 9: what was trimmed is gone", history, err)
	}
	stop := errors.New("stop")
	if _, err := s.Work("b", func(store.WorkEntry) error { return stop }); !errors.Is(err, stop) {
		t.Fatalf("got %v, want the fold's own error", err)
	}
}

func testBindings(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, store.Batch{Bindings: []store.Binding{
		{Key: "b", Expires: start.Add(time.Minute), Body: []byte("one")},
		{Key: "a", Expires: start.Add(time.Hour), Body: []byte("two")},
		{Key: "c", Expires: start.Add(time.Hour), Body: []byte("three")},
	}})
	put(t, s, store.Batch{Bindings: []store.Binding{
		{Key: "c"}, {Key: "a", Expires: start.Add(2 * time.Hour), Body: []byte("new")},
	}})
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	list, err := s.Bindings(start)
	if err != nil || len(list) != 2 || list[0].Key != "a" || string(list[0].Body) != "new" || list[1].Key != "b" {
		t.Fatalf("got %+v, %v", list, err)
	}
	if !list[0].Expires.Equal(start.Add(2 * time.Hour)) {
		t.Fatalf("got end %v", list[0].Expires)
	}
	if list, _ := s.Bindings(start.Add(time.Minute)); len(list) != 1 || list[0].Key != "a" {
		t.Fatalf("got %+v, want the ended binding left out", list)
	}
}
