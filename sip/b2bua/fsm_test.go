package b2bua

import (
	"testing"

	"tandem/sip/siptest"
)

const notListed = "\nNot listed: ignored, legs end in any order and signalling may repeat and cross.\n"

func TestCallMachine(t *testing.T) {
	siptest.Machine[callState, callEvent, callDo]{
		Machine: callMachine, States: callStateNames[:], Ends: []callState{callEnded},
		Events: []string{"attempt", "nobody", "bridge", "part", "hangup", "empty"}, Effects: []string{"tell peer", "clear", "forget"},
		Golden: "call_fsm.md", Head: "# call_fsm\n", Foot: notListed,
	}.Check(t)
}

func TestLegMachine(t *testing.T) {
	siptest.Machine[legState, legEvent, legDo]{
		Machine: legMachine, States: legStateNames[:], Ends: []legState{legEnded},
		Events: []string{"ring", "answer", "hangup", "over", "no media"}, Effects: []string{"stamp", "release", "tell"},
		Golden: "leg_fsm.md", Head: "# leg_fsm\n", Foot: notListed,
	}.Check(t)
}
