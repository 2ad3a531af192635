package e2e

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// The numbers of every house. outside leaves by the carrier, the others by the flow that their name says.
const (
	outside  = "+4930123456"
	caller   = "+4915112345678"
	menuLine = "1000"
	ringLine = "1001" // rings anna for two seconds
	anna     = "201"
	nobody   = "7777"
)

// house is a gateway between a trunk that calls come from and a carrier that they leave to.
type house struct {
	*rig.Gateway
	from    netip.Addr     // the calling trunk
	carrier netip.AddrPort // where outside calls go
	phone   netip.AddrPort // anna's
	spare   netip.AddrPort // where outside calls go when the carrier has no room
}

// plan is what a test wants of its house beyond the usual.
type plan struct {
	sip     string // lines of the section sip
	carrier string // keys of the carrier's trunk
	spare   bool   // another target of the carrier's trunk, after the first
}

func newHouse(t *testing.T, p plan) *house {
	t.Helper()
	h := &house{from: rig.Host(t)}
	out, phone := rig.Host(t), rig.Host(t)
	h.carrier, h.phone = netip.AddrPortFrom(out, rig.Port(t, out)), netip.AddrPortFrom(phone, rig.Port(t, phone))
	targets := fmt.Sprintf("{host: %s, port: %d, transport: udp, priority: 1}", out, h.carrier.Port())
	if p.spare {
		host := rig.Host(t)
		h.spare = netip.AddrPortFrom(host, rig.Port(t, host))
		targets += fmt.Sprintf(", {host: %s, port: %d, transport: udp, priority: 2}", host, h.spare.Port())
	}
	body := fmt.Sprintf(`
trunks:
  caller: {sources: [%s/32], targets: [{host: %s}], ping: 0s}
  carrier: {sources: [%s/32], targets: [%s], ping: 0s%s}
endpoints:
  anna: {extension: 201, password: %s}
outbound:
  - {pattern: "+*", trunks: [carrier], allow: [flows, anna]}
numbers: {1000: menu, 1001: ring}
`, h.from, h.from, out, targets, p.carrier, rig.PasswordRef)
	h.Gateway = rig.Start(t, rig.Site{SIP: p.sip, Body: body, Level: "debug", Flows: map[string]string{"menu.yaml": menuFlow, "ring.yaml": ringFlow}})
	return h
}

const menuFlow = `flow: menu
start: pick-up
vars: {pin: digits}
steps:
  pick-up: {answer: 100ms, then: ask}
  ask:
    collect: {prompt: [demo/menu], into: pin, min: 3, max: 3}
    exits: {ok: bye, no_input: bye, invalid: bye}
  bye: {hangup: 16}
`

const ringFlow = `flow: ring
start: dial
steps:
  dial:
    dial: {target: anna, timeout: 2s}
    exits: {ended: bye, failed: none}
  none: {hangup: 19}
  bye: {hangup: 16}
`

// scenario is the path of a scenario by its name.
func scenario(name string) string {
	return filepath.Join("..", "..", "..", "testdata", "sipp", name+".xml")
}

// callee starts a scenario at the carrier.
func (h *house) callee(t *testing.T, name string, args ...string) *rig.SIPp {
	t.Helper()
	return rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario(name), Host: h.carrier.Addr(), Port: h.carrier.Port(), Args: args})
}

// call starts a scenario that calls a number from the calling trunk.
func (h *house) call(t *testing.T, name, number string, args ...string) *rig.SIPp {
	t.Helper()
	return rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario(name), Host: h.from, Remote: h.Gateway.SIP, Service: number, Args: append(args, "-key", "caller", caller)})
}

// told is everything that the gateway keeps of one call.
type told struct {
	line   map[string]any // the call detail record
	record control.Record
	trace  string
}

// tell waits until the calls are over and gives what is kept of the n-th one.
func (h *house) tell(t *testing.T, n int) told {
	t.Helper()
	h.Idle(t)
	var lines []map[string]any
	rig.Await(t, fmt.Sprintf("%d call detail records", n+1), 10*time.Second, func() bool {
		lines = h.Lines(t)
		return len(lines) > n
	})
	w := told{line: lines[n]}
	w.record = h.Record(t, w.text("record"))
	w.trace = h.Trace(t, w.text("call"))
	return w
}

func (w told) text(key string) string { return fmt.Sprint(w.line[key]) }

// check compares keys of the call detail record, "cause=16".
func (w told) check(t *testing.T, want ...string) {
	t.Helper()
	for _, x := range want {
		key, value, _ := strings.Cut(x, "=")
		if got := w.text(key); got != value {
			t.Errorf("call detail record: got %s=%s, want %s\n%v\n%s", key, got, value, w.line, w.trace)
		}
	}
}

// ended is the event of the record that ends the call.
func (w told) ended(t *testing.T) control.Event {
	t.Helper()
	list := w.events("interaction-ended")
	if len(list) != 1 {
		t.Fatalf("got %d ends of the call in its record, want 1", len(list))
	}
	return list[0]
}

// events are the call's events of a kind.
func (w told) events(kind string) (list []control.Event) {
	for _, e := range w.record.Events {
		if e.Kind == kind && e.Interaction == w.text("call") {
			list = append(list, e)
		}
	}
	return list
}

// ladder checks that the trace holds texts in this order.
func (w told) ladder(t *testing.T, want ...string) {
	t.Helper()
	rest := w.trace
	for _, x := range want {
		_, after, ok := strings.Cut(rest, x)
		if !ok {
			t.Errorf("the trace lacks %q at its place:\n%s", x, w.trace)
			return
		}
		rest = after
	}
}
