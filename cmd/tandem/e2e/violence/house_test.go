package violence

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/cmd/tandem/phone"
)

func TestMain(m *testing.M) { rig.Main(m) }

// The tones: frequencies in Hz of callers and agents, at level dBm0.
const (
	callerTone = 500.0
	agentTone  = 800.0
	level      = -12.0
	line       = "1000"
)

// house is a gateway with a queue, its agents' phones, and the carrier that calls come from.
type house struct {
	*rig.Gateway
	t       *testing.T
	agents  int
	carrier *phone.Phone
	desk    *phone.Phone // of all agents
	ask     *control.Client
}

const welcomeFlow = `flow: main
start: pick-up
vars: {key: digits}
steps:
  pick-up: {answer: 100ms, then: ask}
  ask:
    collect: {prompt: [demo/menu], into: key, min: 1, max: 1}
    exits: {ok: wait, no_input: bye, invalid: bye}
  wait:
    queue: {name: support, max_wait: 10m}
    exits: {ended: bye, timeout: bye, refused: bye, closed: bye}
  bye: {hangup: 16}
`

func agentName(n int) string { return fmt.Sprintf("a%d", n) }

// newHouse starts a house with so many agents, all registered and none signed in. Their phones answer by themselves.
func newHouse(t *testing.T, agents int, wrapUp string) *house {
	t.Helper()
	from, desk := rig.Host(t), rig.Host(t)
	var phones, people strings.Builder
	for n := range agents {
		fmt.Fprintf(&phones, "  %s: {extension: %d, password: %s}\n", agentName(n), 2000+n, rig.PasswordRef)
		fmt.Fprintf(&people, "  %s: {endpoint: %s, queues: [support]}\n", agentName(n), agentName(n))
	}
	body := fmt.Sprintf(`
trunks:
  carrier: {sources: [%s/32], targets: [{host: %s}], ping: 0s}
endpoints:
%sagents:
%squeues:
  support: {ring_timeout: 20s, wrap_up: %s, max_wait: 10m, join_when: always, music: music/default}
numbers: {%s: main}
`, from, from, phones.String(), people.String(), wrapUp, line)
	h := &house{t: t, agents: agents}
	h.Gateway = rig.Start(t, rig.Site{
		SIP: "max_calls: 1000\ncalls_per_second: 2000\ncall_burst: 4000\nrate: {per_second: 0}", Body: body, Record: true,
		Flows: map[string]string{"main.yaml": welcomeFlow},
	})
	h.ask = control.NewClient(h.Socket)
	h.carrier, h.desk = h.phone("carrier", from), h.phone("desk", desk)
	for n := range agents {
		if err := h.desk.RegisterAs(h.within(10*time.Second), agentName(n), 600); err != nil {
			t.Fatalf("agent %d registers: %v", n, err)
		}
	}
	var served sync.WaitGroup
	served.Go(h.serveDesk)
	t.Cleanup(func() {
		h.desk.Close()
		h.carrier.Close()
		served.Wait()
	})
	return h
}

func (h *house) phone(name string, host netip.Addr) *phone.Phone {
	h.t.Helper()
	p, err := phone.Open(phone.Config{
		Name: name, Local: netip.AddrPortFrom(host, 0), Gateway: h.Gateway.SIP, User: name, Domain: rig.Domain, Password: rig.Password,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// serveDesk answers each call with the agents' tone.
func (h *house) serveDesk() {
	var talking sync.WaitGroup
	for c := range h.desk.Incoming() {
		c.Audio().Tone(agentTone, level)
		talking.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if err := c.Answer(ctx); err != nil {
				c.Drop()
			}
		})
	}
	talking.Wait()
}

// within is a context that ends after a while, and with the test.
func (h *house) within(limit time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	h.t.Cleanup(cancel)
	return ctx
}

// sign changes the state of the first n agents.
func (h *house) sign(n int, state string) {
	h.t.Helper()
	for i := range n {
		if _, err := h.ask.SetAgent(h.within(10*time.Second), agentName(i), control.AgentChange{State: state}); err != nil {
			h.t.Fatalf("agent %d to %s: %v", i, state, err)
		}
	}
}

// number is the n-th caller's.
func number(n int) string { return fmt.Sprintf("+4930555%04d", n) }

// dial places a call with the callers' tone.
func (h *house) dial(n int) (*phone.Call, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return h.dialWith(ctx, n)
}

func (h *house) dialWith(ctx context.Context, n int) (*phone.Call, error) {
	c, err := h.carrier.Dial(ctx, line, number(n))
	if err == nil {
		c.Audio().Tone(callerTone, level)
	}
	return c, err
}

// dialAll places calls from, from+1, … and presses a key in each once the prompt is heard.
func (h *house) dialAll(from, n int) []*phone.Call {
	h.t.Helper()
	calls, faults := make([]*phone.Call, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if calls[i], faults[i] = h.dial(from + i); faults[i] == nil {
				faults[i] = h.enter(calls[i])
			}
		})
	}
	wg.Wait()
	for i, err := range faults {
		if err != nil {
			h.t.Fatalf("call %d: %v", from+i, err)
		}
	}
	return calls
}

// enter waits for the prompt and presses a key.
func (h *house) enter(c *phone.Call) error {
	if !until(5*time.Second, func() bool { return c.Audio().Level() > -45 }) {
		return fmt.Errorf("no prompt: %.0f dBm0, %+v", c.Audio().Level(), c.Audio().Counters())
	}
	return c.Audio().Press("1")
}

// talks waits until a caller hears an agent at the right level.
func talks(c *phone.Call, limit time.Duration) bool {
	return until(limit, func() bool { return math.Abs(c.Audio().Heard(agentTone)-level) < 1 })
}

func until(limit time.Duration, yes func() bool) bool {
	over := time.NewTimer(limit)
	defer over.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-over.C:
			return false
		case <-tick.C:
		}
	}
	return true
}

// live are the gateway's calls.
func (h *house) live() []control.Call {
	h.t.Helper()
	list, err := h.ask.Calls(h.within(10 * time.Second))
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// bridged is how many calls are connected.
func (h *house) bridged() (n int) {
	for _, c := range h.live() {
		if c.State == "connected" {
			n++
		}
	}
	return n
}

// waiting is how many items the queue holds, in any state.
func (h *house) waiting() int {
	q, err := h.ask.Queue(h.within(10*time.Second), "support")
	if err != nil {
		h.t.Fatal(err)
	}
	return len(q.Items)
}

// events gives the timeline of each record.
func (h *house) events() map[string][]control.Event {
	h.t.Helper()
	ctx := h.within(60 * time.Second)
	list, err := h.ask.SearchRecords(ctx, control.RecordQuery{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	all := map[string][]control.Event{}
	for _, r := range list {
		full, err := h.ask.Record(ctx, r.ID)
		if err != nil {
			h.t.Fatal(err)
		}
		all[r.ID] = full.Events
	}
	return all
}

// states counts the agents in each state.
func (h *house) states() map[string]int {
	list, err := h.ask.Agents(h.within(10 * time.Second))
	if err != nil {
		h.t.Fatal(err)
	}
	n := map[string]int{}
	for _, a := range list {
		n[a.State]++
	}
	return n
}

// clean waits until nothing of any call is left.
func (h *house) clean() {
	h.t.Helper()
	for _, metric := range []string{
		"tandem_b2bua_calls", "tandem_media_streams_open", "tandem_media_port_pairs_used", "tandem_media_recordings_open",
		"tandem_media_playbacks_running", "tandem_acd_items_live",
	} {
		rig.Await(h.t, metric+" is 0", 30*time.Second, func() bool { return h.Metric(h.t, metric) == 0 })
	}
	for _, metric := range []string{
		"tandem_b2bua_panics_total", "tandem_b2bua_journal_lost_total", "tandem_media_events_dropped_total", "tandem_b2bua_floods_total",
		"tandem_b2bua_mailbox_full_total", "tandem_acd_mailbox_full_total", "tandem_media_stray_commands_total",
	} {
		if v := h.Metric(h.t, metric); v != 0 {
			h.t.Errorf("%s is %v, want 0", metric, v)
		}
	}
}
