package violence

import (
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// load is how much a soak asks for.
type load struct {
	calls  int // at once
	agents int
	length time.Duration
	talk   time.Duration
}

// long asks for the long soak.
var long = flag.Bool("long", false, "soak with 300 calls for two minutes; kill fifty times under mixed load")

// soak is the short one unless the long one was asked for.
func soak() load {
	if *long {
		return load{calls: 300, agents: 250, length: 2 * time.Minute, talk: 8 * time.Second}
	}
	return load{calls: 60, agents: 50, length: 15 * time.Second, talk: 2 * time.Second}
}

// soaked is what the callers saw.
type soaked struct {
	calls, packets, lost atomic.Int64
	mu                   sync.Mutex
	faults               []string // guarded by mu
}

func (s *soaked) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) < 20 {
		s.faults = append(s.faults, fmt.Sprintf(format, args...))
	}
}

// restless is how many goroutines come and go by themselves: those of the connections that ask for figures, and parts that start
// later than the first answer. A leak of one for each call would stand far above it.
const restless = 10

// TestSoak keeps callers busy: each calls, presses a key, waits, talks and hangs up, or is hung up on, and calls again.
func TestSoak(t *testing.T) {
	l := soak()
	h := newHouse(t, l.agents, "0s")
	h.sign(l.agents, "available")
	idle := h.Metric(t, "go_goroutines")
	var s soaked
	var wg sync.WaitGroup
	over := time.Now().Add(l.length)
	for n := range l.calls {
		wg.Go(func() {
			for round := 0; time.Now().Before(over); round++ {
				h.soakCall(&s, n, round, l.talk)
			}
		})
	}
	wg.Wait()
	for _, f := range s.faults {
		t.Error(f)
	}
	t.Logf("%d calls, %d packets heard, %d lost", s.calls.Load(), s.packets.Load(), s.lost.Load())
	if s.lost.Load() != 0 {
		t.Errorf("%d packets lost", s.lost.Load())
	}
	if min := int64(l.calls); s.calls.Load() < min {
		t.Errorf("%d calls, want %d at least", s.calls.Load(), min)
	}
	h.clean()
	for _, metric := range []string{"tandem_media_send_errors_total", "tandem_transaction_timeouts_total"} {
		if v := h.Metric(t, metric); v != 0 {
			t.Errorf("%s is %v, want 0", metric, v)
		}
	}
	if v := h.Metric(t, "tandem_media_recording_dropped_frames_total"); v > float64(s.packets.Load())/1000 {
		t.Errorf("%v frames are missing in recordings, want at most one in 1,000", v)
	}
	if got := h.states(); got["available"] != l.agents {
		t.Errorf("agents: %v, want all available", got)
	}
	rig.Await(t, "transactions are over", 45*time.Second, func() bool { return h.Metric(t, "tandem_transaction_active") == 0 })
	rig.Await(t, fmt.Sprintf("the goroutines are %v again", idle), 15*time.Second, func() bool { return h.Metric(t, "go_goroutines") <= idle+restless })
	if n, want := wholeCalls(h), int(s.calls.Load()); n != want {
		t.Errorf("%d calls are whole in the records, want %d", n, want)
	}
	rig.Await(t, "every call has its call detail record", 10*time.Second, func() bool { return len(h.Lines(t)) == int(s.calls.Load()) })
}

// soakCall is one call.
func (h *house) soakCall(s *soaked, n, round int, talk time.Duration) {
	c, err := h.dial(n)
	if err != nil {
		s.fault("caller %d, call %d: %v", n, round, err)
		return
	}
	s.calls.Add(1)
	defer c.Drop()
	if err := h.enter(c); err != nil {
		s.fault("caller %d, call %d: %v", n, round, err)
		return
	}
	if !talks(c, 30*time.Second) {
		s.fault("caller %d, call %d: hears no agent: %.1f dBm0, %+v, %s", n, round, c.Audio().Heard(agentTone), c.Audio().Counters(), h.story(n))
	}
	until(talk, func() bool { return c.By() != "" })
	if by := c.By(); by != "" {
		s.fault("caller %d, call %d: ended by %s in the middle", n, round, by)
	}
	if !talks(c, time.Second) {
		s.fault("caller %d, call %d: hears the agent at %.1f dBm0 in the end", n, round, c.Audio().Heard(agentTone))
	}
	k := c.Audio().Counters()
	s.packets.Add(int64(k.Received))
	s.lost.Add(int64(k.Lost))
	if k.Sources != 1 {
		s.fault("caller %d, call %d: %d sources of sound", n, round, k.Sources)
	}
	ctx := h.within(10 * time.Second)
	if err := c.Hangup(ctx); err != nil {
		s.fault("caller %d, call %d: BYE: %v", n, round, err)
	}
}

// story is what the gateway tells of a caller's live call.
func (h *house) story(n int) string {
	live, err := h.ask.Calls(h.within(5 * time.Second))
	if err != nil {
		return err.Error()
	}
	for _, c := range live {
		if c.Caller != number(n) {
			continue
		}
		r, err := h.ask.Record(h.within(5*time.Second), c.Record)
		text := fmt.Sprintf("%s %s %s %v:", c.ID, c.State, c.Queue, err)
		for _, e := range r.Events {
			if e.Interaction == c.ID {
				text += fmt.Sprintf(" %s%v", e.Kind, e.Data)
			}
		}
		return text
	}
	return "not live"
}
