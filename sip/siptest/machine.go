package siptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/sip/fsm"
)

// Machine is a state machine with what its tests need to know.
type Machine[S, E ~uint8, D ~uint8 | ~uint16] struct {
	*fsm.Machine[S, E, D]
	States, Events, Effects []string // names, in the order of the constants
	Start                   S
	Ends                    []S    // where it may stay for ever
	Lacks                   []S    // states of the type that this machine does not have
	Golden                  string // file under testdata
	Head, Foot              string // of that file, around the table
}

// Check holds that the table is the golden one, that each state is reached from the start and leads to an end, and that Step
// does for each pair what its row says, and nothing for a pair without one.
func (m Machine[S, E, D]) Check(t *testing.T) {
	t.Helper()
	for _, r := range m.Rows() {
		if int(r.From) >= len(m.States) || int(r.On) >= len(m.Events) || int(r.To) >= len(m.States) || int(r.Do)>>len(m.Effects) != 0 {
			t.Fatalf("%s: %v holds what has no name", m.Golden, r)
		}
	}
	Golden(t, m.Golden, m.markdown())
	reached, ending := m.closure(false, m.Start), m.closure(true, m.Ends...)
	for i, name := range m.States {
		s := S(i)
		if has := !slices.Contains(m.Lacks, s); reached[s] != has || ending[s] != has {
			t.Errorf("%s: state %s is reached %t, can end %t, want %t", m.Golden, name, reached[s], ending[s], has)
		}
		for e := range m.Events {
			m.checkPair(t, s, E(e))
		}
	}
}

func (m Machine[S, E, D]) checkPair(t *testing.T, s S, e E) {
	t.Helper()
	wantTo, wantDo, want := s, D(0), false
	for _, r := range m.Rows() {
		if r.From == s && r.On == e {
			wantTo, wantDo, want = r.To, r.Do, true
		}
	}
	if to, do, listed := m.Step(s, e); to != wantTo || do != wantDo || listed != want {
		t.Errorf("%s: %s on %s: got %d, %b, %t, want %d, %b, %t", m.Golden, m.States[s], m.Events[e], to, do, listed, wantTo, wantDo, want)
	}
}

// closure follows the rows, forwards or back, from some states until nothing new is found.
func (m Machine[S, E, D]) closure(back bool, from ...S) map[S]bool {
	seen := map[S]bool{}
	for _, s := range from {
		seen[s] = true
	}
	for range m.States {
		for _, r := range m.Rows() {
			a, b := r.From, r.To
			if back {
				a, b = b, a
			}
			seen[b] = seen[b] || seen[a]
		}
	}
	return seen
}

func (m Machine[S, E, D]) markdown() string {
	var b strings.Builder
	b.WriteString(m.Head + "\n| from | on | to | do | RFC |\n|---|---|---|---|---|\n")
	for _, r := range m.Rows() {
		var do []string
		for i, name := range m.Effects {
			if r.Do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.States[r.From], m.Events[r.On], m.States[r.To], strings.Join(do, ", "), r.RFC)
	}
	return b.String() + m.Foot
}
