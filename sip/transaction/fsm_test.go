package transaction

import (
	"testing"

	"tandem/sip/siptest"
)

var machines = map[string]struct {
	m     *machine
	start State
	lacks []State
	title string
}{
	"invite_server": {inviteServer, Trying, []State{Calling}, "INVITE server"},
	"server":        {server, Trying, []State{Calling, Confirmed, Accepted}, "non-INVITE server"},
	"invite_client": {inviteClient, Calling, []State{Trying, Confirmed}, "INVITE client"},
	"client":        {client, Calling, []State{Trying, Completed, Confirmed, Accepted}, "non-INVITE client"},
}

func TestMachines(t *testing.T) {
	for name, tt := range machines {
		siptest.Machine[State, Event, Do]{
			Machine: tt.m, States: stateNames[:], Events: eventNames[:], Effects: doNames,
			Start: tt.start, Ends: []State{Terminated}, Lacks: tt.lacks,
			Golden: "fsm/" + name + ".md", Head: "# " + tt.title + " transaction\n\nA pair that is not listed is ignored.\n",
		}.Check(t)
	}
}

// TestEveryEndIsForgotten: what is terminated leaves the tables, and nothing else does.
func TestEveryEndIsForgotten(t *testing.T) {
	for name, tt := range machines {
		for _, r := range tt.m.Rows() {
			if ended := r.To == Terminated; ended != (r.Do&DoForget != 0) {
				t.Errorf("%s: %s on %s ends without being forgotten, or the reverse", name, r.From, r.On)
			}
		}
	}
}

// TestEveryWaitHasAnEnd: a state that a peer's silence can hold must be entered with an end timer, or keep one.
func TestEveryWaitHasAnEnd(t *testing.T) {
	ends := DoEnd64 | DoEnd64U | DoEndT4U | DoRing
	for name, tt := range machines {
		for _, r := range tt.m.Rows() {
			userHolds := tt.m == inviteClient && r.To == Proceeding
			if r.Do&DoStop != 0 && r.To != Terminated && r.Do&ends == 0 && !userHolds {
				t.Errorf("%s: %s on %s stops the timers and starts none", name, r.From, r.On)
			}
		}
	}
}

func FuzzSteps(f *testing.F) {
	f.Add([]byte{0, 3, 4, 1, 7})
	f.Fuzz(func(t *testing.T, script []byte) {
		for name, tt := range machines {
			s := tt.start
			for _, b := range script {
				if s == Terminated {
					break
				}
				s, _, _ = tt.m.Step(s, Event(b%byte(events)))
			}
			for range 4 { // time alone ends every state but a ringing INVITE of ours
				if s == Proceeding && tt.m == inviteClient {
					s, _, _ = tt.m.Step(s, On3xx)
				}
				s, _, _ = tt.m.Step(s, OnEnd)
			}
			if s != Terminated {
				t.Errorf("%s: %v ends in %s", name, script, s)
			}
		}
	})
}
