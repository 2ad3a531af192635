package dialog

import (
	"fmt"
	"os"
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
	notListed         string
}

type tableRow struct {
	from, on, to int
	do           uint
	rfc          string
}

func rowsOf[S, E, D ~uint8 | ~uint16](rows []row[S, E, D]) []tableRow {
	var out []tableRow
	for _, r := range rows {
		out = append(out, tableRow{int(r.from), int(r.on), int(r.to), uint(r.do), r.rfc})
	}
	return out
}

func machines() []machine {
	return []machine{
		{name: "dialog_fsm", states: stateNames[:], ons: dialogOnNames[:], does: dialogDoNames[:], end: int(StateTerminated), rows: rowsOf(dialogRows),
			notListed: "a retransmission or a crossing: nothing changes"},
		{name: "turn_fsm", states: turnNames[:], ons: turnOnNames[:], does: turnDoNames[:], end: int(turnStable), rows: rowsOf(turnRows),
			notListed: "an answer that nobody asked for: dropped"},
		{name: "slot_fsm", states: slotNames[:], ons: slotOnNames[:], does: slotDoNames[:], end: int(slotFree), rows: rowsOf(slotRows),
			notListed: "a retransmission: nothing changes"},
	}
}

// TestTables renders each machine to its golden file.
func TestTables(t *testing.T) {
	for _, m := range machines() {
		t.Run(m.name, func(t *testing.T) {
			file := "testdata/" + m.name + ".md"
			got := m.markdown()
			if siptest.Update() {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil || got != string(want) {
				t.Errorf("table differs (%v)\ngot:\n%s\nwant:\n%s", err, got, want)
			}
		})
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
	fmt.Fprintf(&b, "\nNot listed: %s.\n", m.notListed)
	return b.String()
}

// TestReachable: every state can be reached from the first.
func TestReachable(t *testing.T) {
	for _, m := range machines() {
		seen := m.closure(m.start, func(r tableRow) (int, int) { return r.from, r.to })
		for i, name := range m.states {
			if !seen[i] {
				t.Errorf("%s: %s is never reached", m.name, name)
			}
		}
	}
}

// TestCanEnd: every state leads to the last.
func TestCanEnd(t *testing.T) {
	for _, m := range machines() {
		seen := m.closure(m.end, func(r tableRow) (int, int) { return r.to, r.from })
		for i, name := range m.states {
			if !seen[i] {
				t.Errorf("%s: %s cannot end", m.name, name)
			}
		}
	}
}

func (m machine) closure(start int, edge func(tableRow) (int, int)) map[int]bool {
	seen := map[int]bool{start: true}
	for range m.states {
		for _, r := range m.rows {
			if a, b := edge(r); seen[a] {
				seen[b] = true
			}
		}
	}
	return seen
}

// TestDecided: every pair is listed, or leaves the state as it is and says so.
func TestDecided(t *testing.T) {
	for s := range State(nStates) {
		for e := range dialogOn(nDialogOn) {
			if to, do, ok := s.step(e); !ok && (to != s || do != 0) {
				t.Errorf("dialog (%s, %s): got %s", s, dialogOnNames[e], to)
			}
		}
	}
	for s := range turnState(nTurnStates) {
		for e := range turnOn(nTurnOn) {
			if to, do, ok := s.step(e); !ok && (to != s || do != 0) {
				t.Errorf("turn (%s, %s): got %s", s, turnOnNames[e], to)
			}
		}
	}
	for s := range slotState(nSlotStates) {
		for e := range slotOn(nSlotOn) {
			if to, do, ok := s.step(e); !ok && (to != s || do != 0) {
				t.Errorf("slot (%s, %s): got %s", s, slotOnNames[e], to)
			}
		}
	}
}

// TestDuplicateRowPanics: a pair listed twice is found at start.
func TestDuplicateRowPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair listed twice did not panic")
		}
	}()
	compile(append(turnRows[:len(turnRows):len(turnRows)], turnRows[0]), nTurnStates, nTurnOn)
}

func TestNames(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{Release.String(), "Release"}, {EffectKind(99).String(), "?"}, {Misused.String(), "Misused"}, {EventKind(99).String(), "?"},
		{HowProtocol.String(), "protocol"}, {ViaInvite.String(), "2xx to INVITE"}, {Network.String(), "network"}, {StateConfirmed.String(), "confirmed"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
