package trunk

import (
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func first(int) int { return 0 }

func hosts(targets []Target) string {
	var out []string
	for _, t := range targets {
		out = append(out, t.Host)
	}
	return strings.Join(out, " ")
}

func trunkOf(t *testing.T, targets ...Target) (*Trunk, []Target) {
	t.Helper()
	tr := mustNew(t, Config{Name: "t", Targets: targets, Ping: time.Minute, HealthRule: HealthRule{DownAfter: 2, UpAfter: 2}})
	return tr, tr.Config().Targets
}

func TestChooseFollowsHealth(t *testing.T) {
	tr, targets := trunkOf(t, Target{Host: "a"}, Target{Host: "b"}, Target{Host: "c", Priority: 1})
	want := func(at time.Duration, list string) {
		t.Helper()
		got, err := tr.Choose(start.Add(at), first)
		if hosts(got) != list || (err == nil) != (list != "") || err != nil && !errors.Is(err, ErrDown) {
			t.Errorf("got %q, %v, want %q", hosts(got), err, list)
		}
	}
	want(0, "a b c")
	tr.Report(start, targets[0], NoAnswer, 0)
	want(0, "b a c")
	tr.Report(start, targets[0], Unreachable, 0)
	want(0, "b c")
	tr.Report(start, targets[1], Overloaded, time.Minute)
	want(0, "c")
	want(59*time.Second, "c")
	want(60*time.Second, "b c")
	tr.Report(start, targets[0], Answered, 0)
	want(0, "a c")
	tr.Report(start, targets[2], Overloaded, 0)
	tr.Report(start, targets[0], Overloaded, 24*time.Hour)
	want(0, "")
	want(DefaultPause, "c")
	want(MaxPause, "a b c")
}

// A target that asked for a pause keeps it, whatever it says to OPTIONS; one that failed is back with its first answer.
func TestPause(t *testing.T) {
	tr, targets := trunkOf(t, Target{Host: "a"})
	tr.Report(start, targets[0], Overloaded, time.Minute)
	if got := tr.Report(start.Add(59*time.Second), targets[0], Answered, 0); got != nil || tr.Health(start.Add(59 * time.Second))[0] != Down {
		t.Errorf("an answer ends the pause: %+v", got)
	}
	if got := tr.Report(start.Add(time.Minute), targets[0], Answered, 0); len(got) != 2 || got[1].To != Up {
		t.Errorf("got %+v", got)
	}
	for range 2 {
		tr.Report(start, targets[0], NoAnswer, 0)
	}
	if _, err := tr.Choose(start.Add(time.Hour), first); err != ErrDown {
		t.Errorf("got %v: a pinged target is tried without an answer", err)
	}
}

// Where nothing pings, a target that is down is tried again after a while, and one failure puts it down again.
func TestDownWithoutPing(t *testing.T) {
	tr := mustNew(t, Config{Name: "t", Targets: []Target{{Host: "a"}}})
	target := tr.Config().Targets[0]
	for range 3 {
		tr.Report(start, target, Unreachable, 0)
	}
	if _, err := tr.Choose(start.Add(DefaultPause-1), first); err != ErrDown {
		t.Errorf("got %v, want %v", err, ErrDown)
	}
	later := start.Add(DefaultPause)
	if got, err := tr.Choose(later, first); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
	if got := tr.Report(later, target, NoAnswer, 0); len(got) != 2 || got[1].To != Down {
		t.Errorf("got %+v", got)
	}
	if _, err := tr.Choose(later.Add(DefaultPause-1), first); err != ErrDown {
		t.Errorf("got %v, want %v", err, ErrDown)
	}
}

func TestHealthChanges(t *testing.T) {
	tr, targets := trunkOf(t, Target{Host: "a"}, Target{Host: "b"})
	steps := []struct {
		at      time.Duration
		outcome Outcome
		want    string // "from to", "" for no change
	}{
		{0, Answered, "unknown up"}, {0, Answered, ""}, {0, NoAnswer, "up degraded"}, {0, Answered, ""}, {0, NoAnswer, ""},
		{0, Answered, ""}, {0, Answered, "degraded up"}, {0, NoAnswer, "up degraded"}, {0, Unreachable, "degraded down"}, {0, NoAnswer, ""},
		{0, Answered, "down degraded"}, {0, Answered, "degraded up"}, {0, Overloaded, "up down"}, {time.Second, Overloaded, ""},
		{DefaultPause, NoAnswer, ""}, {DefaultPause + time.Second, Answered, "down unknown,unknown up"},
	}
	for i, s := range steps {
		var got []string
		for _, c := range tr.Report(start.Add(s.at), targets[0], s.outcome, 0) {
			got = append(got, c.From.String()+" "+c.To.String())
			if c.Trunk != "t" || c.Target != targets[0] || !c.At.Equal(start.Add(s.at)) {
				t.Errorf("step %d: got %+v", i, c)
			}
		}
		if strings.Join(got, ",") != s.want {
			t.Errorf("step %d: got %q, want %q", i, got, s.want)
		}
	}
	if got := tr.Report(start, Target{Host: "foreign"}, NoAnswer, 0); got != nil {
		t.Errorf("a foreign target changes %+v", got)
	}
	if got := tr.Health(start); got[0] != Up || got[1] != Unknown {
		t.Errorf("got %v", got)
	}
}

func TestOutcomeOf(t *testing.T) {
	for status, want := range map[int]Outcome{200: Answered, 404: Answered, 486: Answered, 500: Answered, 503: Overloaded, 603: Answered} {
		if got := OutcomeOf(status); got != want {
			t.Errorf("%d: got %d, want %d", status, got, want)
		}
	}
}

// Weights share the first places in proportion, and every target is tried once.
func TestWeights(t *testing.T) {
	tr, _ := trunkOf(t, Target{Host: "one", Weight: 1}, Target{Host: "three", Weight: 3}, Target{Host: "none"}, Target{Host: "later", Priority: 5})
	random := rand.New(rand.NewPCG(1, 2))
	count := map[string]int{}
	for range 4000 {
		got, err := tr.Choose(start, random.IntN)
		if err != nil || len(got) != 4 || got[3].Host != "later" || got[2].Host != "none" {
			t.Fatalf("got %s, %v", hosts(got), err)
		}
		count[got[0].Host]++
	}
	if count["three"] < 2800 || count["three"] > 3200 || count["one"] != 4000-count["three"] {
		t.Errorf("got %v, want about 1000 and 3000", count)
	}
	even, _ := trunkOf(t, Target{Host: "a"}, Target{Host: "b"})
	if got, _ := even.Choose(start, func(n int) int { return n - 1 }); hosts(got) != "b a" {
		t.Errorf("got %s", hosts(got))
	}
}

func TestCallLimit(t *testing.T) {
	tr, err := New(Config{Name: "t", InboundUser: "u", MaxCalls: 2}, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, nil, ErrFull, ErrFull} {
		if got := tr.Acquire(); got != want {
			t.Errorf("call %d: got %v, want %v", i, got, want)
		}
	}
	tr.Release()
	if tr.Acquire() != nil || tr.Calls() != 2 {
		t.Errorf("a released call cannot be taken; %d calls", tr.Calls())
	}
	tr.Release()
	tr.Release()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("Release without Acquire does not panic")
			}
		}()
		tr.Release()
	}()
	free := mustNew(t, Config{Name: "free", InboundUser: "u"})
	for range 1000 {
		if free.Acquire() != nil {
			t.Fatal("a trunk without limit is full")
		}
	}
}

func TestCallLimitHoldsUnderRace(t *testing.T) {
	tr := mustNew(t, Config{Name: "t", InboundUser: "u", MaxCalls: 5})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if tr.Acquire() == nil {
					if n := tr.Calls(); n < 1 || n > 5 {
						t.Errorf("%d calls", n)
					}
					tr.Release()
				}
			}
		})
	}
	wg.Wait()
	if tr.Calls() != 0 {
		t.Errorf("%d calls are left", tr.Calls())
	}
}

func TestPinger(t *testing.T) {
	jitter := 0.5
	p := NewPinger(start, time.Minute, func() float64 { return jitter })
	at, ok := p.Deadline()
	if !ok || !at.Equal(start.Add(30*time.Second)) {
		t.Fatalf("got %s, %v", at, ok)
	}
	if p.Step(at.Add(-1), PingTick) || p.Step(at, PingFinished) || !p.Step(at, PingTick) {
		t.Fatal("does not send exactly at its deadline")
	}
	if _, ok := p.Deadline(); ok || p.Step(at.Add(time.Hour), PingTick) {
		t.Error("two OPTIONS are out")
	}
	for j, want := range map[float64]time.Duration{0: 54 * time.Second, 0.5: time.Minute} {
		jitter = j
		p.Step(at, PingFinished)
		if got, ok := p.Deadline(); !ok || !got.Equal(at.Add(want)) {
			t.Errorf("jitter %v: got %s, want %s", j, got.Sub(at), want)
		}
		p.Step(at.Add(time.Hour), PingTick)
	}
	off := NewPinger(start, 0, func() float64 { return 0 })
	if _, ok := off.Deadline(); ok || off.Step(start, PingTick) || off.Step(start, PingFinished) {
		t.Error("a pinger without interval pings")
	}
}
