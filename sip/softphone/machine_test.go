package softphone

import (
	"testing"

	"tandem/sip/siptest"
)

func TestRegistrationMachine(t *testing.T) {
	siptest.Machine[regState, regOn, regDo]{
		Machine: regMachine, States: regNames[:], Events: regOnNames[:], Effects: regDoNames[:],
		Ends: []regState{regOff}, Golden: "registration_fsm.md", Head: "# registration\n",
	}.Check(t)
}

func TestReferMachine(t *testing.T) {
	siptest.Machine[referState, referOn, referDo]{
		Machine: referMachine, States: referNames[:], Events: referOnNames[:], Effects: referDoNames[:],
		Ends: []referState{referNone}, Golden: "refer_fsm.md", Head: "# refer\n",
	}.Check(t)
}
