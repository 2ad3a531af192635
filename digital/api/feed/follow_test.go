package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/store/journey"
)

// store is a Source in memory.
type store struct {
	mu     sync.Mutex
	events []journey.Event // order is index plus one
	oldest uint64
	wake   chan struct{}
	broken bool
	given  int // events that were read
}

func (s *store) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		i := len(s.events) + 1
		s.events = append(s.events, journey.Event{Record: "r", Seq: uint64(i), Kind: journey.Note})
	}
	close(s.wake)
	s.wake = make(chan struct{})
}

func (s *store) Head() (uint64, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.events)), s.oldest, nil
}

func (s *store) Follow(ctx context.Context, after uint64, fn func(uint64, journey.Event) error) error {
	for {
		s.mu.Lock()
		events, oldest, wake, broken := s.events, s.oldest, s.wake, s.broken
		s.mu.Unlock()
		if broken {
			return errors.New("broken")
		}
		if after+1 < oldest {
			return ErrGone
		}
		for ; after < uint64(len(events)); after++ {
			s.mu.Lock()
			s.given++
			s.mu.Unlock()
			if err := fn(after+1, events[after]); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		}
	}
}

func TestFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &store{oldest: 1, wake: make(chan struct{})}
		src.add(100)
		f := NewFollowed(src, 10)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- f.Run(ctx) }()
		f.Changed() // somebody reads
		synctest.Wait()
		src.add(45)
		synctest.Wait()
		if last, _ := f.Last(); last != "145" {
			t.Errorf("got %s as the last, want 145", last)
		}
		for _, limit := range []int{1, 3, 50, 1000} { // from the store and from memory alike
			var got []string
			for cursor := ""; ; {
				events, err := f.After(cursor, limit)
				if err != nil {
					t.Fatal(err)
				}
				if len(events) == 0 {
					break
				}
				for _, e := range events {
					got = append(got, e.Cursor)
				}
				cursor = got[len(got)-1]
			}
			if len(got) != 145 || got[0] != "1" || got[99] != "100" || got[144] != "145" {
				t.Errorf("by %d: got %d events: %v", limit, len(got), got)
			}
		}
		if n := len(f.tail); n > 20 {
			t.Errorf("%d events in memory, want at most 20", n)
		}
		for cursor, want := range map[string]error{"146": ErrCursor, "x": ErrCursor, "01": ErrCursor, "0": ErrCursor, "-1": ErrCursor, "3": ErrGone, "30": nil} {
			src.mu.Lock()
			src.oldest = 20
			src.mu.Unlock()
			if _, err := f.After(cursor, 1); !errors.Is(err, want) {
				t.Errorf("%s: got %v, want %v", cursor, err, want)
			}
		}
		changed := f.Changed()
		src.mu.Lock()
		src.broken = true
		src.mu.Unlock()
		src.add(1)
		time.Sleep(5 * time.Second)
		src.mu.Lock()
		src.broken = false
		src.mu.Unlock()
		<-changed // it has come back by itself
		if events, err := f.After("145", 10); err != nil || len(events) != 1 {
			t.Errorf("got %v, %v", events, err)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestFollowedRests: while nobody reads, the source is left alone; who waits for long misses nothing.
func TestFollowedRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &store{oldest: 1, wake: make(chan struct{})}
		f := NewFollowed(src, 10)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _ = f.Run(ctx) }()
		given := func() int {
			synctest.Wait()
			src.mu.Lock()
			defer src.mu.Unlock()
			return src.given
		}
		src.add(50)
		if n := given(); n != 0 {
			t.Errorf("%d events were read for nobody", n)
		}
		cursor, err := f.Last()
		if err != nil || cursor != "50" {
			t.Fatalf("got %q, %v", cursor, err)
		}
		read := 0
		look := func() <-chan struct{} {
			changed := f.Changed()
			events, err := f.After(cursor, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				read++
				if cursor = e.Cursor; cursor != fmt.Sprint(50+read) {
					t.Fatalf("event %s is the %d. that was read", cursor, read)
				}
			}
			return changed
		}
		for _, rest := range []time.Duration{0, time.Second, 3 * idleAfter, 0, 10 * idleAfter} {
			changed := look()
			time.Sleep(rest)
			src.add(7)
			for want := read + 7; read < want; changed = look() {
				<-changed
			}
		}
		if look(); read != 35 {
			t.Errorf("%d of 35 events were read", read)
		}
		time.Sleep(2 * idleAfter)
		src.add(1) // ends the tail
		before := given()
		src.add(100)
		if n := given(); n != before {
			t.Errorf("%d events were read for nobody", n-before)
		}
	})
}

// TestNothingPersonalLeaves: values that are personal by key or class are not told.
func TestNothingPersonalLeaves(t *testing.T) {
	for _, p := range []journey.Privacy{"", journey.PublicOp, journey.Personal, journey.Sensitive} {
		e := journey.Event{Record: "r_1", Seq: 4, Kind: journey.Accepted, Item: "i_1", Privacy: p, Actor: "agent:anna",
			Data: map[string]string{journey.DataCaller: "+49301234567", journey.DataQueue: "sales", journey.DataAgent: "anna", journey.DataWait: "900"}}
		got := FromJourney(17, e)
		if strings.Contains(fmt.Sprintf("%+v %s", got, got.Data), "+4930") {
			t.Errorf("%q: the number is told: %s", p, got.Data)
		}
		if got.Cursor != "17" || got.ID != "r_1/4" || got.Type != "tandem.accepted" || got.Queue != "sales" || got.Agent != "anna" || got.Subject != "item/i_1" {
			t.Errorf("got %+v", got)
		}
		if tells := strings.Contains(string(got.Data), "wait-ms"); tells != (p == "" || p == journey.PublicOp) {
			t.Errorf("%q: got %s", p, got.Data)
		}
	}
}
