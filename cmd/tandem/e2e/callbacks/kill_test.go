package callbacks

import (
	"syscall"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// TestKill kills the gateway after a callback was booked: it is there again at its place with its time, and is done, once.
func TestKill(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	before := h.booked()
	h.Idle(t)
	h.Kill(t)
	h.Restart(t)
	after := h.booked()
	if after.ID != before.ID || !after.Asked.Equal(before.Asked) || after.Record != before.Record || after.Number != second || after.Position != 1 {
		t.Errorf("the list shows\n%+v after the restart, before\n%+v", after, before)
	}
	late := h.call("call_until_bye", third)
	h.awaitWaiting(2)
	h.again()

	customer := h.customer("answer", "-rtp_echo", "-mp", "16000")
	h.awaitRegistered()
	h.awaitDue(before.ID)
	h.sign("available")
	h.callBack(customer)
	h.serve(third)
	late.Pass(t)
	h.gone()
	h.counts(before.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 1, "callback-attempt": 1, "callback-expired": 0,
		"callback-cancelled": 0, "abandoned": 0, "wrap-up-started": 1, "wrap-up-ended": 1})
	if n := len(h.Records(t)); n != 2 {
		t.Errorf("%d records, want one for each caller", n)
	}
	if n := len(h.callbacks()); n != 0 {
		t.Errorf("%d callbacks are listed when it is done", n)
	}
}

// TestKillWhileRinging kills the gateway while the customer's telephone rings: the callback is not lost, and is done once.
func TestKillWhileRinging(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: "{attempts: 3, gap: 2s, ring: 20s}", answer: "auto"})
	h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000").Pass(t)
	b := h.booked()
	ringing := h.customer("answer_cancel")
	h.sign("available")
	rig.Await(t, "the customer's telephone rings", soon, func() bool { return invited(t, ringing) == 1 })
	h.Kill(t)
	ringing.End(syscall.SIGKILL, time.Second) // its call is nobody's any more
	customer := h.customer("answer", "-rtp_echo", "-mp", "16000")
	h.anna.Do("hangup", "") // before the gateway is back, and rings her at once
	h.Restart(t)
	h.sign("available")
	h.hears(agentTone)
	if got := h.callbacks(); len(got) != 1 || got[0].ID != b.ID || got[0].State != "active" {
		t.Errorf("while they talk the list shows %+v", got)
	}
	h.anna.Do("hangup", "")
	customer.Pass(t)
	h.gone()
	h.counts(b.Record, map[string]int{"callback-requested": 1, "enqueued": 1, "callback-expired": 0, "callback-cancelled": 0, "abandoned": 0,
		"wrap-up-started": 1, "wrap-up-ended": 1})
	if n := len(h.Records(t)); n != 1 {
		t.Errorf("%d records, want 1", n)
	}
}

// again lets a restarted gateway refuse what it has.
func (h *house) again() {
	h.t.Helper()
	made := h.added(second)
	if list := h.callbacks(); len(list) != 1 || made.ID != list[0].ID || !made.Again {
		h.t.Errorf("adding the same number made %+v; the list shows %+v", made, list)
	}
}
