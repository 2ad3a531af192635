package sdp

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

var stateNames = [...]string{"idle", "offering", "settled", "answered", "reoffering"}
var eventNames = [...]string{"local offer", "remote answer", "remote offer", "offer failed"}

func doNames(d Do) string {
	var names []string
	if d&Apply != 0 {
		names = append(names, "apply")
	}
	if d&Drop != 0 {
		names = append(names, "drop")
	}
	return strings.Join(names, ", ")
}

// golden compares got with a file under testdata, and rewrites that with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

func TestNegotiationGolden(t *testing.T) {
	var b strings.Builder
	b.WriteString("# negotiation\n\n| from | on | to | do | RFC |\n|---|---|---|---|---|\n")
	for _, r := range table {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", stateNames[r.from], eventNames[r.on], stateNames[r.to], doNames(r.do), r.rfc)
	}
	golden(t, "negotiation.md", b.String())
}

// reach gives all states that can be come to from one.
func reach(from State) map[State]bool {
	seen := map[State]bool{from: true}
	for again := true; again; {
		again = false
		for _, r := range table {
			if seen[r.from] && !seen[r.to] {
				seen[r.to], again = true, true
			}
		}
	}
	return seen
}

func TestNegotiationReachable(t *testing.T) {
	if got := reach(Idle); len(got) != int(states) {
		t.Errorf("got %v", got)
	}
}

// A negotiation ends where no offer is out.
func TestNegotiationEnds(t *testing.T) {
	for s := range states {
		if got := reach(s); !got[Settled] || !got[Answered] {
			t.Errorf("%s does not end: %v", stateNames[s], got)
		}
	}
}

func TestNegotiationDecidesAll(t *testing.T) {
	listed := 0
	for s := range states {
		for e := range events {
			next, do, ok := Step(s, e)
			if ok {
				listed++
			} else if next != s || do != 0 {
				t.Errorf("%s on %s is not listed and does something", stateNames[s], eventNames[e])
			}
		}
	}
	if listed != len(table) {
		t.Errorf("got %d pairs, want %d", listed, len(table))
	}
	if _, _, ok := Step(states, LocalOffer); ok {
		t.Error("a state that does not exist was taken")
	}
	if _, _, ok := Step(Idle, events); ok {
		t.Error("an event that does not exist was taken")
	}
}

func TestNegotiationDuplicateRows(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a duplicate row was taken")
		}
	}()
	compile(append(append([]row(nil), table...), table[0]))
}
