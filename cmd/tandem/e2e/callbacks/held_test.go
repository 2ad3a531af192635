package callbacks

import (
	"fmt"
	"testing"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// TestHeldWhileHeListens: an agent is free while the customer still hears that he will be called back. He has put down before she is rung.
func TestHeldWhileHeListens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual"})
	caller := h.call("key_until_bye", second, "-key", "key", "1", "-d", "1000")
	b := h.booked()
	h.sign("available")
	if before := h.items(); len(before) != 1 || before[0].ID != b.ID || len(h.Calls(t)) != 1 {
		t.Fatalf("the queue shows %+v, and %d calls are up: he should hear the confirmation", before, len(h.Calls(t)))
	}
	caller.Pass(t)
	customer := h.customer("answer", "-rtp_echo", "-mp", "16000")
	h.callBack(customer)
	h.gone()
	r := h.Record(t, b.Record)
	ended, offered := of(r, "interaction-ended"), of(r, "offered")
	if len(ended) == 0 || len(offered) != 1 || offered[0].At.Before(ended[0].At) {
		t.Errorf("offered %+v, his call ended %+v", offered, ended)
	}
	if !b.Asked.Before(ended[0].At) {
		t.Errorf("asked at %v", b.Asked)
	}
}

// TestRefusedIsHeard: who has a callback already hears that he cannot have another, and waits on at his place.
func TestRefusedIsHeard(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual"})
	made := h.added(second)
	phone := rig.StartPhone(t, rig.PhoneSetup{Name: "caller", Host: h.from, Hz: callerTone, Account: fmt.Sprintf(
		`<sip:%s@%s;transport=udp>;outbound="sip:%s";regint=0;audio_codecs=pcma;dtmfmode=rtpevent`, second, h.from, h.Gateway.SIP)})
	phone.Do("dial", fmt.Sprintf("sip:%s@%s", line, h.Gateway.SIP))
	phone.Saw("CALL_ESTABLISHED", soon)
	h.awaitWaiting(2)
	before := h.items()[1]
	ear := phone.Ear()
	phone.Press('1')
	rig.Await(t, "he has listened for as long as the prompt takes", soon, func() bool { return ear.Last(3*mediatest.Rate) != nil })
	if after := h.items(); len(after) != 2 || after[1].ID != before.ID || after[1].State != "queued" || after[0].ID != made.ID {
		t.Errorf("the queue shows %+v, want the callback and the caller", after)
	}
	phone.Do("hangup", "")
	h.awaitWaiting(1)
	heard(t, phone, "callback/refused")
	if said := h.CLI(t, "callback", "cancel", made.ID); said.Code != 0 {
		t.Error(said.Err)
	}
	h.gone()
}
