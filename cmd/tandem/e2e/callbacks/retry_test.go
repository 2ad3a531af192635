package callbacks

import (
	"fmt"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/digital/api"
)

// hurried tries three times, four seconds apart; retryGap is that gap.
const (
	hurried  = "{attempts: 3, gap: 4s, ring: 3s}"
	retryGap = 4 * time.Second
)

// TestRetry: busy, then nobody answers, then they talk. The first retry keeps the place.
func TestRetry(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "1s", callbacks: hurried, answer: "auto"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	busy := h.customer("answer_busy")
	h.sign("available")
	busy.Pass(t)
	h.tried(b, 1, "busy")
	if got := h.booked(); !got.Asked.Equal(b.Asked) || got.Attempts != 1 {
		t.Errorf("after the first attempt the list shows %+v, want the time %v kept", got, b.Asked)
	}
	silent := h.customer("answer_cancel")
	h.tried(b, 2, "no-answer")
	silent.Pass(t)
	if got := h.booked(); !got.Asked.After(b.Asked) || got.Attempts != 2 {
		t.Errorf("after the second attempt the list shows %+v, want a new time after %v", got, b.Asked)
	}
	customer := h.customer("answer", "-rtp_echo", "-mp", "16000")
	h.hears(agentTone)
	h.anna.Do("hangup", "")
	customer.Pass(t)
	h.awaitEvent(b.Record, "wrap-up-ended", 1)
	h.awaitState("available")
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 3, "callback-attempt": 3, "callback-expired": 0,
		"callback-cancelled": 0, "wrap-up-started": 1, "wrap-up-ended": 1})
	tries := of(h.Record(t, b.Record), "callback-attempt")
	for i := 1; i < len(tries); i++ {
		if d := tries[i].At.Sub(tries[i-1].At); d < retryGap {
			t.Errorf("attempt %d came %v after the one before, want at least %v", i+1, d, retryGap)
		}
	}
}

// TestGivenUp: nobody is ever reached. The callback fails, the record says so, and the agent is free after each attempt.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "1h", callbacks: hurried, answer: "auto"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	h.sign("available")
	for try := range 3 {
		h.customer("answer_busy").Pass(t)
		h.tried(b, try+1, "busy")
		h.awaitState("available") // no wrap-up: there is nothing to write up
	}
	h.awaitEvent(b.Record, "callback-expired", 1)
	h.gone()
	if list := h.callbacks(); len(list) != 0 {
		t.Errorf("the list shows %+v when it is over", list)
	}
	h.counts(b.Record, map[string]int{"callback-requested": 1, "callback-attempt": 3, "callback-expired": 1, "callback-cancelled": 0,
		"wrap-up-started": 0, "abandoned": 0, "item-ended": 1})
	r := h.Record(t, b.Record)
	if e := of(r, "callback-expired"); len(e) == 1 && e[0].Data["reason"] == "" {
		t.Errorf("the record does not say why: %+v", e[0])
	}
	h.sign("away")
	again := h.added(second)
	if again.Again || again.ID == b.ID {
		t.Errorf("after the end a new request is %+v, want a new callback", again)
	}
	if said := h.CLI(t, "callback", "cancel", again.ID); said.Code != 0 {
		t.Error(said.Err)
	}
	h.gone()
}

// added adds a callback at the command line.
func (h *house) added(number string) (made api.Callback) {
	h.t.Helper()
	h.JSON(h.t, &made, "callback", "add", number)
	return made
}

// tried waits for the n-th attempt, and checks what it came to.
func (h *house) tried(b api.Callback, n int, outcome string) {
	h.t.Helper()
	var list []control.Event
	rig.Await(h.t, fmt.Sprintf("attempt %d is over", n), 20*time.Second, func() bool {
		list = of(h.Record(h.t, b.Record), "callback-attempt")
		return len(list) >= n
	})
	if e := list[n-1]; e.Data["reason"] != outcome || e.Data["try"] != fmt.Sprint(n) {
		h.t.Errorf("attempt %d is told as %v, want %s", n, e.Data, outcome)
	}
}
