package webrtc

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

var (
	stateNames    = [...]string{"offered", "joining", "up", "lost", "over"}
	occasionNames = [...]string{"described", "secured", "failed", "fell silent", "heard again", "far closed", "dropped"}
	effectNames   = [effects]string{"begin", "enforce", "say", "release"}
)

func TestLinkGolden(t *testing.T) {
	var b strings.Builder
	b.WriteString("# link\n\n| from | on | to | do | RFC |\n|---|---|---|---|---|\n")
	for _, r := range rows {
		var names []string
		for bit, name := range effectNames {
			if r.do&(1<<bit) != 0 {
				names = append(names, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", stateNames[r.from], occasionNames[r.on], stateNames[r.to], strings.Join(names, ", "), r.rfc)
	}
	const path = "testdata/link.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// reach gives all states that can be come to from one.
func reach(from state) map[state]bool {
	seen := map[state]bool{from: true}
	for again := true; again; {
		again = false
		for _, r := range rows {
			if seen[r.from] && !seen[r.to] {
				seen[r.to], again = true, true
			}
		}
	}
	return seen
}

func TestLinkReachable(t *testing.T) {
	if got := reach(offered); len(got) != int(states) {
		t.Errorf("got %v", got)
	}
}

func TestLinkEnds(t *testing.T) {
	for s := range states {
		if !reach(s)[over] {
			t.Errorf("%s does not end", stateNames[s])
		}
	}
	for _, r := range rows {
		if (r.to == over) != (r.do&release != 0) {
			t.Errorf("%s on %s: over and not released, or the other way round", stateNames[r.from], occasionNames[r.on])
		}
	}
}

func TestLinkDecidesAll(t *testing.T) {
	listed := 0
	for s := range states {
		for on := range occasions {
			next, what, ok := step(s, on)
			if ok {
				listed++
			} else if next != s || what != 0 {
				t.Errorf("%s on %s is not listed and does something", stateNames[s], occasionNames[on])
			}
		}
	}
	if listed != len(rows) {
		t.Errorf("got %d pairs, want %d", listed, len(rows))
	}
	if _, _, ok := step(states, described); ok {
		t.Error("a state that does not exist was taken")
	}
	if _, _, ok := step(offered, occasions); ok {
		t.Error("an occasion that does not exist was taken")
	}
}

func TestLinkDuplicateRows(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a duplicate row was taken")
		}
	}()
	compile(append(append([]row(nil), rows...), rows[0]))
}
