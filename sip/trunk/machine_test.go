package trunk

import (
	"testing"

	"tandem/sip/siptest"
)

func TestHealthMachine(t *testing.T) {
	siptest.Machine[HealthState, healthOn, healthDo]{
		Machine: healthMachine, States: healthNames[:], Events: healthOnNames[:], Effects: healthDoNames[:],
		Ends: []HealthState{Up, Down}, Golden: "health_fsm.md", Head: "# health\n",
	}.Check(t)
}

func TestRegistrationMachine(t *testing.T) {
	siptest.Machine[RegistrationState, regOn, regDo]{
		Machine: regMachine, States: regNames[:], Events: regOnNames[:], Effects: regDoNames[:],
		Ends: []RegistrationState{RegIdle}, Golden: "registration_fsm.md", Head: "# registration\n",
	}.Check(t)
}
