package desk

import "testing"

// TestHeard: what concerns a supervisor's listening reaches his pages, though he is no agent, and nobody else's.
func TestHeard(t *testing.T) {
	r := newRig(t)
	sue, anna := r.open("user=sue&role=supervisor"), r.open("user=anna&agent=anna&role=agent")
	sue.read("snapshot")
	anna.read("snapshot")
	r.s.Heard("sue", "c_2", "v=0")
	r.s.HeardGone("sue", "c_2", "over")
	r.s.Answer("anna", "c_3", "v=1")
	if o := sue.read("rtc.answer"); o.ID != "c_2" || o.SDP != "v=0" {
		t.Errorf("%+v", o)
	}
	if o := sue.read("call.gone"); o.ID != "c_2" || o.Why != "over" {
		t.Errorf("%+v", o)
	}
	if o := anna.read("rtc.answer"); o.ID != "c_3" {
		t.Errorf("anna was told %+v", o)
	}
}
