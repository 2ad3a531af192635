package e2e

import (
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
)

// register lets sipp register anna's phone with a password, by a scenario.
func (h *house) register(t *testing.T, name, password string) *rig.SIPp {
	t.Helper()
	return rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario(name), Host: h.phone.Addr(), Port: h.phone.Port(), Remote: h.Gateway.SIP, Service: "anna",
		Args: []string{"-au", "anna", "-ap", password, "-auth_uri", rig.Domain}})
}

// atPhone starts a scenario that waits for calls at anna's phone.
func (h *house) atPhone(t *testing.T, name string) *rig.SIPp {
	t.Helper()
	return rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario(name), Host: h.phone.Addr(), Port: h.phone.Port()})
}

func (h *house) endpoint(t *testing.T, name string) control.Endpoint {
	t.Helper()
	var list []control.Endpoint
	h.JSON(t, &list, "endpoint", "list")
	for _, e := range list {
		if e.Name == name {
			return e
		}
	}
	t.Fatalf("no endpoint %s in %v", name, list)
	return control.Endpoint{}
}

func TestRegisteredPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	h.register(t, "register", rig.Password).Pass(t)
	e := h.endpoint(t, "anna")
	if len(e.Bindings) != 1 || !e.Registered || e.Bindings[0].Source != h.phone.String() {
		t.Fatalf("got %+v, want one binding at %s", e, h.phone)
	}
	callee := h.atPhone(t, "answer")
	h.call(t, "call", anna).Pass(t)
	callee.Pass(t)
	h.tell(t, 0).check(t, "outcome=answered", "cause=16", "by=caller", "called="+anna)

	h.Kill(t)
	h.Restart(t)
	if e := h.endpoint(t, "anna"); !e.Registered {
		t.Errorf("after a crash: got %+v, want the binding of before", e)
	}
}

func TestPhoneThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	h.register(t, "register", rig.Password).Pass(t)
	callee := h.atPhone(t, "answer_cancel")
	h.call(t, "refused_no_answer", ringLine).Pass(t)
	callee.Pass(t)
	w := h.tell(t, 0)
	w.check(t, "outcome=no-answer", "cause=19", "status=480", "by=system")
	w.ladder(t, "180", "CANCEL", "480")
}

func TestPhoneCallsOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	callee := h.callee(t, "answer")
	rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("call_challenged"), Host: h.phone.Addr(), Port: h.phone.Port(), Remote: h.Gateway.SIP, Service: outside,
		Args: []string{"-au", "anna", "-ap", rig.Password, "-auth_uri", outside + "@" + h.Gateway.SIP.String(), "-key", "caller", "anna"}}).Pass(t)
	callee.Pass(t)
	h.tell(t, 0).check(t, "outcome=answered", "cause=16", "by=caller", "endpoint=anna", "direction=out")
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	h.register(t, "register_wrong", "not-the-password").Pass(t)
	if e := h.endpoint(t, "anna"); e.Registered {
		t.Errorf("got %+v, want no binding", e)
	}
}

func TestFullHouse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{sip: "max_calls: 1"})
	first := h.call(t, "call_until_bye", menuLine)
	rig.Await(t, "the first call is answered", 10*time.Second, func() bool {
		list := h.Calls(t)
		return len(list) == 1 && !list[0].Answered.IsZero()
	})
	h.call(t, "refused_full", outside).Pass(t)
	if said := h.CLI(t, "call", "hangup", h.Calls(t)[0].ID); said.Code != 0 {
		t.Errorf("call hangup: %+v", said)
	}
	first.Pass(t)
	h.tell(t, 0).check(t, "outcome=flow", "cause=16", "by=system")
	callee := h.callee(t, "answer")
	h.call(t, "call", outside).Pass(t)
	callee.Pass(t)
}

func TestWithoutDialog(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	for _, name := range []string{"options", "method_unknown"} {
		h.call(t, name, outside).Pass(t)
	}
	if lines := h.Lines(t); len(lines) != 0 {
		t.Errorf("got call detail records %v, want none", lines)
	}
}

// A carrier's address without room is passed over: RFC 3261 §21.5.4; the next one takes the call.
func TestSpareTarget(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{spare: true})
	full := h.callee(t, "answer_overloaded")
	spare := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("answer"), Host: h.spare.Addr(), Port: h.spare.Port(), Calls: 2})
	h.call(t, "call", outside).Pass(t)
	full.Pass(t)
	w := h.tell(t, 0)
	w.check(t, "outcome=answered", "cause=16", "by=caller")
	w.ladder(t, "503", "b2  INVITE", "200 OK")
	h.call(t, "call", outside).Pass(t) // within Retry-After: the first is not asked
	spare.Pass(t)
	w = h.tell(t, 1)
	w.check(t, "outcome=answered")
	if strings.Contains(w.trace, "503") {
		t.Errorf("the address without room was asked again within Retry-After:\n%s", w.trace)
	}
}

// A trunk over TCP: the dialog stays on its connection.
func TestCallOverTCP(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	callee := h.callee(t, "answer")
	rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("call"), Host: h.from, Remote: h.Gateway.SIP, Service: outside, TCP: true,
		Args: []string{"-key", "caller", caller}}).Pass(t)
	callee.Pass(t)
	h.tell(t, 0).check(t, "outcome=answered", "cause=16", "by=caller")

	bye := h.callee(t, "answer_bye")
	c := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("call_until_bye"), Host: h.from, Remote: h.Gateway.SIP, Service: outside, TCP: true,
		Args: []string{"-key", "caller", caller}})
	c.Pass(t)
	bye.Pass(t)
	h.tell(t, 1).check(t, "outcome=answered", "cause=16", "by=callee")
}
