package softphone

import (
	"fmt"
	"strings"
	"testing"

	"tandem/sip/siptest"
)

// machine is a table with its names, for the four tests of each machine.
type machine[S, E, D ~uint8] struct {
	name                string
	rows                []row[S, E, D]
	states, events, dos []string
}

func TestRegistrationMachine(t *testing.T) {
	checkMachine(t, machine[regState, regOn, regDo]{"registration", regRows, regNames[:], regOnNames[:], regDoNames[:]})
}

func TestReferMachine(t *testing.T) {
	checkMachine(t, machine[referState, referOn, referDo]{"refer", referRows, referNames[:], referOnNames[:], referDoNames[:]})
}

// checkMachine holds that the table is the golden one, that each state is reached from state 0 and can go back there, and that
// a pair that is not listed changes nothing.
func checkMachine[S, E, D ~uint8](t *testing.T, m machine[S, E, D]) {
	t.Helper()
	siptest.Golden(t, m.name+"_fsm.md", m.markdown())
	reached := m.closure(func(r row[S, E, D]) (S, S) { return r.from, r.to })
	ending := m.closure(func(r row[S, E, D]) (S, S) { return r.to, r.from })
	table := compile(m.rows, len(m.states), len(m.events))
	for s, name := range m.states {
		if !reached[S(s)] || !ending[S(s)] {
			t.Errorf("%s: state %s is reached %t, can end %t", m.name, name, reached[S(s)], ending[S(s)])
		}
		for e := range m.events {
			if to, do, listed := step(table, S(s), E(e)); !listed && (to != S(s) || do != 0) {
				t.Errorf("%s: pair %s, %s is not listed and changes something", m.name, name, m.events[e])
			}
		}
	}
}

// closure follows the rows from state 0 until nothing new is found.
func (m machine[S, E, D]) closure(edge func(row[S, E, D]) (S, S)) map[S]bool {
	seen := map[S]bool{0: true}
	for grown := true; grown; {
		grown = false
		for _, r := range m.rows {
			if a, b := edge(r); seen[a] && !seen[b] {
				seen[b], grown = true, true
			}
		}
	}
	return seen
}

func (m machine[S, E, D]) markdown() string {
	var b strings.Builder
	b.WriteString("# " + m.name + "\n\n| from | on | to | do | rfc |\n|---|---|---|---|---|\n")
	for _, r := range m.rows {
		var do []string
		for i, name := range m.dos {
			if r.do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.states[r.from], m.events[r.on], m.states[r.to], strings.Join(do, ", "), r.rfc)
	}
	return b.String()
}

func TestCompileRefusesPairsTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair listed twice does not panic")
		}
	}()
	compile([]row[referState, referOn, referDo]{{referNone, referDue, referNone, 0, ""}, {referNone, referDue, referSent, 0, ""}}, 3, 7)
}
