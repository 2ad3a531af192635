package b2bua

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/sip/siptest"
)

// machine is a table in a form that one set of tests can read.
type machine struct {
	name              string
	states, ons, does []string
	start, end        int
	rows              []tableRow
	step              func(s, e int) (to int, do uint, ok bool)
}

type tableRow struct {
	from, on, to int
	do           uint
	rfc          string
}

func machines() []machine {
	call := machine{
		name: "call_fsm", states: callStateNames[:], end: int(callEnded),
		ons: []string{"attempt", "nobody", "bridge", "part", "hangup", "empty"}, does: []string{"tell peer", "clear", "forget"},
		step: func(s, e int) (int, uint, bool) {
			to, do, ok := stepCall(callState(s), callEvent(e))
			return int(to), uint(do), ok
		},
	}
	for _, r := range callRows {
		call.rows = append(call.rows, tableRow{int(r.from), int(r.on), int(r.to), uint(r.do), ""})
	}
	leg := machine{
		name: "leg_fsm", states: legStateNames[:], end: int(legEnded),
		ons: []string{"ring", "answer", "hangup", "over", "no media"}, does: []string{"stamp", "release", "tell"},
		step: func(s, e int) (int, uint, bool) {
			to, do, ok := stepLeg(legState(s), legEvent(e))
			return int(to), uint(do), ok
		},
	}
	for _, r := range legRows {
		leg.rows = append(leg.rows, tableRow{int(r.from), int(r.on), int(r.to), uint(r.do), r.rfc})
	}
	return []machine{call, leg}
}

// TestTables renders each machine to its golden file.
func TestTables(t *testing.T) {
	for _, m := range machines() {
		siptest.Golden(t, m.name+".md", m.markdown())
	}
}

func (m machine) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n| from | on | to | do | RFC |\n|---|---|---|---|---|\n", m.name)
	for _, r := range m.rows {
		var do []string
		for i, name := range m.does {
			if r.do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.states[r.from], m.ons[r.on], m.states[r.to], strings.Join(do, ", "), r.rfc)
	}
	b.WriteString("\nNot listed: ignored, legs end in any order and signalling may repeat and cross.\n")
	return b.String()
}

// TestReachable: every state can be reached from the first, and the end from every state.
func TestReachable(t *testing.T) {
	for _, m := range machines() {
		for s := range m.states {
			if !m.reaches(m.start, s) {
				t.Errorf("%s: %s is never reached", m.name, m.states[s])
			}
			if !m.reaches(s, m.end) {
				t.Errorf("%s: %s cannot end", m.name, m.states[s])
			}
		}
	}
}

func (m machine) reaches(from, to int) bool {
	seen := map[int]bool{from: true}
	for todo := []int{from}; len(todo) > 0; todo = todo[1:] {
		for _, r := range m.rows {
			if r.from == todo[0] && !seen[r.to] {
				seen[r.to] = true
				todo = append(todo, r.to)
			}
		}
	}
	return seen[to]
}

// TestDecided: Step does what the table says, and changes nothing for a pair that is not listed.
func TestDecided(t *testing.T) {
	for _, m := range machines() {
		for s := range m.states {
			for e := range m.ons {
				to, do, ok := m.step(s, e)
				i := slices.IndexFunc(m.rows, func(r tableRow) bool { return r.from == s && r.on == e })
				want := tableRow{to: s}
				if i >= 0 {
					want = m.rows[i]
				}
				if ok != (i >= 0) || to != want.to || do != want.do {
					t.Errorf("%s: %s on %s: %d %d %t", m.name, m.states[s], m.ons[e], to, do, ok)
				}
			}
		}
	}
}

func TestDuplicateRowPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair that stands twice was compiled")
		}
	}()
	compile([]legRow{legRows[0], legRows[0]}, func(r legRow) (legState, legEvent, step[legState, legDo]) {
		return r.from, r.on, step[legState, legDo]{r.to, r.do, true}
	})
}
