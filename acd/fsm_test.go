package acd

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares text with a file under testdata, or rewrites it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s", path, firstDifference(string(got), string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		var a, b string
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, a, b)
		}
	}
	return "equal"
}

// machine is a table with its names, for the tests that every machine passes.
type machine[S, E ~uint8, D ~uint32] struct {
	name                    string
	rows                    []row[S, E, D]
	states, events, actions []string
	start                   S
	ends                    func(S) bool // where a life may end
}

func (m machine[S, E, D]) test(t *testing.T) {
	t.Run("golden", func(t *testing.T) { golden(t, "fsm/"+m.name+".md", m.render()) })
	t.Run("reachable", func(t *testing.T) {
		seen := m.reach(m.start)
		for i, name := range m.states {
			if !seen[S(i)] {
				t.Errorf("%s is never reached", name)
			}
		}
	})
	t.Run("can end", func(t *testing.T) {
		for i, name := range m.states {
			ended := false
			for s := range m.reach(S(i)) {
				ended = ended || m.ends(s)
			}
			if !ended {
				t.Errorf("%s can never end", name)
			}
		}
	})
	t.Run("every pair decided", func(t *testing.T) {
		table := compile(m.rows, len(m.states), len(m.events))
		listed := 0
		for s := range m.states {
			for e := range m.events {
				if table[s][e].listed {
					listed++
				}
			}
		}
		if listed != len(m.rows) {
			t.Errorf("listed %d pairs, want %d", listed, len(m.rows))
		}
	})
}

func (m machine[S, E, D]) reach(from S) map[S]bool {
	seen := map[S]bool{from: true}
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

func (m machine[S, E, D]) render() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n| from | on | to | do | §\n|---|---|---|---|---|\n", m.name)
	for _, r := range m.rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.states[r.from], m.events[r.on], m.states[r.to],
			flags(r.do, m.actions), r.ref)
	}
	return b.Bytes()
}

func TestItemMachine(t *testing.T) {
	machine[ItemState, itemOn, itemDo]{"workitem", itemRows, itemStateNames[:], itemOnNames[:], itemDoNames, ItemNew,
		ItemState.Terminal}.test(t)
	for _, r := range itemRows {
		if r.from.Terminal() {
			t.Errorf("row leaves the outcome %s", r.from)
		}
		if r.to.Terminal() != (r.do&itemClose != 0) {
			t.Errorf("%s on %s: an outcome is reported exactly when it is reached", r.from, itemOnNames[r.on])
		}
		if holds, held := r.to == ItemOffered || r.to.assigned(), r.from == ItemOffered || r.from.assigned(); held && !holds &&
			r.on != itemRestart && r.do&itemRelease == 0 {
			t.Errorf("%s on %s: the agent is not released", r.from, itemOnNames[r.on])
		}
		if r.to == ItemQueued && r.do&itemJoin == 0 {
			t.Errorf("%s on %s: queued without a place", r.from, itemOnNames[r.on])
		}
	}
}

func TestOfferMachine(t *testing.T) {
	machine[offerState, offerOn, offerDo]{"offer", offerRows, offerStateNames[:], offerOnNames[:], offerDoNames,
		offerPending, func(s offerState) bool { return s > offerAccepted }}.test(t)
}

func TestAgentMachine(t *testing.T) {
	machine[AgentState, agentOn, agentDo]{"agent", agentRows, agentStateNames[:], agentOnNames[:], agentDoNames,
		AgentOffline, func(s AgentState) bool { return s == AgentOffline }}.test(t)
}

func TestCompileRefusesDuplicates(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair listed twice was taken")
		}
	}()
	compile([]row[ItemState, itemOn, itemDo]{{from: ItemNew, on: itemAdmit}, {from: ItemNew, on: itemAdmit}}, 1, 1)
}

func TestNames(t *testing.T) {
	for s := range itemStates {
		var back ItemState
		text, _ := s.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s: got %s, %v", s, back, err)
		}
	}
	for s := range agentStates {
		var back AgentState
		text, _ := s.MarshalText()
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%s: got %s, %v", s, back, err)
		}
	}
	var i ItemState
	var a AgentState
	if i.UnmarshalText([]byte("x")) == nil || a.UnmarshalText([]byte("x")) == nil {
		t.Error("unknown names were taken")
	}
	o := OfferID{"a/b", 7}
	if back, err := ParseOfferID(o.String()); err != nil || back != o {
		t.Errorf("got %v, %v", back, err)
	}
	for _, bad := range []string{"", "x", "/1", "x/", "x/-1"} {
		if _, err := ParseOfferID(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
