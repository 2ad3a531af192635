package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
	"tandem/store/memory"
)

func mustAppend(t *testing.T, s store.Store, b store.Batch) store.Receipt {
	t.Helper()
	r, err := store.AppendWait(context.Background(), s, b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestWhatEndsIsForgotten wants documents, tokens and once-only keys gone after their end, and not before.
func TestWhatEndsIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		s, err := memory.Open(memory.NewDisk(), engine.Options{Registry: reg})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		now := time.Now()
		b := note("r_1")
		b.Once = "sms:1"
		mustAppend(t, s, b)
		text := store.NewToken()
		mustAppend(t, s, store.Batch{
			Tokens: []store.Token{{Text: text, Record: "r_1", At: now, Expires: now.Add(time.Hour)}},
			Documents: []store.Document{{Key: "session/1", Body: []byte("x"), Expires: now.Add(time.Hour)},
				{Key: "session/2", Body: []byte("x"), Expires: now.Add(time.Hour)}, {Key: "user/1", Body: []byte("x")}},
		})
		mustAppend(t, s, store.Batch{Documents: []store.Document{{Key: "session/2", Version: store.AnyVersion, Body: []byte("x"), Expires: now.Add(30 * 24 * time.Hour)}}})
		<-time.After(7*24*time.Hour + 30*time.Minute) // virtual
		synctest.Wait()
		if _, seen, err := s.Seen("sms:1"); !seen || err != nil {
			t.Fatalf("got %v, %v after a week, want it still known", seen, err)
		}
		if u, err := store.UseTokenWait(context.Background(), s, store.Use{Text: text, At: time.Now()}); !errors.Is(err, store.ErrUsed) || u.State != store.TokenExpired {
			t.Fatalf("got %+v, %v", u, err)
		}
		<-time.After(24 * time.Hour)
		synctest.Wait()
		if _, seen, _ := s.Seen("sms:1"); seen {
			t.Fatal("still known after its end")
		}
		if u, _ := store.UseTokenWait(context.Background(), s, store.Use{Text: text, At: time.Now()}); u.State != store.TokenUnknown {
			t.Fatalf("got %+v", u)
		}
		if list, err := s.Documents("", "", 10); err != nil || len(list) != 2 || list[0].Key != "session/2" {
			t.Fatalf("got %+v, %v, want the two that live", list, err)
		}
		if got := figure(t, reg, "tandem_store_ended_total"); got != 3 {
			t.Fatalf("got %v forgotten, want 3", got)
		}
	})
}

// TestFeedForgets wants the window of the feed bounded, and a cursor before it refused.
func TestFeedForgets(t *testing.T) {
	s, err := memory.Open(memory.NewDisk(), engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	b := store.Batch{}
	for i := range store.MaxBatch {
		b.Events = append(b.Events, journey.Event{Record: fmt.Sprintf("r_%d", i%7), At: time.Now(), Kind: journey.Note})
	}
	const rounds = store.FeedKept/store.MaxBatch + 20
	for range rounds {
		mustAppend(t, s, b)
	}
	newest, oldest, err := s.FeedHead()
	if err != nil || newest != rounds*store.MaxBatch || newest-oldest >= store.FeedKept || newest-oldest < store.FeedKept-2*store.MaxBatch {
		t.Fatalf("got %d to %d, %v, want %d events kept", oldest, newest, err, store.FeedKept)
	}
	if err := s.Follow(context.Background(), oldest-2, nil); !errors.Is(err, store.ErrGone) {
		t.Fatalf("got %v, want ErrGone", err)
	}
	stop := errors.New("stop")
	if err := s.Follow(context.Background(), oldest-1, func(x store.FeedEvent) error {
		if x.Order != oldest || x.Event.Record != "r_0" {
			t.Errorf("got %+v", x)
		}
		return stop
	}); !errors.Is(err, stop) {
		t.Fatalf("got %v", err)
	}
}

// TestLeaseRunsOut follows a lease through virtual time.
func TestLeaseRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := memory.Open(memory.NewDisk(), engine.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		ask := func(who string) store.Leased {
			l, _ := store.LeaseWait(context.Background(), s, store.LeaseAsk{Name: "x", Holder: who, TTL: 5 * time.Second})
			return l
		}
		first := ask("a")
		<-time.After(4 * time.Second)
		if l := ask("b"); !errors.Is(l.Err, store.ErrHeld) {
			t.Fatalf("got %+v, want it held", l)
		}
		if l := ask("a"); l.Epoch != first.Epoch || !l.Expires.Equal(first.Expires.Add(4*time.Second)) {
			t.Fatalf("got %+v, want it renewed", l)
		}
		<-time.After(5 * time.Second)
		if l := ask("a"); l.Err != nil || l.Epoch != first.Epoch {
			t.Fatalf("got %+v: who is late and was not replaced keeps his epoch", l)
		}
		<-time.After(5 * time.Second)
		if l := ask("b"); l.Err != nil || l.Epoch != first.Epoch+1 {
			t.Fatalf("got %+v, want b to have it at the next epoch", l)
		}
		fenced := note("r_1")
		fenced.Fence = &store.Fence{Name: "x", Epoch: first.Epoch}
		if _, err := store.AppendWait(context.Background(), s, fenced); !errors.Is(err, store.ErrFenced) {
			t.Fatalf("got %v, want ErrFenced", err)
		}
	})
}
