package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/cmd/tandem/config"
	"tandem/store"
	"tandem/store/journey"
)

// TestEachCallHasItsLine: a process dies between the end of a call and its line in the CDR file. The next one writes that line, and none
// twice.
func TestEachCallHasItsLine(t *testing.T) {
	st, path := openMemory(t), filepath.Join(t.TempDir(), "cdr.jsonl")
	life := func(play func(*callJournal)) {
		g := &site{cfg: &config.Config{CDR: config.CDR{Path: path, Sync: "always"}}, store: st, registry: prometheus.NewRegistry(), log: discard}
		j := newCallJournal(st, discard)
		if err := g.openCDR(j); err != nil {
			t.Fatal(err)
		}
		play(j)
		j.close()
		if err := g.cdr.Close(); err != nil {
			t.Fatal(err)
		}
	}
	ends := func(j *callJournal, call string) {
		for _, kind := range []journey.Kind{journey.InteractionStarted, journey.InteractionEnded} {
			ev := callEvent(call, kind)
			ev.At = time.Now()
			if err := j.Append(ev); err != nil {
				t.Fatal(err)
			}
		}
	}
	life(func(j *callJournal) {
		var over []journey.Event
		write := j.ended
		j.ended = func(ev journey.Event) { over = append(over, ev) }
		ends(j, "c_first")
		ends(j, "c_second")
		j.close()
		j.store = &illStore{Store: st, ill: true} // it dies before a mark is taken,
		write(over[0])                            // and before the second line
	})
	life(func(*callJournal) {})
	life(func(j *callJournal) { ends(j, "c_third") })
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []string{"c_first", "c_second", "c_third"} {
		if n := strings.Count(string(raw), `"call":"`+call+`"`); n != 1 {
			t.Errorf("%s has %d lines", call, n)
		}
	}
	if _, err := store.AppendWait(t.Context(), st, store.Batch{Now: true, Bindings: []store.Binding{{Key: "behind all others"}}}); err != nil {
		t.Fatal(err)
	}
	marks, err := st.Bindings(time.Now())
	if err != nil || len(marks) != 0 {
		t.Errorf("%d marks are left, %v", len(marks), err)
	}
}
