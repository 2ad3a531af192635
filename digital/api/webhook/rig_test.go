package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// journal is a feed in memory.
type journal struct {
	mu      sync.Mutex
	events  []feed.Event
	first   int // events before it are forgotten
	changed chan struct{}
	err     error
	sly     bool // something happens just after nothing was found, once
}

func (j *journal) add(n int, kind string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for range n {
		i := len(j.events) + 1
		j.events = append(j.events, feed.Event{Cursor: fmt.Sprintf("%06d", i), ID: fmt.Sprintf("e%d", i), Type: kind})
	}
	close(j.changed)
	j.changed = make(chan struct{})
}

func (j *journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = err
}

func (j *journal) After(cursor string, limit int) ([]feed.Event, error) {
	events, err := j.after(cursor, limit)
	j.mu.Lock()
	sly := j.sly && len(events) == 0
	j.sly = j.sly && !sly
	j.mu.Unlock()
	if sly {
		j.add(1, "late")
	}
	return events, err
}

func (j *journal) after(cursor string, limit int) ([]feed.Event, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := j.first
	if cursor != "" {
		if _, err := fmt.Sscanf(cursor, "%d", &from); err != nil || from > len(j.events) {
			return nil, feed.ErrCursor
		}
	}
	if from < j.first {
		return nil, feed.ErrGone
	}
	return slices.Clone(j.events[from:min(len(j.events), from+limit)]), j.err
}

func (j *journal) Last() (string, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.events) == 0 {
		return "", nil
	}
	return j.events[len(j.events)-1].Cursor, nil
}

func (j *journal) Changed() <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.changed
}

// receiver is a server in memory: it verifies what it gets and answers what it is told to.
type receiver struct {
	t       *testing.T
	secrets []string
	answer  func(id string, n int) int // status for the nth request in all; 0: no answer until the client gives up; nil: 204
	header  http.Header

	mu  sync.Mutex
	got []string // ids, as they came
	at  []time.Time
}

func (r *receiver) RoundTrip(q *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	id := q.Header.Get(HeaderID)
	if r.secrets != nil {
		if err := Verify(r.secrets, q.Header, body, time.Now(), time.Minute); err != nil {
			r.t.Errorf("event %s: %v", id, err)
		}
	}
	r.got, r.at = append(r.got, id), append(r.at, time.Now())
	n, answer := len(r.got), r.answer
	r.mu.Unlock()
	status := 204
	if answer != nil {
		status = answer(id, n)
	}
	if status == 0 {
		<-q.Context().Done()
		return nil, q.Context().Err()
	}
	header := r.header
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("thanks")), Request: q}, nil
}

func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// rig is a deliverer in virtual time with one receiver.
type rig struct {
	t    *testing.T
	d    *Deliverer
	j    *journal
	docs *access.Memory
	r    *receiver
	sub  Subscription
	stop func()
}

// inRig runs a test in virtual time, with a subscription to everything.
func inRig(t *testing.T, o Options, test func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := &rig{t: t, j: &journal{changed: make(chan struct{})}, docs: access.NewMemory(10000), r: &receiver{t: t}}
		g.start(o)
		var secret string
		var err error
		if g.sub, secret, err = g.d.Create(t.Context(), Subscription{URL: "https://hooks.example/x"}); err != nil {
			t.Fatal(err)
		}
		g.r.secrets = []string{secret}
		test(g)
		g.stop()
	})
}

// start runs a deliverer over what the last one left.
func (g *rig) start(o Options) {
	g.t.Helper()
	o.Documents, o.Feed = g.docs, g.j
	d, err := New(o)
	if err != nil {
		g.t.Fatal(err)
	}
	d.client.Transport = g.r
	g.d = d
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	g.stop = func() {
		cancel()
		if err := <-done; err != nil {
			g.t.Error(err)
		}
	}
}

func (g *rig) wait(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

func (g *rig) status() Status {
	g.t.Helper()
	_, st, err := g.d.Subscription(g.t.Context(), g.sub.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	return st
}

func (g *rig) dead() []Dead {
	g.t.Helper()
	dead, err := g.d.DeadEvents(g.t.Context(), g.sub.ID, "", 1000)
	if err != nil {
		g.t.Fatal(err)
	}
	return dead
}

func wantIDs(t *testing.T, got []string, from, to int) {
	t.Helper()
	var want []string
	for i := from; i <= to; i++ {
		want = append(want, fmt.Sprintf("e%d", i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want e%d to e%d", got, from, to)
	}
}

var errBroken = errors.New("broken")
