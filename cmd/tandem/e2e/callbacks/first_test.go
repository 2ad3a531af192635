package callbacks

import (
	"fmt"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// reachedFirst reaches customers first; one for whom nobody is free in so short a time is called again two seconds later.
const reachedFirst = "{first: customer, attempts: 3, gap: 2s, ring: 5s, hold: 3s}"

// soonForecast is how long it may take until a customer is dialled for whom somebody is free: a forecast comes every ten seconds.
const soonForecast = 25 * time.Second

// telephone is a customer's, at the carrier; it is answered by hand.
func (h *house) telephone() *rig.Phone {
	h.t.Helper()
	return rig.StartPhone(h.t, rig.PhoneSetup{Name: "customer", Host: h.carrier.Addr(), SIP: h.carrier.Port(), Hz: callerTone,
		Account: fmt.Sprintf(`<sip:%s@%s;transport=udp>;regint=0;answermode=manual;audio_codecs=pcma`, second, h.carrier.Addr())})
}

// TestCustomerFirst: the customer is called before any agent is rung, hears that he shall hold, and waits at his old place as a caller
// until the agent answers.
func TestCustomerFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: "{first: customer, attempts: 3, gap: 10m, ring: 20s}", answer: "manual"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	if b.First != "customer" {
		t.Errorf("the list shows %+v, want the customer first", b)
	}
	telephone := h.telephone()
	h.sign("available")
	telephone.Saw("CALL_INCOMING", soonForecast)
	if calls := h.Calls(t); len(calls) != 1 || calls[0].Agent != "" {
		t.Errorf("while the customer's telephone rings there are %+v", calls)
	}
	telephone.Do("accept", "")
	telephone.Saw("CALL_ESTABLISHED", soon)
	h.anna.Saw("CALL_INCOMING", soon)
	if n := len(h.callbacks()); n != 0 {
		t.Errorf("%d callbacks are listed when the customer is there", n)
	}
	waiting := telephone.Ear()
	rig.Await(t, "he has listened for a while", soon, func() bool { return waiting.Last(mediatest.Rate) != nil })
	h.anna.Do("accept", "")
	h.anna.Saw("CALL_ESTABLISHED", soon)
	h.hears(callerTone)
	ear := telephone.Ear()
	rig.Await(t, "the customer hears anna", soon, func() bool {
		last := ear.Last(mediatest.Rate / 10)
		return last != nil && mediatest.Find(last, agentTone) > level-tolerance
	})
	h.awaitState("busy")
	h.anna.Do("hangup", "")
	telephone.Saw("CALL_CLOSED", soon)
	heard(t, telephone, "callback/hold")
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 1, "callback-attempt": 1, "callback-expired": 0,
		"callback-cancelled": 0, "abandoned": 0, "missed": 0, "wrap-up-started": 1})
	if n := len(h.Records(t)); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// TestCustomerFirstInVain: the customer is busy, then there while nobody is free, then leaves while he waits. No agent is rung for nothing.
func TestCustomerFirstInVain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: reachedFirst, answer: "manual"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	busy := h.customer("answer_busy")
	h.sign("available")
	h.tried(b, 1, "busy")
	busy.Pass(t)

	telephone := h.telephone()
	telephone.Saw("CALL_INCOMING", soonForecast)
	h.sign("away") // a moment too early for him
	telephone.Do("accept", "")
	telephone.Saw("CALL_CLOSED", soon)
	heard(t, telephone, "callback/again")
	again := h.booked()
	if again.ID != b.ID || again.Attempts != 2 || again.State != "waiting" {
		t.Errorf("after a wait in vain the list shows %+v", again)
	}

	h.sign("available")
	telephone.Saw("CALL_INCOMING", soonForecast)
	telephone.Do("accept", "")
	h.anna.Saw("CALL_INCOMING", soon)
	telephone.Do("hangup", "")
	h.anna.Saw("CALL_CLOSED", soon)
	h.awaitState("available")
	h.gone()
	var reasons []string
	for _, e := range of(h.Record(t, b.Record), "callback-attempt") {
		reasons = append(reasons, e.Data["reason"])
	}
	if want := "[busy unknown no-agent unknown]"; fmt.Sprint(reasons) != want {
		t.Errorf("the attempts came to %v, want %s", reasons, want)
	}
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 0, "abandoned": 1})
	if n := h.Metric(t, "tandem_callback_attempts_total", "no-agent"); n != 1 {
		t.Errorf("the metrics count %v waits in vain", n)
	}
}

// TestCustomerFirstKilled: the gateway dies while the customer's telephone rings; he is called again.
func TestCustomerFirstKilled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: reachedFirst, answer: "auto"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	telephone := h.telephone()
	h.sign("available")
	telephone.Saw("CALL_INCOMING", soonForecast)
	h.Kill(t)
	telephone.Do("hangup", "")
	h.Restart(t)
	h.sign("available")
	telephone.Saw("CALL_INCOMING", soonForecast)
	telephone.Do("accept", "")
	h.hears(callerTone)
	h.anna.Do("hangup", "")
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 1, "abandoned": 0, "callback-expired": 0})
}

// TestCustomerFirstCutOff: the gateway dies while the customer holds the line; he is called again, at his place.
func TestCustomerFirstCutOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: "{first: customer, attempts: 3, gap: 2s, ring: 20s}", answer: "auto"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	telephone := h.telephone()
	h.sign("available")
	telephone.Saw("CALL_INCOMING", soonForecast)
	h.sign("away")
	telephone.Do("accept", "")
	rig.Await(t, "he waits as a caller", soon, func() bool { return len(h.callbacks()) == 0 && len(h.items()) == 1 })
	h.Kill(t)
	telephone.Do("hangup", "")
	h.Restart(t)
	again := h.booked()
	if again.ID != b.ID || !again.Asked.Equal(b.Asked) || again.Record != b.Record || again.Attempts != 0 || again.Number != second {
		t.Errorf("the list shows\n%+v after the restart, before\n%+v", again, b)
	}
	h.sign("available")
	telephone.Saw("CALL_INCOMING", soonForecast)
	telephone.Do("accept", "")
	h.hears(callerTone)
	h.anna.Do("hangup", "")
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 1, "abandoned": 0, "callback-expired": 0})
}
