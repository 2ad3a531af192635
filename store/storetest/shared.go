package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

func testOnce(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b := events(note("r_1", 1))
	b.Once = "smpp:77"
	b.Threads = []store.Thread{{Ref: "x", Record: "r_1"}}
	if r := put(t, s, b); r.Repeated || r.Seqs[0] != 1 {
		t.Fatalf("got %+v", r)
	}
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	other := events(note("r_2", 1))
	other.Once = b.Once
	if r := put(t, s, other); !r.Repeated || len(r.Seqs) != 0 {
		t.Fatalf("got %+v, want it told that the provider sent it twice", r)
	}
	if _, err := s.Record("r_2"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want nothing written", err)
	}
	if record, seen, err := s.Seen("smpp:77"); record != "r_1" || !seen || err != nil {
		t.Fatalf("got %q, %v, %v", record, seen, err)
	}
	if _, seen, _ := s.Seen("smpp:78"); seen {
		t.Fatal("got seen for what nobody sent")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for i := range 20 {
		wg.Go(func() {
			b := events(note("r_3", i))
			b.Once = "sms:9"
			r, err := store.AppendWait(context.Background(), s, b)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			} else if !r.Repeated {
				fresh++
			}
		})
	}
	wg.Wait()
	if fresh != 1 || len(timeline(t, s, "r_3")) != 1 {
		t.Fatalf("got %d written, want one", fresh)
	}
}

func testDocuments(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	doc := func(key, body string, version uint64) store.Batch {
		return store.Batch{Documents: []store.Document{{Key: key, Version: version, Body: []byte(body)}}}
	}
	conflict := func(b store.Batch) {
		t.Helper()
		b.Events = events(note("r_no", 1)).Events
		if _, err := store.AppendWait(context.Background(), s, b); !errors.Is(err, store.ErrConflict) {
			t.Fatalf("got %v, want ErrConflict", err)
		}
	}
	v1 := put(t, s, doc("user/anna", "one", 0)).Documents[0]
	conflict(doc("user/anna", "two", 0))
	v2 := put(t, s, doc("user/anna", "two", v1)).Documents[0]
	conflict(doc("user/anna", "three", v1))
	conflict(doc("user/none", "x", 5))
	put(t, s, doc("user/ben", "x", store.AnyVersion))
	put(t, s, doc("other", "x", 0))
	if _, err := s.Record("r_no"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want the whole batch refused", err)
	}
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	if d, err := s.Document("user/anna"); err != nil || string(d.Body) != "two" || d.Version != v2 || !d.Expires.IsZero() {
		t.Fatalf("got %+v, %v", d, err)
	}
	list, err := s.Documents("user/", "", 10)
	if err != nil || len(list) != 2 || list[0].Key != "user/anna" || list[1].Key != "user/ben" {
		t.Fatalf("got %+v, %v", list, err)
	}
	if list, _ := s.Documents("user/", "user/anna", 10); len(list) != 1 {
		t.Fatalf("got %+v, want the page after anna", list)
	}
	put(t, s, doc("user/anna", "", v2))
	if _, err := s.Document("user/anna"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want it removed", err)
	}
	if v := put(t, s, doc("user/anna", "again", 0)).Documents[0]; v <= v2 {
		t.Fatalf("got version %d after %d: a new document never bears an old one's version", v, v2)
	}
	ended := store.Document{Key: "session/1", Body: []byte("x"), Expires: time.Now().Add(-time.Second)}
	put(t, s, store.Batch{Documents: []store.Document{ended}})
	if _, err := s.Document("session/1"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want an ended document not given", err)
	}
}

func lease(t testing.TB, s store.Store, a store.LeaseAsk) store.Leased {
	t.Helper()
	l, err := store.LeaseWait(context.Background(), s, a)
	if err != nil && !errors.Is(err, store.ErrHeld) {
		t.Fatal(err)
	}
	return l
}

func testLeases(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(who string, ttl time.Duration) store.LeaseAsk {
		return store.LeaseAsk{Name: "routing", Holder: who, TTL: ttl}
	}
	fenced := func(epoch uint64) store.Batch {
		b := events(note("r_1", 1))
		b.Fence = &store.Fence{Name: "routing", Epoch: epoch}
		return b
	}
	refuse := func(epoch uint64) {
		t.Helper()
		if _, err := store.AppendWait(context.Background(), s, fenced(epoch)); !errors.Is(err, store.ErrFenced) {
			t.Fatalf("got %v, want ErrFenced", err)
		}
	}
	refuse(0)
	first := lease(t, s, ask("a", time.Hour))
	if first.Err != nil || first.Epoch == 0 || first.Holder != "a" || time.Until(first.Expires) < 59*time.Minute {
		t.Fatalf("got %+v", first)
	}
	put(t, s, fenced(first.Epoch))
	if l := lease(t, s, ask("b", time.Hour)); !errors.Is(l.Err, store.ErrHeld) || l.Holder != "a" {
		t.Fatalf("got %+v, want it held by a", l)
	}
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	if l := lease(t, s, ask("a", time.Millisecond)); l.Epoch != first.Epoch {
		t.Fatalf("got %+v, want the epoch kept by a renewal", l)
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for l, err := s.LeaseOf("routing"); err == nil && time.Now().Before(l.Expires.Add(time.Second)); l, err = s.LeaseOf("routing") {
		<-tick.C // also by the clock of a store elsewhere
	}
	if l := lease(t, s, ask("a", time.Millisecond)); l.Err != nil || l.Epoch != first.Epoch {
		t.Fatalf("got %+v, want a holder that is late, and was not replaced, to keep its epoch", l)
	}
	put(t, s, fenced(first.Epoch))
	second := lease(t, s, ask("b", time.Hour))
	for n := 0; second.Err != nil && n < 1000; n++ {
		<-tick.C
		second = lease(t, s, ask("b", time.Hour))
	}
	if second.Holder != "b" || second.Epoch != first.Epoch+1 {
		t.Fatalf("got %+v, want b to take it over with the next epoch", second)
	}
	refuse(first.Epoch)
	put(t, s, fenced(second.Epoch))
	if l := lease(t, s, store.LeaseAsk{Name: "routing", Holder: "a", Release: true}); l.Holder != "b" {
		t.Fatalf("got %+v, want only the holder to give it back", l)
	}
	lease(t, s, store.LeaseAsk{Name: "routing", Holder: "b", Release: true})
	refuse(second.Epoch)
	if l, err := s.LeaseOf("routing"); err != nil || l.Holder != "" || l.Epoch != second.Epoch {
		t.Fatalf("got %+v, %v", l, err)
	}
	if l := lease(t, s, ask("a", time.Hour)); l.Epoch != second.Epoch+1 {
		t.Fatalf("got %+v, want the next epoch", l)
	}
	if _, err := s.LeaseOf("none"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
}

// follow reads n events after a cursor.
func follow(t testing.TB, s store.Store, after uint64, n int) (list []store.FeedEvent) {
	t.Helper()
	enough := errors.New("enough")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	err := s.Follow(ctx, after, func(x store.FeedEvent) error {
		if list = append(list, x); len(list) == n {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatalf("got %v after %d events, want %d", err, len(list), n)
	}
	return list
}

func testFeed(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if newest, oldest, err := s.FeedHead(); newest != 0 || oldest != 1 || err != nil {
		t.Fatalf("got %d, %d, %v", newest, oldest, err)
	}
	const n = 300
	got := make(chan []store.FeedEvent, 1)
	go func() { got <- follow(t, s, 0, n+1) }() // while it grows
	for i := range n / 3 {
		put(t, s, events(note("r_1", i), note("r_2", i), note(fmt.Sprintf("r_%d", i+10), i)))
	}
	a := resolve(t, s, contact(0, "", tel("+491", journey.Claimed)))
	issue(t, s, a.Record, nil) // what the store itself tells is told, too
	live := <-got
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	again := follow(t, s, 0, n+1)
	for i := range again {
		if again[i].Order != uint64(i+1) || live[i].Order != again[i].Order || live[i].Event.Record != again[i].Event.Record ||
			live[i].Event.Seq != again[i].Event.Seq {
			t.Fatalf("got %+v live and %+v again at place %d", live[i], again[i], i+1)
		}
	}
	if x := again[n]; x.Event.Kind != journey.TokenIssued || x.Event.Record != a.Record {
		t.Fatalf("got %+v", x)
	}
	if part := follow(t, s, 100, 5); part[0].Order != 101 || part[0].Event.Seq != again[100].Event.Seq || part[0].Event.Record != again[100].Event.Record {
		t.Fatalf("got %+v, want what comes after 100", part[0])
	}
	newest, oldest, err := s.FeedHead()
	if newest != n+1 || oldest != 1 || err != nil {
		t.Fatalf("got %d, %d, %v", newest, oldest, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Follow(ctx, newest, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the end of its context", err)
	}
	if err := s.Follow(context.Background(), newest+5, nil); !errors.Is(err, store.ErrGone) {
		t.Fatalf("got %v, want a cursor from elsewhere refused", err)
	}
}
