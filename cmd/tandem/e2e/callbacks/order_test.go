package callbacks

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// The three callers.
const (
	first  = "+4915111111111"
	second = "+4915122222222"
	third  = "+4915133333333"
)

const patient = "{attempts: 3, gap: 10m, ring: 20s}"

// TestOrder: three wait, the second one is called back in his place.
func TestOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual"})
	one := h.call("call_until_bye", first)
	h.awaitWaiting(1)
	phone := rig.StartPhone(t, rig.PhoneSetup{Name: "second", Host: h.from, Hz: callerTone, Account: fmt.Sprintf(
		`<sip:%s@%s;transport=udp>;outbound="sip:%s";regint=0;audio_codecs=pcma;dtmfmode=rtpevent`, second, h.from, h.Gateway.SIP)})
	phone.Do("dial", fmt.Sprintf("sip:%s@%s", line, h.Gateway.SIP))
	phone.Saw("CALL_ESTABLISHED", soon)
	h.awaitWaiting(2)
	three := h.call("call_until_bye", third)
	h.awaitWaiting(3)
	before := h.items()
	phone.Press('1')
	phone.Saw("CALL_CLOSED", soon)
	heard(t, phone, "callback/booked")

	b := h.booked()
	after := h.items()
	if got := h.order(); !slices.Equal(got, []string{first, second, third}) {
		t.Errorf("the queue shows %v", got)
	}
	if len(after) != 3 || after[1].ID != before[1].ID || after[1].Wait < before[1].Wait || after[1].Position != before[1].Position {
		t.Fatalf("the place was %+v, is %+v", before[1], after)
	}
	if b.ID != after[1].ID || b.Number != second || b.Position != 2 || b.State != "waiting" || b.Attempts != 0 {
		t.Errorf("the list shows %+v", b)
	}
	if waited := time.Since(b.Asked).Seconds(); waited < before[1].Wait {
		t.Errorf("asked at %v, that is %.1f s ago, he had waited %.1f s before", b.Asked, waited, before[1].Wait)
	}
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "abandoned": 0, "item-ended": 0, "interaction-ended": 1})
	h.refusedAgain(b.ID)
	h.awaitDue(b.ID)

	customer := h.customer("answer", "-rtp_echo", "-mp", "16000")
	h.sign("available")
	h.serve(first)
	one.Pass(t)
	h.callBack(customer)
	h.serve(third)
	three.Pass(t)
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "accepted": 1, "callback-attempt": 1, "callback-expired": 0, "callback-cancelled": 0,
		"wrap-up-started": 1, "enqueued": 2, "abandoned": 1}) // the second call was refused, waited and left
	if n := len(h.Records(t)); n != 3 {
		t.Errorf("%d records, want one for each caller", n)
	}
}

// refusedAgain lets the second caller come again: his wish is refused, he waits on, and leaves.
func (h *house) refusedAgain(item string) {
	h.t.Helper()
	again := h.call("key_then_wait_bye", second, "-key", "key", "1", "-d", "1500")
	h.awaitWaiting(4)
	again.Pass(h.t)
	h.awaitWaiting(3)
	if list := h.callbacks(); len(list) != 1 || list[0].ID != item {
		h.t.Errorf("the list shows %+v after a second request", list)
	}
	if made := h.added(second); made.ID != item || !made.Again {
		h.t.Errorf("adding the same number made %+v, want callback %s again", made, item)
	}
}

// serve lets anna take the next call, which must be the caller's, and hang up.
func (h *house) serve(caller string) {
	h.t.Helper()
	h.anna.Saw("CALL_INCOMING", soon)
	h.anna.Do("accept", "")
	h.anna.Saw("CALL_ESTABLISHED", soon)
	h.awaitState("busy")
	for _, c := range h.Calls(h.t) {
		if c.Agent == "anna" && c.Caller != caller {
			h.t.Errorf("anna talks with %s, want %s", c.Caller, caller)
		}
	}
	h.anna.Do("hangup", "")
	h.anna.Saw("CALL_CLOSED", soon)
}

// callBack lets anna take the callback: she is rung first, then the customer, whose telephone sends back what it hears.
func (h *house) callBack(customer *rig.SIPp) {
	h.t.Helper()
	h.anna.Saw("CALL_INCOMING", soon)
	if n := invited(h.t, customer); n != 0 {
		h.t.Error("the customer was called before the agent has answered")
	}
	h.anna.Do("accept", "")
	h.anna.Saw("CALL_ESTABLISHED", soon)
	h.hears(agentTone)
	if n := invited(h.t, customer); n != 1 {
		h.t.Errorf("the customer was called %d times", n)
	}
	h.awaitState("busy")
	h.anna.Do("hangup", "")
	h.anna.Saw("CALL_CLOSED", soon)
	customer.Pass(h.t)
}
