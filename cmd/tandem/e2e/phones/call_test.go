package phones

import (
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/demo"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

func TestMain(m *testing.M) { rig.Main(m) }

// What is said and heard: tones in Hz, at level dBm0, heard within tolerance dB.
const (
	callerTone = 500.0
	agentTone  = 800.0
	level      = rig.PhoneLevel
	tolerance  = 1.5
	caller     = "+4915112345678"
)

// house is the demo's plan with two real phones.
type house struct {
	*rig.Gateway
	t            *testing.T
	caller, anna *rig.Phone
}

// newHouse starts it; sealed lets both phones want keys for their audio.
func newHouse(t *testing.T, sealed bool) *house {
	t.Helper()
	keys, srtp := "", "never"
	if sealed {
		keys, srtp = ";mediaenc=srtp-mand", "require"
	}
	rig.Need(t, "baresip")
	flow, err := fs.ReadFile(demo.Flows(), "main.yaml")
	if err != nil {
		t.Fatal(err)
	}
	from, desk := rig.Host(t), rig.Host(t)
	h := &house{t: t}
	h.Gateway = rig.Start(t, rig.Site{Record: true, Flows: map[string]string{"main.yaml": string(flow)}, Body: fmt.Sprintf(`
trunks:
  carrier: {sources: [%s/32], targets: [{host: %s}], ping: 0s, srtp: %s}
endpoints:
  anna: {extension: 201, aliases: [operator], password: %s, srtp: %[3]s}
agents:
  anna: {name: Anna, endpoint: anna, queues: [support]}
agent_codes: {sign_in: "*11", sign_out: "*12"}
queues:
  support: {ring_timeout: 20s, wrap_up: 0s, max_wait: 10m, join_when: always, music: music/default}
numbers: {1000: main}
`, from, from, srtp, rig.PasswordRef)})
	h.anna = rig.StartPhone(t, rig.PhoneSetup{Name: "anna", Host: desk, Hz: agentTone, Account: fmt.Sprintf(
		`<sip:anna@%s;transport=udp>;auth_user=anna;auth_pass=%s;outbound="sip:%s";regint=60;answermode=manual;audio_codecs=pcmu%s`,
		rig.Domain, rig.Password, h.Gateway.SIP, keys)})
	h.caller = rig.StartPhone(t, rig.PhoneSetup{Name: "caller", Host: from, Hz: callerTone, Account: fmt.Sprintf(
		`<sip:%s@%s;transport=udp>;outbound="sip:%s";regint=0;audio_codecs=pcma;dtmfmode=rtpevent%s`, caller, from, h.Gateway.SIP, keys)})
	rig.Await(t, "anna's phone is registered", 10*time.Second, func() bool {
		var phones []control.Endpoint
		h.JSON(t, &phones, "endpoint", "list")
		return len(phones) == 1 && phones[0].Registered && strings.Contains(phones[0].Bindings[0].URI, desk.String())
	})
	return h
}

// agent waits until anna is in a state.
func (h *house) agent(state string) {
	h.t.Helper()
	rig.Await(h.t, "agent anna is "+state, 10*time.Second, func() bool {
		var list []control.Agent
		h.JSON(h.t, &list, "agent", "list")
		return len(list) == 1 && list[0].State == state
	})
}

// code dials a star code at anna's phone; the gateway hangs up by itself.
func (h *house) code(code, state string) {
	h.t.Helper()
	h.anna.Do("dial", fmt.Sprintf("sip:%s@%s", code, rig.Domain))
	h.anna.Saw("CALL_ESTABLISHED", 10*time.Second)
	h.agent(state)
	h.anna.Saw("CALL_CLOSED", 10*time.Second)
}

// reach brings the caller into the queue: welcome, menu, key 1.
func (h *house) reach() {
	h.t.Helper()
	h.caller.Do("dial", fmt.Sprintf("sip:1000@%s", h.Gateway.SIP))
	h.caller.Saw("CALL_ESTABLISHED", 10*time.Second)
	next := time.Now().Add(3500 * time.Millisecond) // the welcome is over, the menu speaks
	rig.Await(h.t, "the caller waits in the queue", 20*time.Second, func() bool {
		if time.Now().After(next) {
			h.caller.Press('1')
			next = time.Now().Add(4 * time.Second)
		}
		var q control.Queue
		h.JSON(h.t, &q, "queue", "show", "support")
		return len(q.Items) == 1
	})
}

// talk connects both and lets them say their tones for a while.
func (h *house) talk() (call string) {
	h.t.Helper()
	h.anna.Saw("CALL_INCOMING", 10*time.Second)
	h.agent("offered")
	rig.Await(h.t, "only the caller's call is left", 10*time.Second, func() bool { return len(h.Calls(h.t)) == 1 })
	h.anna.Do("accept", "")
	h.anna.Saw("CALL_ESTABLISHED", 10*time.Second)
	h.agent("busy")
	list := h.Calls(h.t)
	if len(list) != 1 || list[0].State != "connected" || list[0].Agent != "anna" {
		h.t.Fatalf("calls: %+v", list)
	}
	h.speak(300)
	return list[0].ID
}

// speak waits until so many packets more have come in at the gateway, half of them from each.
func (h *house) speak(packets float64) {
	h.t.Helper()
	const received = "tandem_media_received_packets_total"
	began := h.Metric(h.t, received)
	rig.Await(h.t, "both speak", 20*time.Second, func() bool { return h.Metric(h.t, received) >= began+packets })
}

// told is the timeline of the call.
func (h *house) told(call string) (list []control.Event) {
	for _, e := range h.Record(h.t, call).Events {
		if e.Interaction == call {
			list = append(list, e)
		}
	}
	return list
}

// await waits for a kind of event in the call's timeline.
func (h *house) await(call, kind string) {
	h.t.Helper()
	rig.Await(h.t, "the record tells "+kind, 10*time.Second, func() bool {
		for _, e := range h.told(call) {
			if e.Kind == kind {
				return true
			}
		}
		return false
	})
}

// TestCallerHangsUp is the main job, with hold and resume, ended by the caller.
func TestCallerHangsUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, false)
	h.code("*11", "available")
	h.code("*12", "offline")
	h.reach()
	h.anna.Do("dial", "sip:*11@"+rig.Domain)
	call := h.talk()
	h.anna.Do("hold", "")
	h.await(call, "held")
	h.anna.Do("resume", "")
	h.await(call, "resumed")
	h.speak(200)
	h.caller.Do("hangup", "")
	h.anna.Saw("CALL_CLOSED", 10*time.Second)
	h.Idle(t)
	h.agent("available")
	h.hear()
	h.timeline(call, []line{
		{kind: "interaction-started", actor: "caller", data: "called=1000 caller=" + caller + " direction=in trunk=carrier"},
		{kind: "flow-entered", data: "flow=main"},
		{kind: "step-input", data: "input=1 step=main-menu"},
		{kind: "enqueued", data: "queue=support"},
		{kind: "offered", data: "agent=anna"},
		{kind: "accepted", data: "agent=anna"},
		{kind: "connected", data: "agent=anna"},
		{kind: "held", actor: "agent:anna"},
		{kind: "resumed", actor: "agent:anna"},
		{kind: "wrap-up-started", data: "agent=anna reason=customer"},
		{kind: "interaction-ended", actor: "caller", data: "by=caller cause=16 reason=normal codec=PCMA"},
	})
	h.recording(call)
	h.ladder(call, "a → tandem   INVITE", "tandem → a   200 OK (INVITE", "a → tandem   ACK", "tandem → b1  INVITE", "b1 → tandem  200 OK (INVITE",
		"b1 → tandem  INVITE", "tandem → b1  200 OK (INVITE", "b1 → tandem  INVITE", "a → tandem   BYE", "tandem → b1  BYE")
	h.line(call, "caller")
}

// TestAgentHangsUp ends the call from the agent's side; the flow says goodbye to the caller. All that is heard and pressed is sealed.
func TestAgentHangsUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, true)
	h.reach()
	if said := h.CLI(t, "agent", "set", "anna", "available"); said.Code != 0 {
		t.Fatal(said.Err)
	}
	call := h.talk()
	h.anna.Do("hangup", "")
	h.caller.Saw("CALL_CLOSED", 15*time.Second)
	h.Idle(t)
	h.hear()
	h.timeline(call, []line{
		{kind: "flow-entered", data: "flow=main"},
		{kind: "connected", data: "agent=anna"},
		{kind: "wrap-up-started", data: "agent=anna reason=agent"},
		{kind: "flow-left", actor: "flow:main", data: "exit=completed"},
		{kind: "interaction-ended", actor: "flow", data: "by=system cause=16 reason=normal"},
	})
	h.recording(call)
	h.ladder(call, "a → tandem   INVITE", "tandem → a   200 OK (INVITE", "tandem → b1  INVITE", "b1 → tandem  200 OK (INVITE", "b1 → tandem  BYE", "tandem → a   BYE")
	h.line(call, "system")
}

// line is an event as it must be told: words of Data that must be there.
type line struct{ kind, actor, data string }

// timeline checks that the record tells these lines in this order, numbered without a gap.
func (h *house) timeline(call string, want []line) {
	h.t.Helper()
	h.await(call, "interaction-ended")
	events := h.told(call)
	n := 0
	for _, e := range events {
		if n == len(want) || e.Kind != want[n].kind {
			continue
		}
		w := want[n]
		n++
		if w.actor != "" && e.Actor != w.actor {
			h.t.Errorf("%s: by %q, want %q", e.Kind, e.Actor, w.actor)
		}
		for _, word := range strings.Fields(w.data) {
			if k, v, _ := strings.Cut(word, "="); e.Data[k] != v {
				h.t.Errorf("%s: %s is %q, want %q", e.Kind, k, e.Data[k], v)
			}
		}
	}
	if n < len(want) {
		h.t.Errorf("the record lacks %q in its place; it tells:", want[n].kind)
		for _, e := range events {
			h.t.Logf("  %d %s %s %v", e.Seq, e.Kind, e.Actor, e.Data)
		}
	}
	for i, e := range h.Record(h.t, call).Events {
		if e.Seq != uint64(i)+1 {
			h.t.Errorf("line %d has the number %d", i+1, e.Seq)
		}
	}
}

// hear judges what the phones wrote down: each the other's tone as loud as it was sent, neither his own.
func (h *house) hear() {
	h.t.Helper()
	for _, p := range []struct {
		name       string
		phone      *rig.Phone
		other, own float64
	}{{"caller", h.caller, agentTone, callerTone}, {"anna", h.anna, callerTone, agentTone}} {
		if got := loudest(h.t, p.phone.Heard(), p.other, mediatest.Rate/10); math.Abs(got-level) > tolerance {
			h.t.Errorf("%s heard the other at %.1f dBm0, sent at %.1f", p.name, got, level)
		}
		if got := loudest(h.t, p.phone.Heard(), p.own, mediatest.Rate/2); got > level-15 {
			h.t.Errorf("%s heard himself at %.1f dBm0", p.name, got)
		}
	}
}

// recording judges the gateway's own: the caller left, the agent right.
func (h *house) recording(call string) {
	h.t.Helper()
	h.await(call, "recording-stopped")
	name := ""
	for _, e := range h.told(call) {
		if e.Kind == "recording-started" {
			name = e.Data["recording"]
		}
	}
	w, err := mediatest.ReadWAV(filepath.Join(h.Data, "recordings", name))
	if err != nil || len(w.Channels) != 2 {
		h.t.Fatalf("recording %q: %v, %+v", name, err, w)
	}
	for i, hz := range []float64{callerTone, agentTone} {
		if got := loudestIn(w.Channels[i], hz, mediatest.Rate/10); math.Abs(got-level) > tolerance {
			h.t.Errorf("recording, channel %d: %.0f Hz at %.1f dBm0, sent at %.1f", i, hz, got, level)
		}
		if got := loudestIn(w.Channels[1-i], hz, mediatest.Rate/2); got > level-25 {
			h.t.Errorf("recording, channel %d: %.0f Hz of the other side at %.1f dBm0", 1-i, hz, got)
		}
	}
}

// ladder checks that the trace holds texts in this order.
func (h *house) ladder(call string, want ...string) {
	h.t.Helper()
	trace := h.Trace(h.t, call)
	rest := trace
	for _, x := range want {
		_, after, ok := strings.Cut(rest, x)
		if !ok {
			h.t.Errorf("the trace lacks %q in its place:\n%s", x, trace)
			return
		}
		rest = after
	}
}

// line checks the call detail record.
func (h *house) line(call, by string) {
	h.t.Helper()
	var found map[string]any
	rig.Await(h.t, "the call detail record is there", 10*time.Second, func() bool {
		for _, l := range h.Lines(h.t) {
			if l["call"] == call {
				found = l
			}
		}
		return found != nil
	})
	for key, want := range map[string]any{
		"caller": caller, "called": "1000", "trunk": "carrier", "queue": "support", "agent": "anna", "outcome": "answered", "cause": 16.0,
		"direction": "in", "by": by,
	} {
		if found[key] != want {
			h.t.Errorf("call detail record: %s is %v, want %v\n%v", key, found[key], want, found)
		}
	}
}
