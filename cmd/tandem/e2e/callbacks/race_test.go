package callbacks

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/cmd/tandem/phone"
	"tandem/digital/api"
)

// races is how often each race is run.
const races = 10

// seeker finds the moment at which a race turns: each round halves what it is known within.
type seeker struct{ early, late time.Duration }

// newSeeker looks within the time that a key takes until it is recognised.
func newSeeker() *seeker { return &seeker{0, 400 * time.Millisecond} }

func (s *seeker) next() time.Duration { return (s.early + s.late) / 2 }

// tell says whether the key was first.
func (s *seeker) tell(key bool) {
	if key {
		s.late = s.next()
	} else {
		s.early = s.next()
	}
}

// number is the n-th caller's.
func number(n int) string { return fmt.Sprintf("+49151555500%02d", n) }

// TestLeavesAtOnce: a caller presses the key and hangs up before anybody has answered. He is called back or has left, one of both.
func TestLeavesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual"})
	h.call("key_then_bye", number(99), "-key", "key", "1", "-d", "300").Pass(t)
	callers, turn := h.callers(), newSeeker()
	for n := range races {
		turn.tell(h.leaves(callers, n, turn.next()))
	}
	listed := map[string]bool{} // by record
	for _, b := range h.callbacks() {
		listed[b.Record] = true
	}
	for _, r := range h.Records(t) {
		r = h.Record(t, r.ID)
		kept, left := live(r), len(of(r, "abandoned"))
		if kept+left != 1 || listed[r.ID] != (kept == 1) {
			t.Errorf("record %s: %d callbacks, left %d times, listed: %t", r.ID, kept, left, listed[r.ID])
			h.counts(r.ID, map[string]int{"callback-requested": kept})
		}
	}
	t.Logf("%d of %d are called back; the race turns at %v", len(listed), races+1, turn.next())
	for _, b := range h.callbacks() {
		if said := h.CLI(t, "callback", "cancel", b.ID); said.Code != 0 {
			t.Error(said.Err)
		}
	}
	h.gone()
}

// leaves lets a caller press the key and hang up so long after, and tells whether he is to be called back.
func (h *house) leaves(callers *phone.Phone, n int, after time.Duration) bool {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), soon)
	defer cancel()
	call, err := callers.Dial(ctx, line, number(n))
	if err != nil {
		h.t.Fatalf("round %d: %v", n, err)
	}
	rig.Await(h.t, "the caller waits", soon, func() bool { return slices.Contains(h.order(), number(n)) })
	var pressed sync.WaitGroup
	pressed.Go(func() { _ = call.Audio().Press("1") }) // the call may end under it
	until(time.Now().Add(after))
	if err := call.Hangup(ctx); err != nil {
		h.t.Errorf("round %d: %v", n, err)
	}
	pressed.Wait()
	h.Idle(h.t)
	rig.Await(h.t, "the queue holds only callbacks", soon, func() bool { return len(h.callbacks()) == len(h.items()) })
	return slices.ContainsFunc(h.callbacks(), func(b api.Callback) bool { return b.Number == number(n) })
}

// live is how many callbacks a record has asked for and not given up.
func live(r control.Record) int {
	return len(of(r, "callback-requested")) - len(of(r, "callback-expired")) - len(of(r, "callback-cancelled"))
}

// callers is a telephone exchange at the calling trunk.
func (h *house) callers() *phone.Phone {
	h.t.Helper()
	p, err := phone.Open(phone.Config{Name: "callers", Local: netip.AddrPortFrom(h.from, 0), Gateway: h.Gateway.SIP, User: "callers", Domain: rig.Domain})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(p.Close)
	return p
}

// TestAgentIsFaster: an agent becomes free in the same moment as a caller presses the key. She talks with him at once or calls him
// back, one of both, and once.
func TestAgentIsFaster(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "auto"})
	customers := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("answer"), Host: h.carrier.Addr(), Port: h.carrier.Port(), Calls: races + 1, Limit: 2 * time.Minute})
	callers := h.callers()
	calledBack, turn := 0, newSeeker()
	for n := range races {
		called := h.race(callers, n, turn.next())
		if turn.tell(called); called {
			calledBack++
		}
		if got := invited(t, customers); got != calledBack {
			t.Fatalf("round %d: customers were called %d times, want %d", n, got, calledBack)
		}
	}
	t.Logf("%d of %d were called back; the race turns at %v", calledBack, races, turn.next())
}

// race lets anna be free so long after the key, and tells whether she called back.
func (h *house) race(callers *phone.Phone, n int, after time.Duration) bool {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	call, err := callers.Dial(ctx, line, number(n))
	if err != nil {
		h.t.Fatalf("round %d: %v", n, err)
	}
	h.awaitWaiting(1)
	var both sync.WaitGroup
	start := time.Now().Add(200 * time.Millisecond)
	both.Go(func() {
		until(start)
		if err := call.Audio().Press("1"); err != nil {
			h.t.Error(err)
		}
	})
	both.Go(func() {
		until(start.Add(after))
		if _, err := control.NewClient(h.Socket).SetAgent(ctx, "anna", control.AgentChange{State: "available"}); err != nil {
			h.t.Error(err)
		}
	})
	both.Wait()
	record := h.connected(n)
	h.sign("away")
	h.anna.Do("hangup", "")
	select {
	case <-call.Ended():
	case <-ctx.Done():
		h.t.Fatalf("round %d: the caller is still there", n)
	}
	h.gone()
	r := h.Record(h.t, record)
	kept := live(r)
	if kept < 0 || kept > 1 || len(of(r, "callback-attempt")) != kept {
		h.t.Errorf("round %d: %d callbacks, %d attempts", n, kept, len(of(r, "callback-attempt")))
	}
	h.counts(record, map[string]int{"enqueued": 1, "accepted": 1, "wrap-up-started": 1, "abandoned": 0, "missed": 0})
	return kept == 1
}

// connected waits until anna talks with the n-th caller, and gives the record.
func (h *house) connected(n int) (record string) {
	h.t.Helper()
	rig.Await(h.t, fmt.Sprintf("anna talks in round %d", n), 15*time.Second, func() bool {
		for _, c := range h.Calls(h.t) {
			if c.State == "connected" && (c.Agent == "anna" || c.Caller == "anna") {
				record = c.Record
			}
		}
		return record != ""
	})
	return record
}

// until waits for a time.
func until(at time.Time) { <-time.After(time.Until(at)) }
