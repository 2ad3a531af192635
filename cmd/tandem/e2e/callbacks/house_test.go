package callbacks

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/digital/api"
	"tandem/media/mediatest"
)

func TestMain(m *testing.M) { rig.Main(m) }

// What is said and heard: tones in Hz, at level dBm0, heard within tolerance dB.
const (
	agentTone  = 800.0
	callerTone = 500.0
	level      = rig.PhoneLevel
	tolerance  = 1.5
	line       = "1000"
	soon       = 10 * time.Second // for what needs no patience
)

const flow = `flow: main
start: pick-up
steps:
  pick-up: {answer: 100ms, then: wait}
  wait:
    queue: {name: support, max_wait: 10m, callback: "1"}
    exits: {ended: bye, timeout: bye, refused: bye, closed: bye, callback: called-back}
  called-back: {play: callback/booked, then: bye}
  bye: {hangup: 16}
`

// house is a gateway with one queue and one agent, who is not signed in yet.
type house struct {
	*rig.Gateway
	t       *testing.T
	from    netip.Addr     // the trunk that callers come from
	carrier netip.AddrPort // where customers are called
	anna    *rig.Phone
}

// plan is what a test wants of its house.
type plan struct {
	wrapUp    string // of the queue
	callbacks string // the configuration's section
	answer    string // mode of anna's phone: manual, auto
	flow      string // of the line; empty: the queue with a key for a callback
	demo      bool   // with the customer's page and telephone
	more      string // further sections of the configuration
}

func newHouse(t *testing.T, p plan) *house {
	t.Helper()
	rig.Need(t, "baresip")
	desk, out := rig.Host(t), rig.Host(t)
	if p.flow == "" {
		p.flow = flow
	}
	h := &house{t: t, from: rig.Host(t), carrier: netip.AddrPortFrom(out, rig.Port(t, out))}
	h.Gateway = rig.Start(t, rig.Site{Demo: p.demo, Flows: map[string]string{"main.yaml": p.flow}, SIP: "rate: {per_second: 0}", Body: fmt.Sprintf(`
trunks:
  caller: {sources: [%s/32], targets: [{host: %s}], ping: 0s}
  carrier: {sources: [%s/32], targets: [{host: %s, port: %d}], ping: 0s}
outbound:
  - {pattern: "+*", trunks: [carrier]}
endpoints:
  anna: {extension: 201, password: %s}
agents:
  anna: {name: Anna, endpoint: anna, queues: [support]}
queues:
  support: {ring_timeout: 20s, wrap_up: %s, max_wait: 10m, join_when: always, music: music/default}
callbacks: %s
numbers: {%s: main}
%s`, h.from, h.from, out, out, h.carrier.Port(), rig.PasswordRef, p.wrapUp, p.callbacks, line, p.more)})
	h.anna = rig.StartPhone(t, rig.PhoneSetup{Name: "anna", Host: desk, Hz: agentTone, Account: fmt.Sprintf(
		`<sip:anna@%s;transport=udp>;auth_user=anna;auth_pass=%s;outbound="sip:%s";regint=60;answermode=%s;audio_codecs=pcmu`,
		rig.Domain, rig.Password, h.Gateway.SIP, p.answer)})
	h.awaitRegistered()
	return h
}

func (h *house) awaitRegistered() {
	h.t.Helper()
	rig.Await(h.t, "anna's phone is registered", soon, func() bool {
		var phones []control.Endpoint
		h.JSON(h.t, &phones, "endpoint", "list")
		return len(phones) == 1 && phones[0].Registered
	})
}

// scenario is the path of a scenario by its name.
func scenario(name string) string {
	return filepath.Join("..", "..", "..", "..", "testdata", "sipp", name+".xml")
}

// call lets sipp call the line.
func (h *house) call(name, number string, args ...string) *rig.SIPp {
	h.t.Helper()
	return rig.StartSIPp(h.t, rig.SIPpRun{Scenario: scenario(name), Host: h.from, Remote: h.Gateway.SIP, Service: line, Limit: time.Minute,
		Args: append(args, "-key", "caller", number)})
}

// customer lets sipp be called by the carrier.
func (h *house) customer(name string, args ...string) *rig.SIPp {
	h.t.Helper()
	return rig.StartSIPp(h.t, rig.SIPpRun{Scenario: scenario(name), Host: h.carrier.Addr(), Port: h.carrier.Port(), Limit: time.Minute, Args: args})
}

// sign changes anna's state.
func (h *house) sign(state string) {
	h.t.Helper()
	if said := h.CLI(h.t, "agent", "set", "anna", state); said.Code != 0 {
		h.t.Fatal(said.Err)
	}
}

// state is anna's.
func (h *house) state() string {
	h.t.Helper()
	var list []control.Agent
	h.JSON(h.t, &list, "agent", "list")
	if len(list) != 1 {
		h.t.Fatalf("agents: %+v", list)
	}
	return list[0].State
}

func (h *house) awaitState(state string) {
	h.t.Helper()
	rig.Await(h.t, "anna is "+state, soon, func() bool { return h.state() == state })
}

// items are what the queue shows, by position.
func (h *house) items() []control.QueueItem {
	h.t.Helper()
	var q control.Queue
	h.JSON(h.t, &q, "queue", "show", "support")
	slices.SortFunc(q.Items, func(a, b control.QueueItem) int { return a.Position - b.Position })
	return q.Items
}

// order are the customers that the queue shows, by position.
func (h *house) order() (list []string) {
	h.t.Helper()
	for _, i := range h.items() {
		list = append(list, i.Customer)
	}
	return list
}

func (h *house) awaitWaiting(n int) {
	h.t.Helper()
	rig.Await(h.t, fmt.Sprintf("%d wait", n), soon, func() bool { return len(h.items()) == n })
}

// callbacks are those that the command line lists.
func (h *house) callbacks() (list []api.Callback) {
	h.t.Helper()
	h.JSON(h.t, &list, "callback", "list")
	return list
}

// booked waits until there is one callback, and gives it.
func (h *house) booked() api.Callback {
	h.t.Helper()
	rig.Await(h.t, "a callback is booked", soon, func() bool { return len(h.callbacks()) == 1 })
	return h.callbacks()[0]
}

// invited is how often a scenario was called.
func invited(t *testing.T, s *rig.SIPp) (n int) {
	t.Helper()
	for _, m := range s.Messages(t) {
		if m.Received && strings.HasPrefix(m.First(), "INVITE") {
			n++
		}
	}
	return n
}

// awaitDue waits until a callback may be offered: it is held until a moment after its caller has hung up.
func (h *house) awaitDue(item string) {
	h.t.Helper()
	rig.Await(h.t, "the callback may be offered", soon, func() bool {
		for _, i := range h.items() {
			if i.ID == item {
				return i.State == "queued"
			}
		}
		return false
	})
}

// of are the events of a kind in a record.
func of(r control.Record, kind string) (list []control.Event) {
	for _, e := range r.Events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

// counts checks how often kinds of events stand in a record, and that its lines are numbered without a gap.
func (h *house) counts(record string, want map[string]int) {
	h.t.Helper()
	r := h.Record(h.t, record)
	bad := false
	for kind, n := range want {
		if got := len(of(r, kind)); got != n {
			h.t.Errorf("%d lines %s, want %d", got, kind, n)
			bad = true
		}
	}
	for i, e := range r.Events {
		if e.Seq != uint64(i)+1 {
			h.t.Errorf("line %d has the number %d", i+1, e.Seq)
		}
		if bad {
			h.t.Logf("  %d %s %s %s %s %v", e.Seq, e.At.Format("15:04:05.000"), e.Kind, e.Interaction, e.Actor, e.Data)
		}
	}
}

// awaitEvent waits until a record tells a kind of event.
func (h *house) awaitEvent(record, kind string, n int) {
	h.t.Helper()
	rig.Await(h.t, fmt.Sprintf("the record tells %s %d times", kind, n), soon, func() bool { return len(of(h.Record(h.t, record), kind)) >= n })
}

// hears waits until anna's phone hears a tone as loud as it was said.
func (h *house) hears(hz float64) {
	h.t.Helper()
	ear := h.anna.Ear()
	rig.Await(h.t, fmt.Sprintf("anna hears %.0f Hz", hz), soon, func() bool {
		last := ear.Last(mediatest.Rate / 10)
		return last != nil && mediatest.Find(last, hz) > level-tolerance && mediatest.Find(last, hz) < level+tolerance
	})
}

// gone waits until nothing of any call is left.
func (h *house) gone() {
	h.t.Helper()
	h.Idle(h.t)
	for _, metric := range []string{"tandem_media_streams_open", "tandem_acd_items_live"} {
		rig.Await(h.t, metric+" is 0", soon, func() bool { return h.Metric(h.t, metric) == 0 })
	}
	if n := h.Metric(h.t, "tandem_b2bua_panics_total"); n != 0 {
		h.t.Errorf("%v panics", n)
	}
}
