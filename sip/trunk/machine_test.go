package trunk

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// machine is a table with its names, for the four tests of each machine.
type machine[S, E, D ~uint8] struct {
	name                string
	rows                []row[S, E, D]
	states, events, dos []string
	first               S
	resting             []S // where it may stay for ever
}

func TestHealthMachine(t *testing.T) {
	checkMachine(t, machine[HealthState, healthOn, healthDo]{
		"health", healthRows, healthNames[:], healthOnNames[:], healthDoNames[:], Unknown, []HealthState{Up, Down},
	})
}

func TestRegistrationMachine(t *testing.T) {
	checkMachine(t, machine[RegistrationState, regOn, regDo]{
		"registration", regRows, regNames[:], regOnNames[:], regDoNames[:], RegIdle, []RegistrationState{RegIdle},
	})
}

func checkMachine[S, E, D ~uint8](t *testing.T, m machine[S, E, D]) {
	t.Helper()
	golden(t, "testdata/"+m.name+"_fsm.md", m.markdown())
	reached := m.closure([]S{m.first}, func(r row[S, E, D]) (S, S) { return r.from, r.to })
	ending := m.closure(m.resting, func(r row[S, E, D]) (S, S) { return r.to, r.from })
	for s, name := range m.states {
		if !reached[S(s)] {
			t.Errorf("%s: state %s is not reached", m.name, name)
		}
		if !ending[S(s)] {
			t.Errorf("%s: state %s cannot end", m.name, name)
		}
	}
	table := compile(m.rows, len(m.states), len(m.events))
	for s := range m.states {
		for e := range m.events {
			to, do, listed := step(table, S(s), E(e))
			if !listed && (to != S(s) || do != 0) {
				t.Errorf("%s: pair %s, %s is not listed and changes something", m.name, m.states[s], m.events[e])
			}
		}
	}
}

// closure follows the rows from some states until nothing new is found.
func (m machine[S, E, D]) closure(from []S, edge func(row[S, E, D]) (S, S)) map[S]bool {
	seen := make(map[S]bool)
	for _, s := range from {
		seen[s] = true
	}
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

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs (rewrite with -update):\n%s", path, got)
	}
}

func TestCompileRefusesPairsTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair listed twice does not panic")
		}
	}()
	compile([]row[HealthState, healthOn, healthDo]{{Up, healthAnswer, Up, 0, ""}, {Up, healthAnswer, Down, 0, ""}}, 4, 6)
}
