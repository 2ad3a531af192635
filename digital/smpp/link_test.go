package smpp

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestLinkMachine(t *testing.T) {
	golden(t, "testdata/link_fsm.md", linkMarkdown())
	reached, ending := map[LinkState]bool{LinkIdle: true}, map[LinkState]bool{LinkClosed: true}
	for range linkRows {
		for _, r := range linkRows {
			reached[r.to] = reached[r.to] || reached[r.from]
			ending[r.from] = ending[r.from] || ending[r.to]
		}
	}
	for s, name := range linkNames {
		if !reached[LinkState(s)] || !ending[LinkState(s)] {
			t.Errorf("state %s: reached %v, can end %v", name, reached[LinkState(s)], ending[LinkState(s)])
		}
		for e, on := range linkOnNames {
			to, do, listed := step(linkTable, LinkState(s), linkOn(e))
			if !listed && (to != LinkState(s) || do != 0) {
				t.Errorf("pair %s, %s is not listed and changes something", name, on)
			}
		}
	}
}

func linkMarkdown() string {
	var b strings.Builder
	b.WriteString("# link\n\n| from | on | to | do | SMPP 3.4 |\n|---|---|---|---|---|\n")
	for _, r := range linkRows {
		var do []string
		for i, name := range linkDoNames {
			if r.do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", r.from, linkOnNames[r.on], r.to, strings.Join(do, ", "), r.rfc)
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
	compile([]row[LinkState, linkOn, linkDo]{{LinkIdle, linkDue, LinkBound, 0, ""}, {LinkIdle, linkDue, LinkIdle, 0, ""}}, int(nLinkStates), int(nLinkOn))
}

func TestConfigFaults(t *testing.T) {
	err := Config{Address: "x", Mode: "both", SystemID: strings.Repeat("x", 16), Password: "123456789", Window: -1, Rate: -1, Enquire: -1}.Validate()
	for _, want := range []string{"name", "address", "mode", "system_id", "password", "window", "rate", "enquire"} {
		if err == nil || !strings.Contains(err.Error(), want+":") {
			t.Errorf("got %v, want a fault about %s", err, want)
		}
	}
}

func TestThrottledGoesBackToItsPlace(t *testing.T) {
	s := newSending(Config{Window: 3, SlowDown: time.Second}.withDefaults())
	var flights []*flight
	for range 6 {
		f := &flight{}
		s.add(f)
		flights = append(flights, f)
	}
	s.queue = s.queue[3:]
	s.back(flights[1])
	s.back(flights[0])
	s.back(flights[2])
	for i, f := range s.queue {
		if f != flights[i] {
			t.Fatalf("place %d holds number %d", i, f.n)
		}
	}
}

func TestSlowDownGrowsAndEnds(t *testing.T) {
	s := newSending(Config{Window: 3, SlowDown: time.Second}.withDefaults())
	now := time.Unix(0, 0)
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		s.slow(now)
		s.slow(now) // answers to what was out do not count
		if got := s.resume.Sub(now); got != want || s.window != 1 {
			t.Errorf("got a pause of %s and a window of %d, want %s", got, s.window, want)
		}
		now = s.resume
	}
	for range 3 {
		s.fast()
	}
	if s.window != 3 || s.pause != 0 {
		t.Errorf("got a window of %d and a pause of %s after successes", s.window, s.pause)
	}
}

func TestProofForgetsWhatArrived(t *testing.T) {
	n := newIncoming()
	a, b := &inbound{print: print{1}, taken: true}, &inbound{print: print{2}, taken: true}
	n.written = append(n.written, a)
	n.mark()
	n.written = append(n.written, b)
	n.confirm()
	now := time.Unix(0, 0)
	n.lose(now)
	if n.recall(print{1}, now) != nil {
		t.Error("an answer that was proven is still awaited")
	}
	if n.recall(print{2}, now) != b || n.kept != 0 {
		t.Error("an answer that was not proven is forgotten")
	}
	n.remember(b, now)
	if n.recall(print{2}, now.Add(againWait)) != nil || n.kept != 0 {
		t.Error("remembered too long")
	}
}
