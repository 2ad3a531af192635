package callback

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/store/journey"
)

// house is queue, dialer and journal of the tests: it notes what it is asked for. Its methods run on the owner's goroutine.
type house struct {
	booked, refuse, dials []string
	lines                 []journey.Event
	noBook, noDial        bool
}

var errNo = errors.New("no")

func (h *house) Book(b Booking) error {
	if h.noBook {
		return errNo
	}
	h.booked = append(h.booked, b.Item)
	return nil
}

func (h *house) Unreached(item string, _ uint64, reason string) error {
	h.refuse = append(h.refuse, item+" "+reason)
	return nil
}

func (h *house) Postpone(item string, _ time.Time, reason string) error {
	h.refuse = append(h.refuse, item+" postponed "+reason)
	return nil
}

func (h *house) Join(b Booking, call string) error {
	h.booked = append(h.booked, b.Item+" by "+call)
	return nil
}

func (h *house) Cancel(item, reason string) error {
	h.refuse = append(h.refuse, item+" cancelled "+reason)
	return nil
}

func (h *house) Foresee(string) error { return nil }

func (h *house) Dial(a Attempt) error {
	if h.noDial {
		return errNo
	}
	h.dials = append(h.dials, a.ID)
	return nil
}

func (h *house) Hangup(attempt string)   { h.dials = append(h.dials, "-"+attempt) }
func (h *house) Append(ev journey.Event) { h.lines = append(h.lines, ev) }
func (h *house) options() Options {
	return Options{Queue: h, Dialer: h, Journal: h, Registerer: prometheus.NewRegistry()}
}
func (h *house) request(n string) Request {
	return Request{ID: n, Record: "r", Number: "+49" + n, Queue: "q"}
}

// running starts an owner and returns how to end it.
func running(h *house, o Options) (*Owner, func()) {
	owner := NewOwner(o)
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { owner.Run(ctx); close(over) }()
	return owner, func() { stop(); <-over }
}

func TestOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{}
		o, stop := running(h, h.options())
		ctx := context.Background()
		from, err := o.Request(ctx, h.request("1"))
		if err != nil || !from.Equal(time.Now()) {
			t.Errorf("got %v, %v", from, err)
		}
		if _, err = o.Request(ctx, h.request("1")); !errors.As(err, &RefusedError{}) || err.Error() != "callback refused: duplicate" {
			t.Errorf("got %v, want duplicate", err)
		}
		for _, ev := range []Event{Offered{Item: "1", Offer: "1/1", Epoch: 1, Agent: "anna"}, Result{Attempt: "1/1", Outcome: Busy},
			Offered{Item: "1", Offer: "1/2", Epoch: 2, Agent: "anna"}} {
			if err := o.Post(ev); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Minute) // the second attempt has no outcome: the owner's own clock ends it
		synctest.Wait()
		stop()
		want := []string{"1/1", "1/2", "-1/2"}
		if len(h.dials) != 3 || h.dials[0] != want[0] || h.dials[1] != want[1] || h.dials[2] != want[2] {
			t.Errorf("dialled %v, want %v", h.dials, want)
		}
		if len(h.refuse) != 2 || h.refuse[0] != "1 busy" || h.refuse[1] != "1 failed" {
			t.Errorf("told the queue %v", h.refuse)
		}
		for _, ev := range h.lines {
			if err := ev.Validate(); err != nil {
				t.Errorf("%s: %v", ev.Kind, err)
			}
		}
		if len(h.lines) != 3 {
			t.Errorf("%d lines, want a request and two attempts", len(h.lines))
		}
		if err := o.Post(Tick{}); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
		if _, err := o.Request(ctx, h.request("2")); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestOrdersThatAreNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &house{noBook: true}
		o, stop := running(h, h.options())
		defer stop()
		if _, err := o.Request(context.Background(), h.request("1")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(h.lines); n != 2 || h.lines[1].Kind != journey.CallbackExpired {
			t.Errorf("lines %+v, want a request and its end", h.lines)
		}
		h.noBook, h.noDial = false, true
		if _, err := o.Request(context.Background(), h.request("1")); err != nil {
			t.Fatalf("the refused one blocks the next: %v", err)
		}
		if err := o.Post(Offered{Item: "1", Offer: "1/1", Epoch: 1}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(h.refuse) != 1 || h.refuse[0] != "1 failed" {
			t.Errorf("told the queue %v, want failed", h.refuse)
		}
	})
}

func TestFullMailbox(t *testing.T) {
	h := &house{}
	o := NewOwner(h.options())
	for range mailbox {
		if err := o.Post(Tick{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Post(Tick{}); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want busy", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := o.Request(ctx, h.request("1")); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want busy", err)
	}
}

// TestRandom lets anything happen in any order: the lists stay sound, nothing is dialled twice at once, everything ends.
func TestRandom(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		p := NewPlans(Config{Limit: 30}, testRules)
		now := start
		dialled := map[string]string{} // by item
		see := func(list []Effect) {
			for _, e := range list {
				switch e := e.(type) {
				case dial:
					if dialled[e.attempt.Item] != "" {
						t.Fatalf("seed %d: %s dialled while %s is under way", seed, e.attempt.ID, dialled[e.attempt.Item])
					}
					dialled[e.attempt.Item] = e.attempt.ID
				case hangup:
					for item, id := range dialled {
						if id == e.attempt {
							delete(dialled, item)
						}
					}
				}
			}
			soundness(t, p)
		}
		for range 3000 {
			now = now.Add(time.Duration(rnd.IntN(4000)) * time.Millisecond)
			item := "i" + strconv.Itoa(rnd.IntN(40))
			if ev, ok := randomEvent(rnd, item, dialled).(Result); ok {
				for i, id := range dialled {
					if id == ev.Attempt {
						delete(dialled, i)
					}
				}
				see(p.Step(ev, now))
			} else {
				see(p.Step(randomEvent(rnd, item, nil), now))
			}
		}
		for n := range 40 {
			see(p.Step(Ended{Item: "i" + strconv.Itoa(n), Outcome: "done"}, now))
		}
		if _, ok := p.Next(); ok || p.Live() != 0 || len(p.queues) != 0 {
			t.Fatalf("seed %d: %d live, %d queues, a deadline %t are left", seed, p.Live(), len(p.queues), ok)
		}
	}
}

// randomEvent is a result of an attempt under way, if there are some, or anything else about an item.
func randomEvent(rnd *rand.Rand, item string, dialled map[string]string) Event {
	if id := dialled[item]; id != "" && rnd.IntN(2) == 0 {
		return Result{id, []Outcome{Human, Unknown, Machine, Busy, NoAnswer, Failed, AgentMissed}[rnd.IntN(7)], "k"}
	}
	switch rnd.IntN(8) {
	case 0, 1:
		return Ask{Request{ID: item, Record: "r", Number: []string{"+49", "+44"}[rnd.IntN(2)] + item[1:], Queue: "q" + item[1:2],
			Mode: []Mode{AgentFirst, CustomerFirst}[rnd.IntN(2)], Gap: time.Minute}}
	case 2:
		return Offered{Item: item, Offer: item + "/1", Epoch: uint64(rnd.IntN(4)), Agent: "a"}
	case 3:
		return Withdrawn{item, uint64(rnd.IntN(4))}
	case 4, 5:
		return Forecast{Item: item, Free: rnd.IntN(3), Ahead: rnd.IntN(2), P50: time.Minute, Known: rnd.IntN(2) == 0}
	case 6:
		return Cancel{item, "api"}
	}
	return Ended{item, []string{"done", "expired", "failed", "cancelled", "abandoned"}[rnd.IntN(5)], ""}
}
