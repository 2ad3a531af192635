package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/demo"
	"tandem/cmd/tandem/e2e/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// scenarioTime bounds one scenario.
const scenarioTime = 3 * time.Minute

// body is the demo's plan: two agents, one queue, a chat that a flow answers first, a number for text messages.
const body = `
endpoints:
  anna: {extension: 201, aliases: [operator], display_name: Anna, password: ` + rig.PasswordRef + `}
  ben: {extension: 202, display_name: Ben, password: ` + rig.PasswordRef + `}
agents:
  anna: {name: Anna, endpoint: anna, queues: [support], budget: 150}
  ben: {name: Ben, endpoint: ben, queues: [support]}
users:
  anna: {role: agent, agent: anna, password: ` + rig.PasswordRef + `}
  ben: {role: agent, agent: ben, password: ` + rig.PasswordRef + `}
  sue: {role: supervisor, password: ` + rig.PasswordRef + `}
queues:
  support: {ring_timeout: 20s, wrap_up: 30s, max_wait: 10m, join_when: always, music: music/default}
chat: {flow: chat, queue: support}
sms:
  main: {number: "+4930100100", smpp: simulator, queue: support}
numbers: {1000: main}
`

// house starts a gateway with the demo's flows and further sections of the configuration.
func house(t *testing.T, more ...string) *rig.Gateway {
	t.Helper()
	return rig.Start(t, plan(t, more...))
}

func plan(t *testing.T, more ...string) rig.Site {
	t.Helper()
	flows := map[string]string{}
	for _, name := range []string{"main.yaml", "chat.yaml"} {
		raw, err := fs.ReadFile(demo.Flows(), name)
		if err != nil {
			t.Fatal(err)
		}
		flows[name] = string(raw)
	}
	return rig.Site{Demo: true, Flows: flows, Body: body + strings.Join(more, "")}
}

// scenario is a scenario, not yet started.
func scenario(ctx context.Context, t *testing.T, g *rig.Gateway, name string) *exec.Cmd {
	t.Helper()
	rig.Need(t, "chromium")
	node := rig.Need(t, "node")
	if _, err := os.Stat("pages/node_modules/playwright-core"); err != nil {
		t.Fatalf("playwright-core is not installed: run `make peers`, or npm ci in cmd/tandem/e2e/browser/pages (%v)", err)
	}
	cmd := exec.CommandContext(ctx, node, name)
	cmd.Dir = "pages"
	shots := os.Getenv("TANDEM_SHOTS")
	if shots == "" {
		shots = filepath.Join(t.TempDir(), "shots")
	}
	cmd.Env = append(os.Environ(), "TANDEM_URL=http://"+g.HTTP.String(), "TANDEM_PASSWORD="+rig.Password, "TANDEM_SHOTS="+shots)
	return cmd
}

// play runs a scenario and reads what it tells.
func play(t *testing.T, g *rig.Gateway, name string, told any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scenarioTime)
	defer cancel()
	cmd := scenario(ctx, t, g, name)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", name, err, said.String(), out.String())
	}
	if told == nil {
		return
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), told); err != nil {
		t.Fatalf("%s told %q: %v", name, out.String(), err)
	}
}

// kinds counts a record's events, by kind and by kind with channel.
func kinds(r control.Record) map[string]int {
	n := map[string]int{}
	for _, ev := range r.Events {
		n[string(ev.Kind)]++
		n[string(ev.Kind)+" "+string(ev.Channel)]++
	}
	return n
}

// TestStory: a visitor chats with the bot and asks for a person; the agent sees transcript and reason, accepts, calls; both hear each
// other; an SMS goes out during the call; the visitor leaves; his SMS reply comes to the same record and the same agent.
func TestStory(t *testing.T) {
	g := house(t)
	var told struct{ Record, Item string }
	play(t, g, "story.mjs", &told)
	records := g.Records(t)
	if len(records) != 1 {
		t.Fatalf("%d records, want one for chat, call and SMS: %+v", len(records), records)
	}
	if told.Record != records[0].ID {
		t.Errorf("the desk showed record %q, the store has %q", told.Record, records[0].ID)
	}
	r := g.Record(t, records[0].ID)
	n := kinds(r)
	for kind, want := range map[string]int{
		"enqueued chat": 1, "accepted chat": 1, "conversation-opened sms": 1, "interaction-started voice": 1, "connected voice": 1,
	} {
		if n[kind] != want {
			t.Errorf("%d events %q, want %d", n[kind], kind, want)
		}
	}
	for i, ev := range r.Events {
		if ev.Seq != uint64(i+1) {
			t.Fatalf("event %d has sequence %d", i, ev.Seq)
		}
	}
	text := g.CLI(t, "record", "show", r.ID).Out
	for _, want := range []string{"I want to talk to a person", "Your order is on its way", "Thank you!"} {
		if !strings.Contains(text, want) {
			t.Errorf("record show does not tell %q:\n%s", want, text)
		}
	}
}

// TestDesk: a caller in one browser goes through the flow to an agent in another: audio both ways, hold, a reload in the middle of the
// call, transfer.
func TestDesk(t *testing.T) {
	g := house(t)
	play(t, g, "desk.mjs", nil)
	g.Idle(t)
}

// TestCallback: a visitor asks by the web form to be called; the agent is rung first, then the customer over the trunk, whose telephone
// sends back what it hears: the agent hears himself. One item, one record.
func TestCallback(t *testing.T) {
	carrier := rig.Host(t)
	g := house(t, fmt.Sprintf("trunks:\n  carrier: {sources: [%s/32], targets: [{host: %s, port: 5060}], ping: 0s}\noutbound:\n  - {pattern: \"+*\", trunks: [carrier]}\n", carrier, carrier))
	customer := rig.StartSIPp(t, rig.SIPpRun{Scenario: "../../../../testdata/sipp/answer.xml", Host: carrier, Port: 5060, Limit: time.Minute,
		Args: []string{"-rtp_echo", "-mp", "16000"}})
	var told struct{ Record, Item string }
	play(t, g, "callback.mjs", &told)
	customer.Pass(t)
	n := kinds(g.Record(t, told.Record))
	for kind, want := range map[string]int{"callback-requested": 1, "enqueued": 1, "accepted": 1, "wrap-up-ended": 1} {
		if n[kind] != want {
			t.Errorf("%d events %q, want %d: %v", n[kind], kind, want, n)
		}
	}
}

// TestLooks: the pages at two widths, in light and dark, hold nothing that axe calls serious, and no stored script runs.
func TestLooks(t *testing.T) {
	g := house(t)
	play(t, g, "looks.mjs", nil)
}
