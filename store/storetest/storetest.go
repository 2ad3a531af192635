package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

// Subject is an implementation under test.
type Subject struct {
	Open    func(dir string, o engine.Options) (store.Store, error)
	Durable bool                           // survives the process
	Break   func(dir string) (mend func()) // makes writes fail; nil: see the package comment
	Begin   func(dir string) error         // called before a folder is used, in the process of the test; nil: nothing is to be begun
	End     func(dir string)               // called when a test is done with a folder; nil: nothing is to be ended
}

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Run runs the suite.
func Run(t *testing.T, sub Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"1 durable after close", testReopen},
		{"2 batch is all or nothing", testAtomic},
		{"2 order of one goroutine", testOrder},
		{"3 seq gapless with concurrent writers", testConcurrent},
		{"4 duplicate keys are dropped", testDuplicates},
		{"5 event opens unknown record", testOpens},
		{"updates", testUpdates},
		{"search and reads", testSearch},
		{"6 resolve", testResolve},
		{"6 resolve concurrently", testResolveConcurrent},
		{"6 resolve early", testResolveEarly},
		{"7 work journal", testWork},
		{"8 bindings", testBindings},
		{"9 full queue", testBusy},
		{"11 close", testClose},
		{"12 tokens", testTokens},
		{"12 last use has one winner", testLastUse},
		{"6 resolve by token and thread", testResolveToken},
		{"13 once only", testOnce},
		{"14 documents", testDocuments},
		{"15 leases and fences", testLeases},
		{"16 feed", testFeed},
		{"17 merge and unmerge", testMerge},
		{"17 order of merges is irrelevant", testMergeOrder},
		{"17 proven together", testProven},
		{"story", testStory},
		{"18 erase and export", testErase},
		{"invalid input", testInvalid},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, sub) })
	}
	if sub.Break != nil {
		t.Run("10 medium refuses and recovers", func(t *testing.T) { testBreak(t, sub) })
	}
	if sub.Durable {
		t.Run("1 kill at any moment", func(t *testing.T) { testKill(t, sub) })
	}
	if sub.Durable && sub.Break == nil {
		t.Run("10 disk full and recovery", func(t *testing.T) { testFull(t, sub) })
	}
}

// folder gives a new folder for a subject.
func folder(t testing.TB, sub Subject) string {
	t.Helper()
	dir := t.TempDir()
	if sub.End != nil {
		t.Cleanup(func() { sub.End(dir) })
	}
	if sub.Begin != nil {
		if err := sub.Begin(dir); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t testing.TB, sub Subject, dir string, o engine.Options) store.Store {
	t.Helper()
	s, err := sub.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func note(record string, n int) journey.Event {
	return journey.Event{Record: record, At: start.Add(time.Duration(n) * time.Second), Kind: journey.Note,
		Data: map[string]string{"n": fmt.Sprint(n)}}
}

func put(t testing.TB, s store.Store, b store.Batch) store.Receipt {
	t.Helper()
	r, err := store.AppendWait(context.Background(), s, b)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return r
}

func events(list ...journey.Event) store.Batch { return store.Batch{Events: list} }

// timeline reads a whole timeline in pages and fails on a gap.
func timeline(t testing.TB, s store.Store, record string) []journey.Event {
	t.Helper()
	var all []journey.Event
	for {
		page, err := s.Timeline(record, uint64(len(all)), 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			all = append(all, e)
			if e.Seq != uint64(len(all)) {
				t.Fatalf("record %s: got seq %d at place %d", record, e.Seq, len(all))
			}
		}
		if len(page) == 0 {
			return all
		}
	}
}

func testReopen(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, events(note("r_1", 1), note("r_1", 2)))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, sub, dir, engine.Options{})
	r := put(t, s, events(note("r_1", 3)))
	if r.Seqs[0] != 3 {
		t.Fatalf("got seq %d after reopening, want 3", r.Seqs[0])
	}
	if got := timeline(t, s, "r_1"); len(got) != 3 || got[1].Data["n"] != "2" {
		t.Fatalf("got %+v", got)
	}
}

func testAtomic(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	b := events(note("r_1", 1))
	b.Updates = []store.Update{{Record: "r_unknown", Topic: "x"}}
	b.Work = []store.WorkEntry{{Domain: "d", Body: []byte("x")}}
	if _, err := store.AppendWait(context.Background(), s, b); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	if _, err := s.Record("r_1"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want no trace of the refused batch", err)
	}
	if r := put(t, s, store.Batch{Work: []store.WorkEntry{{Domain: "d", Body: []byte("y")}}}); r.Orders[0] != 1 {
		t.Fatalf("got order %d, want 1", r.Orders[0])
	}
}

func testOrder(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	const n = 500
	var wg sync.WaitGroup
	var last uint64
	for i := range n {
		wg.Add(1)
		err := s.Append(events(note("r_1", i)), func(r store.Receipt) {
			if r.Err != nil || r.Seqs[0] != last+1 {
				t.Errorf("got %v, %v after %d", r.Seqs, r.Err, last)
			}
			last++
			wg.Done()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	for i, e := range timeline(t, s, "r_1") {
		if e.Data["n"] != fmt.Sprint(i) {
			t.Fatalf("got event %s at place %d", e.Data["n"], i)
		}
	}
}

func testConcurrent(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{Group: 16})
	const writers, each = 32, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				record := fmt.Sprintf("r_%d", (w+i)%5)
				if _, err := store.AppendWait(context.Background(), s, events(note(record, i), note(record, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	total := 0
	for i := range 5 {
		record := fmt.Sprintf("r_%d", i)
		list := timeline(t, s, record)
		total += len(list)
		if r, err := s.Record(record); err != nil || r.Seq != uint64(len(list)) {
			t.Fatalf("got %+v, %v, want seq %d", r, err, len(list))
		}
	}
	if total != writers*each*2 {
		t.Fatalf("got %d events, want %d", total, writers*each*2)
	}
}

func testDuplicates(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e := note("r_1", 1)
	e.Key = "k"
	other := note("r_2", 1)
	other.Key = "k"
	r := put(t, s, events(e, e, other))
	if r.Duplicates != 1 || r.Seqs[0] != 1 || r.Seqs[1] != 0 || r.Seqs[2] != 1 {
		t.Fatalf("got %+v", r)
	}
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	if r := put(t, s, events(e, note("r_1", 2))); r.Duplicates != 1 || r.Seqs[1] != 2 {
		t.Fatalf("got %+v after reopening, want the duplicate dropped and seq 2", r)
	}
}

func testOpens(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	e := note("r_new", 5)
	e.Kind, e.Interaction = journey.InteractionStarted, "call_1"
	put(t, s, events(e))
	r, err := s.Record("r_new")
	if err != nil || r.State != journey.Open || r.Customer != "" || !r.Opened.Equal(e.At) || !r.Touched.Equal(e.At) || r.Seq != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if got, err := s.RecordOf("call_1"); err != nil || got != "r_new" {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := s.RecordOf("call_2"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
}

func testBusy(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{Queue: 4})
	hold, held := make(chan struct{}), make(chan struct{})
	if err := s.Append(events(note("r_1", 0)), func(store.Receipt) { close(held); <-hold }); err != nil {
		t.Fatal(err)
	}
	<-held // the writer is busy with an answer
	var wg sync.WaitGroup
	accepted, refused := 1, 0
	for i := range 10 {
		wg.Add(1)
		err := s.Append(events(note("r_1", i+1)), func(store.Receipt) { wg.Done() })
		switch {
		case err == nil:
			accepted++
		case errors.Is(err, store.ErrBusy):
			refused++
			wg.Done()
		default:
			t.Fatal(err)
		}
	}
	close(hold)
	wg.Wait()
	if accepted != 5 || refused != 6 {
		t.Fatalf("got %d accepted and %d refused, want 5 and 6", accepted, refused)
	}
	if got := len(timeline(t, s, "r_1")); got != accepted {
		t.Fatalf("got %d events, want %d: what was refused leaves no trace", got, accepted)
	}
}

func testClose(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{Group: 3})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 100)
	for i := range 100 {
		if err := s.Append(events(note("r_1", i)), func(r store.Receipt) { answered <- r.Err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		select {
		case err := <-answered:
			if err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatal("Close left an accepted batch without an answer")
		}
	}
	if err := s.Append(events(note("r_1", 1)), nil); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
	if _, err := s.Record("r_1"); !errors.Is(err, store.ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Fatalf("second Close: %v", err)
	}
}

func testInvalid(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	many := make([]journey.Event, store.MaxBatch+1)
	for i := range many {
		many[i] = note("r", i)
	}
	for name, b := range map[string]store.Batch{
		"kind":        events(journey.Event{Record: "r", At: start, Kind: "nonsense"}),
		"too many":    events(many...),
		"work body":   {Work: []store.WorkEntry{{Domain: "d", Body: make([]byte, store.MaxBody+1)}}},
		"no domain":   {Work: []store.WorkEntry{{Body: []byte("x")}}},
		"trim":        {Snapshot: &store.WorkSnapshot{Domain: "d", Order: 1, Trim: 2}},
		"binding key": {Bindings: []store.Binding{{Key: strings.Repeat("k", 1000), Body: []byte("x")}}},
		"state":       {Updates: []store.Update{{Record: "r", State: "odd"}}},
	} {
		if err := s.Append(b, func(store.Receipt) { t.Errorf("%s: answered", name) }); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	bad := store.Contact{At: start, Identities: []journey.Identity{{Type: journey.Tel, Value: "030"}}}
	if err := s.Resolve(bad, nil); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid for a national number", err)
	}
}
