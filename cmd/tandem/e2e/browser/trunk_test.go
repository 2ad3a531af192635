package browser

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
)

// What the telephones and the page say: tones in Hz.
const (
	callerTone = 500.0
	agentTone  = 440.0
	deskTone   = 800.0
	caller     = "+4915112345678"
)

// settling bounds how long a state may take.
const settling = 10 * time.Second

// oneMenu is a flow that asks for a key and queues.
const oneMenu = `
flow: main
language: en
start: pick-up
numbers: ["1000"]
steps:
  pick-up: {answer: 200ms, then: menu}
  menu:
    menu: {prompt: demo/menu, invalid: demo/invalid, no_input: demo/no-input, options: {1: Support}}
    exits: {1: wait, no_input: done, invalid: done}
  wait:
    queue: {name: support, max_wait: 10m}
    exits: {ended: done, timeout: done, refused: done, closed: done}
  done: {hangup: 16}
`

// line is a trunk's caller, an agent at a page, and a telephone at extension 202.
type line struct {
	*rig.Gateway
	t           *testing.T
	caller, ben *rig.Phone
}

func newLine(t *testing.T) *line {
	t.Helper()
	return lineTo(t, func(site rig.Site) *rig.Gateway { return rig.Start(t, site) })
}

// newLineToSecond is newLine where everybody knows the second of two nodes only; the first one owns the calls.
func newLineToSecond(t *testing.T) *line {
	t.Helper()
	redis := rig.StartRedis(t)
	return lineTo(t, func(site rig.Site) *rig.Gateway {
		site.Redis = redis.At.String()
		body := site.Body
		site.Body = body + "node: {name: first}\n"
		rig.Start(t, site)
		site.Body = body + "node: {name: second}\n"
		return rig.Start(t, site)
	})
}

func lineTo(t *testing.T, start func(rig.Site) *rig.Gateway) *line {
	t.Helper()
	rig.Need(t, "baresip")
	from := rig.Host(t)
	h := &line{t: t}
	h.Gateway = start(rig.Site{Flows: map[string]string{"main.yaml": oneMenu}, Body: fmt.Sprintf(`
trunks:
  carrier: {sources: [%s/32], targets: [{host: %s}], ping: 0s}
endpoints:
  anna: {extension: 201, display_name: Anna, password: %[3]s}
  ben: {extension: 202, display_name: Ben, password: %[3]s}
agents:
  anna: {name: Anna, endpoint: anna, queues: [support]}
users:
  anna: {role: agent, agent: anna, password: %[3]s}
queues:
  support: {ring_timeout: 20s, wrap_up: 30s, max_wait: 10m, join_when: always, music: music/default}
`, from, from, rig.PasswordRef)})
	h.caller = rig.StartPhone(t, rig.PhoneSetup{Name: "the caller", Host: from, Hz: callerTone, Account: fmt.Sprintf(
		`<sip:%s@%s;transport=udp>;outbound="sip:%s";regint=0;audio_codecs=pcma;dtmfmode=rtpevent`, caller, from, h.Gateway.SIP)})
	h.ben = deskPhone(t, h.Gateway, "ben", deskTone)
	return h
}

// deskPhone is a telephone registered as an endpoint.
func deskPhone(t *testing.T, g *rig.Gateway, name string, hz float64) *rig.Phone {
	t.Helper()
	host := rig.Host(t)
	p := rig.StartPhone(t, rig.PhoneSetup{Name: name, Host: host, Hz: hz, Account: fmt.Sprintf(
		`<sip:%[1]s@%[2]s;transport=udp>;auth_user=%[1]s;auth_pass=%[3]s;outbound="sip:%[4]s";regint=60;answermode=manual;audio_codecs=pcmu`,
		name, rig.Domain, rig.Password, g.SIP)})
	registered(t, g, name, host.String())
	return p
}

// registered waits until an endpoint has a binding whose source holds a text.
func registered(t *testing.T, g *rig.Gateway, name, source string) {
	t.Helper()
	rig.Await(t, name+" is registered", settling, func() bool {
		var list []control.Endpoint
		g.JSON(t, &list, "endpoint", "list")
		return slices.ContainsFunc(list, func(e control.Endpoint) bool {
			return e.Name == name && slices.ContainsFunc(e.Bindings, func(b control.Binding) bool { return strings.Contains(b.URI+b.Source, source) })
		})
	})
}

// reach brings the caller into the queue, by a key at the menu.
func (h *line) reach() {
	h.t.Helper()
	h.caller.Do("dial", fmt.Sprintf("sip:1000@%s", h.Gateway.SIP))
	h.caller.Saw("CALL_ESTABLISHED", settling)
	next := time.Now()
	rig.Await(h.t, "the caller waits in the queue", 20*time.Second, func() bool {
		if time.Now().After(next) {
			h.caller.Press('1')
			next = time.Now().Add(time.Second)
		}
		var q control.Queue
		h.JSON(h.t, &q, "queue", "show", "support")
		return len(q.Items) == 1
	})
}

// agent waits until anna is in a state.
func (h *line) agent(state string) {
	h.t.Helper()
	rig.Await(h.t, "agent anna is "+state, settling, func() bool {
		var list []control.Agent
		h.JSON(h.t, &list, "agent", "list")
		return len(list) == 1 && list[0].State == state
	})
}

// wrapUp ends the call and counts, in the one record, what is told of it.
func (h *line) wrapUp(want map[string]int) {
	h.t.Helper()
	h.caller.Do("hangup", "")
	h.ben.Saw("CALL_CLOSED", settling)
	h.Idle(h.t)
	records := h.Records(h.t)
	if len(records) != 1 {
		h.t.Fatalf("%d records, want one: %+v", len(records), records)
	}
	r := h.Record(h.t, records[0].ID)
	n := map[string]int{}
	for _, ev := range r.Events {
		if ev.Interaction == r.Events[0].Interaction {
			n[ev.Kind]++
		}
	}
	for kind, k := range want {
		if n[kind] != k {
			h.t.Errorf("%d events %q, want %d", n[kind], kind, k)
		}
	}
	for i, ev := range r.Events {
		if ev.Seq != uint64(i+1) {
			h.t.Errorf("event %d has sequence %d", i, ev.Seq)
		}
		if h.t.Failed() {
			h.t.Logf("  %d %s %s %v", ev.Seq, ev.Kind, ev.Actor, ev.Data)
		}
	}
}

// TestTrunkCallerToBrowser: a telephone calls over the trunk and comes through menu and queue to an agent at a page, who holds it, takes
// it back, reloads his page and gives the caller to extension 202. What each hears is judged at every step.
func TestTrunkCallerToBrowser(t *testing.T) {
	t.Parallel()
	toBrowser(t, newLine(t))
}

// TestTrunkCallerToBrowserAtTheSecondNode is the same where caller, telephone and page know a node that does not own the calls.
func TestTrunkCallerToBrowserAtTheSecondNode(t *testing.T) {
	t.Parallel()
	toBrowser(t, newLineToSecond(t))
}

func toBrowser(t *testing.T, h *line) {
	t.Helper()
	page := begin(t, h.Gateway, "trunk.mjs")
	page.at("available")
	h.agent("available")
	h.reach()
	page.goOn()
	page.at("talks")
	hears(t, "the caller hears the agent", h.caller.Ear(), agentTone, callerTone)
	page.goOn()
	page.at("held")
	hearsMusic(t, "the caller on hold hears music", h.caller.Ear())
	page.goOn()
	page.at("resumed")
	hears(t, "the caller hears the agent after the hold", h.caller.Ear(), agentTone, callerTone)
	page.goOn()
	page.at("reloaded")
	hears(t, "the caller hears the agent after the reload", h.caller.Ear(), agentTone, callerTone)
	page.goOn()
	page.at("transfers")
	h.ben.Saw("CALL_INCOMING", settling)
	h.ben.Do("accept", "")
	h.ben.Saw("CALL_ESTABLISHED", settling)
	hears(t, "the caller hears extension 202", h.caller.Ear(), deskTone, agentTone, callerTone)
	hears(t, "extension 202 hears the caller", h.ben.Ear(), callerTone, agentTone, deskTone)
	page.goOn()
	page.at("free")
	h.agent("wrap-up")
	page.goOn()
	page.end()
	h.wrapUp(map[string]int{"enqueued": 1, "accepted": 1, "connected": 2, "held": 1, "resumed": 1, "transferred": 1, "wrap-up-started": 1,
		"wrap-up-ended": 1, "interaction-started": 1, "interaction-ended": 1})
}

// TestTrunkCallerHandedOver: the agent at the page asks extension 202 first, while the caller hears music, then connects both.
func TestTrunkCallerHandedOver(t *testing.T) {
	t.Parallel()
	h := newLine(t)
	page := begin(t, h.Gateway, "attended.mjs")
	page.at("available")
	h.agent("available")
	h.reach()
	page.goOn()
	page.at("talks")
	hears(t, "the caller hears the agent", h.caller.Ear(), agentTone, callerTone)
	page.goOn()
	page.at("asks")
	h.ben.Saw("CALL_INCOMING", settling)
	h.ben.Do("accept", "")
	h.ben.Saw("CALL_ESTABLISHED", settling)
	hearsMusic(t, "the caller hears music while the agent asks", h.caller.Ear())
	hears(t, "extension 202 hears the agent", h.ben.Ear(), agentTone, callerTone, deskTone)
	page.goOn()
	page.at("consults")
	page.goOn()
	page.at("connects")
	hears(t, "the caller hears extension 202", h.caller.Ear(), deskTone, agentTone, callerTone)
	hears(t, "extension 202 hears the caller", h.ben.Ear(), callerTone, agentTone, deskTone)
	page.goOn()
	page.at("free")
	h.agent("wrap-up")
	page.goOn()
	page.end()
	h.wrapUp(map[string]int{"enqueued": 1, "accepted": 1, "connected": 2, "held": 1, "resumed": 1, "transferred": 1, "wrap-up-started": 1,
		"wrap-up-ended": 1, "interaction-started": 1, "interaction-ended": 1})
}
