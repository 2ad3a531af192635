package violence

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/cmd/tandem/phone"
	"tandem/store/journey"
)

// goneFor is how long Redis is away.
const goneFor = 10 * time.Second

// TestRedisGone takes Redis away while a call and a conversation are in progress: the call goes on and can be hung up, nothing is
// acknowledged that is not durable, /readyz says why, and all is written afterwards.
func TestRedisGone(t *testing.T) {
	for name, c := range map[string]struct{ leave, back func(*rig.Redis, testing.TB) }{
		"killed":  {(*rig.Redis).Kill, (*rig.Redis).Restart},
		"hanging": {(*rig.Redis).Freeze, (*rig.Redis).Thaw},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMixed(t, inRedis)
			withoutRedis(t, m, func() { c.leave(m.redis, t) }, func() { c.back(m.redis, t) })
		})
	}
}

func withoutRedis(t *testing.T, m *mixed, leave, back func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var stop atomic.Bool
	m.clerks = []*clerk{newClerk(t, 0, m.HTTP, netip.AddrPortFrom(rig.Host(t), 0), &m.closing)}
	m.visitors = []*visitor{newVisitor(t, 0, m.HTTP, netip.AddrPortFrom(rig.Host(t), 0), &stop)}
	var work sync.WaitGroup
	work.Go(func() { m.clerks[0].work(ctx) })
	work.Go(func() { m.visitors[0].live(ctx) })
	defer work.Wait()
	defer cancel()
	rig.Await(t, "the agent answers", 20*time.Second, func() bool { _, out, _ := m.acked(); return out > 0 })
	c, err := m.carrier.Dial(ctx, line, number(1))
	if err != nil {
		t.Fatal(err)
	}
	c.Audio().Tone(callerTone, level)
	if !talks(c, 10*time.Second) {
		t.Fatal("the call is not connected")
	}

	late := newVisitor(t, 1, m.HTTP, netip.AddrPortFrom(rig.Host(t), 0), &stop)
	m.visitors = append(m.visitors, late)
	leave()
	m.alone(c, func() { work.Go(func() { late.live(ctx) }) }, late)
	back()
	rig.Await(t, "/readyz is content", 20*time.Second, func() bool { status, _ := m.ready(); return status == http.StatusOK })
	t.Logf("told without Redis: visitor %v, new one %v", m.visitors[0].counts(), late.counts())
	_, out, _ := m.acked()
	rig.Await(t, "the agent answers again", 20*time.Second, func() bool { _, now, _ := m.acked(); return now > out })
	stop.Store(true)
	rig.Await(t, "the visitor has his last answer", 30*time.Second, m.quiet)
	m.oneCall()
	m.closing.Store(true)
	rig.Await(t, "no item is left", 30*time.Second, func() bool { return m.Metric(t, "tandem_acd_items_live") == 0 })
	cancel()
	work.Wait()
	m.Stop(t)
	m.check()
	m.checkCalls(3)
}

// alone is what happens while Redis is away: a call goes on and ends, another comes, a new visitor is turned away, and nobody is told
// that anything was kept.
func (m *mixed) alone(c *phone.Call, come func(), late *visitor) {
	t := m.t
	left := time.Now()
	rig.Await(t, "/readyz says why", 9*time.Second, func() bool {
		status, text := m.ready()
		return status == http.StatusServiceUnavailable && strings.Contains(text, "cannot write")
	})
	t.Logf("/readyz told after %v", time.Since(left).Round(time.Millisecond))
	come()
	during, err := m.carrier.Dial(m.within(5*time.Second), line, number(2))
	if err != nil {
		t.Errorf("a call without a store: %v", err)
	}
	rig.Await(t, "what was on its way is answered", 9*time.Second, func() bool { return time.Since(left) > goneFor/2 })
	in, _, _ := m.acked()
	rig.Await(t, "Redis was away for long", 2*goneFor, func() bool { return time.Since(left) > goneFor })
	if now, _, _ := m.acked(); now != in {
		t.Errorf("%d messages were acknowledged without a store", now-in)
	}
	c.Audio().Forget()
	if !talks(c, 5*time.Second) {
		t.Errorf("the call has lost its sound: %+v", c.Audio().Counters())
	}
	if err := c.Hangup(m.within(5 * time.Second)); err != nil {
		t.Errorf("hanging up without a store: %v", err)
	}
	if err == nil {
		if !talks(during, 5*time.Second) {
			t.Error("the call that came without a store hears nobody")
		}
		if err := during.Hangup(m.within(5 * time.Second)); err != nil {
			t.Error(err)
		}
	}
	if refused := late.counts(); len(refused) == 0 || late.begun() != 0 {
		t.Errorf("%d conversations began without a store, refused %v", late.begun(), refused)
	}
}

// within is a context that ends after a while, and with the test.
func (m *mixed) within(limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(m.t.Context(), limit)
	m.t.Cleanup(cancel)
	return ctx
}

// checkCalls wants so many calls, each with a beginning and an end in its record, and a call detail record.
func (m *mixed) checkCalls(want int) {
	m.t.Helper()
	whole := 0
	for _, list := range timelines(m.t, m.store) {
		started := map[string]bool{}
		for _, e := range list {
			switch e.Kind {
			case journey.InteractionStarted:
				started[e.Interaction] = true
			case journey.InteractionEnded:
				if started[e.Interaction] {
					whole++
				}
			}
		}
	}
	if lines := len(m.Lines(m.t)); whole != want || lines != want {
		m.t.Errorf("%d calls are written whole, %d call detail records, want %d of each", whole, lines, want)
	}
}
