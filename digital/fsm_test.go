package digital

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

var convEventNames = []string{"ready", "route", "enqueue", "connect", "requeue", "park", "wake", "back", "free", "close"}

// TestTable renders the machine to its golden file.
func TestTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("# conversation_fsm\n\n| from | on | to | do |\n|---|---|---|---|\n")
	for _, r := range convRows {
		var do []string
		for i, name := range []string{"tell", "drop item", "drop script", "end"} {
			if r.do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.from, convEventNames[r.on], r.to, strings.Join(do, ", "))
	}
	b.WriteString("\nNot listed: ignored, commands of the dispatcher and acts of customer and agent may cross.\n")
	path := filepath.Join("testdata", "conversation_fsm.md")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
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

func reaches(from, to convState) bool {
	seen := map[convState]bool{from: true}
	for todo := []convState{from}; len(todo) > 0; todo = todo[1:] {
		for _, r := range convRows {
			if r.from == todo[0] && !seen[r.to] {
				seen[r.to] = true
				todo = append(todo, r.to)
			}
		}
	}
	return seen[to]
}

// TestReachable: every state can be reached from the first, and the end from every state.
func TestReachable(t *testing.T) {
	for s := range convStateNames {
		if !reaches(convNew, convState(s)) {
			t.Errorf("%s is never reached", convState(s))
		}
		if !reaches(convState(s), convClosed) {
			t.Errorf("%s cannot end", convState(s))
		}
	}
}

// TestDecided: Step does what the table says, and changes nothing for a pair that is not listed; a closed one stays closed.
func TestDecided(t *testing.T) {
	for s := range convStateNames {
		for e := range convEventNames {
			to, do, ok := stepConversation(convState(s), convEvent(e))
			i := slices.IndexFunc(convRows, func(r convRow) bool { return int(r.from) == s && int(r.on) == e })
			want := convRow{to: convState(s)}
			if i >= 0 {
				want = convRows[i]
			}
			if ok != (i >= 0) || to != want.to || do != want.do {
				t.Errorf("%s on %s: %s %d %t", convState(s), convEventNames[e], to, do, ok)
			}
			if convState(s) == convClosed && ok {
				t.Errorf("%s leaves the end", convEventNames[e])
			}
		}
	}
}

// TestTwice: a table with a pair that stands twice is a bug of ours.
func TestTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a pair stands twice and nobody minds")
		}
	}()
	compile([]convRow{convRows[0], convRows[0]}, func(r convRow) (convState, convEvent, step[convState, convDo]) {
		return r.from, r.on, step[convState, convDo]{r.to, r.do, true}
	})
}
