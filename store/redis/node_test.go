package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

var morning = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// two gives two stores on one server, as two processes would have.
func two(t *testing.T) (a, b store.Store) {
	t.Helper()
	dir, _ := serve(t)
	var both [2]store.Store
	for i := range both {
		s, err := open(dir, engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		both[i] = s
	}
	return both[0], both[1]
}

func note(record string, n int) store.Batch {
	return store.Batch{Events: []journey.Event{{Record: record, At: morning, Kind: journey.Note, Key: fmt.Sprint(n),
		Data: map[string]string{journey.DataText: fmt.Sprint("text ", n)}}}}
}

func wait(t *testing.T, s store.Store, b store.Batch) store.Receipt {
	t.Helper()
	r, err := store.AppendWait(context.Background(), s, b)
	if err != nil {
		t.Error(err)
	}
	return r
}

// TestTwoNodesOneTimeline lets two nodes write into the same records: numbers stay gapless, and each key counts once.
func TestTwoNodesOneTimeline(t *testing.T) {
	a, b := two(t)
	var wg sync.WaitGroup
	const each = 150
	for _, s := range []store.Store{a, b} {
		wg.Go(func() {
			for i := range each {
				wait(t, s, note(fmt.Sprintf("r_%d", i%3), i)) // both write the same keys
			}
		})
	}
	wg.Wait()
	total := 0
	for i := range 3 {
		list, err := b.Timeline(fmt.Sprintf("r_%d", i), 0, store.MaxRead)
		if err != nil {
			t.Fatal(err)
		}
		for j, e := range list {
			if e.Seq != uint64(j+1) {
				t.Fatalf("got seq %d at place %d", e.Seq, j)
			}
		}
		total += len(list)
	}
	if total != each {
		t.Fatalf("got %d events, want each key once: %d", total, each)
	}
}

// TestTwoNodesFollowEachOther wants what one node writes told by the other, in one order.
func TestTwoNodesFollowEachOther(t *testing.T) {
	a, b := two(t)
	const n = 100
	seen := make(chan []string, 2)
	for _, s := range []store.Store{a, b} {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			var list []string
			enough := errors.New("enough")
			err := s.Follow(ctx, 0, func(x store.FeedEvent) error {
				if list = append(list, fmt.Sprint(x.Order, x.Event.Record, x.Event.Seq)); len(list) == 2*n {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) {
				t.Error(err)
			}
			seen <- list
		}()
	}
	var wg sync.WaitGroup
	for i, s := range []store.Store{a, b} {
		wg.Go(func() {
			for j := range n {
				wait(t, s, note(fmt.Sprintf("r_%d", i), j))
			}
		})
	}
	wg.Wait()
	if one, other := <-seen, <-seen; len(one) != 2*n || !slices.Equal(one, other) {
		t.Fatalf("got %d and %d events, or in another order", len(one), len(other))
	}
}

// TestTwoNodesOneStranger resolves an unknown number at once on two nodes, with answers before anything is written.
func TestTwoNodesOneStranger(t *testing.T) {
	a, b := two(t)
	for i := range 20 {
		number := journey.Identity{Type: journey.Tel, Value: fmt.Sprintf("+4930%03d", i)}
		c := store.Contact{Channel: journey.Voice, At: morning, Identities: []journey.Identity{number}, Early: true}
		var got [2]store.Resolution
		for j, s := range []store.Store{a, b} {
			if err := s.Resolve(c, func(r store.Resolution) { got[j] = r }); err != nil {
				t.Fatal(err)
			}
		}
		wait(t, a, note("r_x", i))
		wait(t, b, note("r_y", i))
		one, err1 := a.Record(got[0].Record)
		other, err2 := a.Record(got[1].Record)
		if err1 != nil || err2 != nil || one.Customer == "" || one.Customer != other.Customer {
			t.Fatalf("got %+v and %+v, %v, %v, want one customer", one, other, err1, err2)
		}
	}
}

// TestOneNodeRoutes lets a node that lost its lease write no more, whatever it still believes.
func TestOneNodeRoutes(t *testing.T) {
	a, b := two(t)
	ask := func(s store.Store, who string, ttl time.Duration) store.Leased {
		l, err := store.LeaseWait(context.Background(), s, store.LeaseAsk{Name: "routing", Holder: who, TTL: ttl})
		if err != nil && !errors.Is(err, store.ErrHeld) {
			t.Fatal(err)
		}
		return l
	}
	work := func(s store.Store, epoch uint64) error {
		_, err := store.AppendWait(context.Background(), s, store.Batch{Fence: &store.Fence{Name: "routing", Epoch: epoch},
			Work: []store.WorkEntry{{Domain: "d", Body: []byte("x")}}})
		return err
	}
	first := ask(a, "a", 50*time.Millisecond)
	if err := work(a, first.Epoch); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	second := ask(b, "b", time.Hour)
	for second.Err != nil {
		<-tick.C
		second = ask(b, "b", time.Hour)
	}
	if err := work(a, first.Epoch); !errors.Is(err, store.ErrFenced) {
		t.Fatalf("got %v, want ErrFenced", err)
	}
	if err := work(b, second.Epoch); err != nil {
		t.Fatal(err)
	}
	n := 0
	if _, err := a.Work("d", func(w store.WorkEntry) error { n++; return nil }); err != nil || n != 2 {
		t.Fatalf("got %d entries, %v, want 2", n, err)
	}
}

// TestErasedElsewhere erases on one node while the other remembers the key.
func TestErasedElsewhere(t *testing.T) {
	a, b := two(t)
	number := journey.Identity{Type: journey.Tel, Value: "+4930999"}
	r, err := store.ResolveWait(context.Background(), a, store.Contact{At: morning, Identities: []journey.Identity{number}})
	if err != nil {
		t.Fatal(err)
	}
	wait(t, a, note(r.Record, 1))
	wait(t, b, store.Batch{Erase: []store.Erasure{{Customer: r.Customer, At: morning}}})
	wait(t, a, note(r.Record, 2)) // a still remembers the old key
	list, err := a.Timeline(r.Record, 0, 10)
	if err != nil || list[0].Data[journey.DataErased] != "yes" || list[1].Kind != journey.Erased {
		t.Fatalf("got %+v, %v", list, err)
	}
	if list[2].Data[journey.DataText] != "text 2" {
		t.Fatalf("got %+v, want what came after the erasure under a new key", list[2])
	}
	wait(t, b, store.Batch{Erase: []store.Erasure{{Customer: r.Customer, At: morning}}})
	if list, err = a.Timeline(r.Record, 0, 10); err != nil || list[2].Data[journey.DataErased] != "yes" || len(list) != 4 {
		t.Fatalf("got %+v, %v, want what came later erased, too", list, err)
	}
}

// trips counts the round trips of fn.
func trips(t *testing.T, reg *prometheus.Registry, fn func()) int {
	t.Helper()
	read := func() (n float64) {
		families, err := reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			if f.GetName() == "tandem_store_redis_round_trips_total" {
				n = f.GetMetric()[0].GetCounter().GetValue()
			}
		}
		return n
	}
	before := read()
	fn()
	return int(read() - before)
}

// TestRoundTrips keeps the number of round trips as low as it is: each for one alone; together they share them.
func TestRoundTrips(t *testing.T) {
	dir, _ := serve(t)
	reg := prometheus.NewRegistry()
	s, err := open(dir, engine.Options{Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	call := store.Contact{Channel: journey.Voice, At: morning, Identities: []journey.Identity{{Type: journey.Tel, Value: "+4930111"}}}
	var r store.Resolution
	resolve := func() {
		if r, err = store.ResolveWait(context.Background(), s, call); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, s, note("r_0", 0)) // loads the script
	for _, c := range []struct {
		name string
		want int
		do   func()
	}{
		{"call of a stranger", 2, resolve},
		{"call of a known customer", 5, resolve},
		{"first message of a record", 1, func() { wait(t, s, note(r.Record, 1)) }},
		{"message", 1, func() { wait(t, s, note(r.Record, 2)) }},
		{"message that came twice", 1, func() { wait(t, s, note(r.Record, 2)) }},
		{"20 messages at once", 1, func() { together(t, s, r.Record) }},
		{"first journal entry", 2, func() { wait(t, s, store.Batch{Work: []store.WorkEntry{{Domain: "d", Body: []byte("x")}}}) }},
		{"journal entry", 1, func() { wait(t, s, store.Batch{Work: []store.WorkEntry{{Domain: "d", Body: []byte("x")}}}) }},
		{"record", 2, func() { _, _ = s.Record(r.Record) }},
		{"timeline", 3, func() { _, _ = s.Timeline(r.Record, 0, 100) }},
	} {
		got := trips(t, reg, c.do)
		t.Logf("%s: %d round trips", c.name, got)
		if got > c.want {
			t.Errorf("%s: got %d round trips, want at most %d", c.name, got, c.want)
		}
	}
}

func together(t *testing.T, s store.Store, record string) {
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Add(1)
		b := note(record, 100+i)
		if err := s.Append(b, func(r store.Receipt) {
			if r.Err != nil {
				t.Error(r.Err)
			}
			wg.Done()
		}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
}
