package violence

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
)

// acked counts what was acknowledged to visitors and agents, and the conversations that came to their end.
func (m *mixed) acked() (in, out, ended int) {
	for _, v := range m.visitors {
		v.mu.Lock()
		for _, k := range v.talks {
			for _, s := range k.said {
				if s.seq != 0 {
					in++
				}
			}
			if k.done {
				ended++
			}
		}
		v.mu.Unlock()
	}
	for _, c := range m.clerks {
		c.mu.Lock()
		out += len(c.acked)
		c.mu.Unlock()
	}
	return in, out, ended
}

// TestMixedLoadSurvivesKill kills the gateway again and again among conversations, texts and calls: what was acknowledged is there
// once and in order, and nothing is assigned twice, or to somebody who is gone.
func TestMixedLoadSurvivesKill(t *testing.T) {
	for _, c := range []struct {
		name  string
		where kept
	}{{"file", inFile}, {"redis", inRedis}, {"nodes", byTwo}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			kills := 4
			if *long {
				kills = 50
			}
			surviveKills(t, newMixed(t, c.where), kills)
		})
	}
}

func surviveKills(t *testing.T, m *mixed, kills int) {
	ctx, cancel := context.WithCancel(t.Context())
	gone := m.begin(ctx)
	defer gone()
	defer cancel()
	rig.Await(t, "agents answer", 20*time.Second, func() bool { _, out, _ := m.acked(); return out > visitors })
	began := time.Now()
	for n := range kills {
		pause(ctx, time.Duration(200+rand.IntN(1000))*time.Millisecond)
		owner := m.owner()
		owner.Kill(t)
		owner.Restart(t)
		if n == kills/2 {
			m.clerks[clerks-1].gone.Store(true) // and never comes back
			if m.redis != nil {
				m.loseRedis() // maybe while somebody takes over
			}
		}
		_, out, _ := m.acked()
		want := out + 4
		if !until(40*time.Second, func() bool { _, out, _ := m.acked(); return out >= want }) {
			t.Fatalf("no agent answers after kill %d: %s", n+1, m.standing())
		}
	}
	in, out, ended := m.acked()
	t.Logf("%d kills in %v: %d messages of visitors and %d of agents acknowledged, %d conversations ended, %d calls", kills,
		time.Since(began).Round(time.Millisecond), in, out, ended, m.calls.Load())
	m.stop.Store(true)
	if !until(60*time.Second, m.quiet) {
		t.Errorf("a visitor has no last answer: %s", m.unanswered())
	}
	if !m.texts.send(ctx, "+491715559999", "text at last") {
		t.Error("no text can be sent after all kills")
	}
	m.oneCall()
	m.closing.Store(true)
	owner := m.owner()
	if !until(40*time.Second, func() bool { return owner.Metric(t, "tandem_acd_items_live") == 0 }) {
		t.Errorf("%v items are left", owner.Metric(t, "tandem_acd_items_live"))
	}
	if status, text := m.ready(); status != http.StatusOK {
		t.Errorf("/readyz says %d: %s", status, text)
	}
	cancel()
	gone()
	m.tally()
	m.end()
	m.check()
}

// quiet tells whether all visitors are done, and says who is not.
func (m *mixed) quiet() bool {
	for _, v := range m.visitors {
		if !v.over() {
			return false
		}
	}
	return true
}

// unanswered tells who waits for what, and who has it.
func (m *mixed) unanswered() string {
	var b strings.Builder
	for _, v := range m.visitors {
		if v.over() {
			continue
		}
		v.mu.Lock()
		id := v.id()
		fmt.Fprintf(&b, "\n%s in %s, has %d messages, wrote", v.name, id, v.last)
		for _, s := range v.talks[len(v.talks)-1].said {
			fmt.Fprintf(&b, " %s=%d", s.id, s.seq)
		}
		v.mu.Unlock()
		for _, c := range m.clerks {
			c.mu.Lock()
			for _, i := range c.items {
				if i.Conversation == id {
					fmt.Fprintf(&b, "; %s has %+v", c.name, i)
				}
			}
			c.mu.Unlock()
		}
	}
	queue, err := control.NewClient(m.Socket).Queue(m.t.Context(), "support")
	fmt.Fprintf(&b, "\nqueue: %+v %v", queue.Items, err)
	return b.String()
}

// standing tells how things are: who has what, and what the gateway that owns the calls measures of it.
func (m *mixed) standing() string {
	var b strings.Builder
	for _, c := range m.clerks {
		c.mu.Lock()
		fmt.Fprintf(&b, "\n%s, gone %v, has %+v and was told %v", c.name, c.gone.Load(), slices.Collect(maps.Values(c.items)), c.seen)
		c.mu.Unlock()
	}
	for line := range strings.Lines(m.owner().Metrics(m.t)) {
		if strings.HasPrefix(line, "tandem_") && !strings.Contains(line, "_bucket") && !strings.HasSuffix(line, " 0\n") {
			b.WriteString("\n" + strings.TrimSpace(line))
		}
	}
	return b.String() + m.unanswered()
}

// oneCall wants a call from end to end.
func (m *mixed) oneCall() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 15*time.Second)
	defer cancel()
	c, err := m.carrier.Dial(ctx, line, number(9999))
	if err != nil {
		m.t.Errorf("a call after all kills: %v", err)
		return
	}
	if !talks(c, 10*time.Second) {
		m.t.Errorf("a call after all kills hears nobody: %+v", c.Audio().Counters())
	}
	if err := c.Hangup(ctx); err != nil {
		m.t.Error(err)
	}
}

// tally logs what was refused to visitors and agents.
func (m *mixed) tally() {
	all := map[string]int{}
	for _, v := range m.visitors {
		for k, n := range v.counts() {
			all["visitor: "+k] += n
		}
	}
	for _, c := range m.clerks {
		for k, n := range maps.All(c.seen) {
			all["agent: "+k] += n
		}
	}
	m.t.Logf("told: %v", all)
}
