package transaction

import (
	"fmt"
	"strings"
	"testing"

	"tandem/sip/siptest"
)

var machines = map[string]struct {
	m     *machine
	start State
}{
	"invite_server": {inviteServer, Trying}, "server": {server, Trying},
	"invite_client": {inviteClient, Calling}, "client": {client, Calling},
}

func TestTables(t *testing.T) {
	for name, tt := range machines {
		t.Run(name, func(t *testing.T) { siptest.Golden(t, "fsm/"+name+".md", markdown(tt.m)) })
	}
}

func markdown(m *machine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s transaction\n\nA pair that is not listed is ignored.\n\n| from | on | to | do | RFC |\n|---|---|---|---|---|\n", m.name)
	for _, r := range m.rows {
		var do []string
		for i, name := range doNames {
			if r.do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.from, r.on, r.to, strings.Join(do, ", "), r.rfc)
	}
	return b.String()
}

func TestEveryStateIsReachedAndEnds(t *testing.T) {
	for name, tt := range machines {
		reached := closure(tt.m, tt.start)
		for _, r := range tt.m.rows {
			if !reached[r.from] || !reached[r.to] {
				t.Errorf("%s: %s or %s is never reached", name, r.from, r.to)
			}
			if !closure(tt.m, r.from)[Terminated] {
				t.Errorf("%s: %s never ends", name, r.from)
			}
			if ended := r.to == Terminated; ended != (r.do&DoForget != 0) {
				t.Errorf("%s: %s on %s ends without being forgotten, or the reverse", name, r.from, r.on)
			}
		}
	}
}

func closure(m *machine, from State) map[State]bool {
	seen := map[State]bool{from: true}
	for grown := true; grown; {
		grown = false
		for _, r := range m.rows {
			if seen[r.from] && !seen[r.to] {
				seen[r.to], grown = true, true
			}
		}
	}
	return seen
}

// TestEveryWaitHasAnEnd: a state that a peer's silence can hold must be entered with an end timer, or keep one.
func TestEveryWaitHasAnEnd(t *testing.T) {
	ends := DoEnd64 | DoEnd64U | DoEndT4U | DoRing
	for name, tt := range machines {
		for _, r := range tt.m.rows {
			userHolds := tt.m == inviteClient && r.to == Proceeding
			if r.do&DoStop != 0 && r.to != Terminated && r.do&ends == 0 && !userHolds {
				t.Errorf("%s: %s on %s stops the timers and starts none", name, r.from, r.on)
			}
		}
	}
}

func TestEveryPairIsDecided(t *testing.T) {
	for name, tt := range machines {
		for from := range states {
			for on := range events {
				to, do, listed := tt.m.Step(from, on)
				if !listed && (to != from || do != 0) {
					t.Errorf("%s: %s on %s moved without being listed", name, from, on)
				}
			}
		}
	}
}

func TestCompileRefusesDuplicates(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair listed twice was taken")
		}
	}()
	compile("double", []row{{Trying, On1xx, Proceeding, 0, ""}, {Trying, On1xx, Completed, 0, ""}})
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
