package nodes

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/cmd/tandem/phone"
	"tandem/media/mediatest"
)

func TestMain(m *testing.M) { rig.Main(m) }

// What is said and heard: tones in Hz, at level dBm0.
const (
	callerTone = 500.0
	agentTone  = 800.0
	level      = rig.PhoneLevel
	line       = "1000"
)

// pair is two nodes on one Redis, with the same configuration. Agents' phones are real ones, registered at the second.
type pair struct {
	t     *testing.T
	redis *rig.Redis
	a, b  *rig.Gateway
	from  netip.Addr // the carrier
	agent map[string]*rig.Phone
	cable *cable // from the second node to Redis
}

const flow = `flow: main
start: pick-up
steps:
  pick-up: {answer: 100ms, then: wait}
  wait:
    queue: {name: support, max_wait: 10m}
    exits: {ended: bye, timeout: bye, refused: bye, closed: bye}
  bye: {hangup: 16}
`

func newPair(t *testing.T) *pair {
	t.Helper()
	rig.Need(t, "baresip")
	p := &pair{t: t, redis: rig.StartRedis(t), from: rig.Host(t), agent: map[string]*rig.Phone{}}
	body := fmt.Sprintf(`
trunks:
  carrier: {sources: [%s/32], targets: [{host: %s}], ping: 0s}
endpoints:
  anna: {extension: 201, password: %[3]s}
  ben: {extension: 202, password: %[3]s}
agents:
  anna: {name: Anna, endpoint: anna, queues: [support]}
  ben: {name: Ben, endpoint: ben, queues: [support]}
queues:
  support: {ring_timeout: 20s, wrap_up: 0s, max_wait: 10m, join_when: always, music: music/default}
users:
  anna: {password: %[3]s, role: agent, agent: anna}
  boss: {password: %[3]s, role: admin}
numbers: {%s: main}
chat: {queue: support}
node: {name: NODE}
`, p.from, p.from, rig.PasswordRef, line)
	p.cable = newCable(t, p.redis.At)
	start := func(name string, redis netip.AddrPort) *rig.Gateway {
		return rig.Start(t, rig.Site{TLS: true, Body: strings.Replace(body, "NODE", name, 1), Redis: redis.String(), Flows: map[string]string{"main.yaml": flow}})
	}
	p.a = start("first", p.redis.At) // owns the calls, for it was first
	p.b = start("second", p.cable.At)
	return p
}

// phone starts an agent's softphone that registers at a node.
func (p *pair) phone(name, transport string, at *rig.Gateway) *rig.Phone {
	p.t.Helper()
	sip := at.SIP
	if transport == "tls" {
		sip = at.TLS
	}
	ph := rig.StartPhone(p.t, rig.PhoneSetup{Name: name, Host: rig.Host(p.t), Hz: agentTone, Account: fmt.Sprintf(
		`<sip:%[1]s@%[2]s;transport=%[3]s>;auth_user=%[1]s;auth_pass=%[4]s;outbound="sip:%[5]s;transport=%[3]s";regint=60;answermode=auto;audio_codecs=pcmu`,
		name, rig.Domain, transport, rig.Password, sip)})
	p.agent[name] = ph
	p.registered(at, name)
	return ph
}

func (p *pair) registered(at *rig.Gateway, name string) {
	p.t.Helper()
	rig.Await(p.t, name+" is registered", 15*time.Second, func() bool {
		var list []control.Endpoint
		at.JSON(p.t, &list, "endpoint", "list")
		for _, e := range list {
			if e.Name == name {
				return e.Registered
			}
		}
		return false
	})
}

func (p *pair) ready(at *rig.Gateway, agent string) {
	p.t.Helper()
	if said := at.CLI(p.t, "agent", "set", agent, "available"); said.Code != 0 {
		p.t.Fatalf("agent set %s: %+v", agent, said)
	}
}

// carrier opens the carrier as it talks to a node.
func (p *pair) carrier(to *rig.Gateway) *phone.Phone {
	p.t.Helper()
	c, err := phone.Open(phone.Config{Name: "carrier", Local: netip.AddrPortFrom(p.from, 0), Gateway: to.SIP, User: "carrier", Domain: rig.Domain})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(c.Close)
	return c
}

// call places a call and wants both to hear each other.
func (p *pair) call(from *phone.Phone, number string, agent string) *phone.Call {
	p.t.Helper()
	c, err := p.dial(from, number)
	if err != nil {
		p.t.Fatalf("call from %s: %v", number, err)
	}
	p.talks(c, agent)
	return c
}

func (p *pair) dial(from *phone.Phone, number string) (*phone.Call, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), 15*time.Second)
	defer cancel()
	c, err := from.Dial(ctx, line, number)
	if err == nil {
		c.Audio().Tone(callerTone, level)
	}
	return c, err
}

// talks wants the caller to hear the agent, and the agent's phone the caller.
func (p *pair) talks(c *phone.Call, agent string) {
	p.t.Helper()
	rig.Await(p.t, "the caller hears "+agent, 15*time.Second, func() bool { return c.Audio().Heard(agentTone) > level-3 })
	ear := p.agent[agent].Ear()
	rig.Await(p.t, agent+" hears the caller", 15*time.Second, func() bool {
		last := ear.Last(mediatest.Rate / 10)
		return last != nil && mediatest.Find(last, callerTone) > level-3
	})
}

// TestAgentAtTheSecondNode: callers of either node reach agents whose phones know the second one only.
func TestAgentAtTheSecondNode(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"udp", "tcp", "tls"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			anna := p.phone("anna", transport, p.b)
			p.ready(p.b, "anna") // the command line works at either
			for _, at := range []*rig.Gateway{p.a, p.b} {
				c := p.call(p.carrier(at), "+49305550001", "anna")
				var calls []control.Call
				p.b.JSON(t, &calls, "call", "list")
				if len(calls) != 1 || calls[0].Agent != "anna" {
					t.Errorf("calls, asked at the second node: %+v", calls)
				}
				anna.Do("hangup", "") // the phone ends it: its BYE takes the same way back
				select {
				case <-c.Ended():
				case <-time.After(10 * time.Second):
					t.Fatalf("the caller was not told; %s", p.a.Log())
				}
				p.a.Idle(t)
			}
			c := p.call(p.carrier(p.b), "+49305550002", "anna")
			if err := c.Hangup(within(t, 5*time.Second)); err != nil {
				t.Error(err)
			}
			anna.Saw("CALL_CLOSED", 10*time.Second)
			p.a.Idle(t)
			list := p.a.Records(t)
			if len(list) != 2 {
				t.Errorf("%d records, want one for each of the two numbers: %+v", len(list), list)
			}
			if n := p.b.Metric(t, "tandem_edge_forwarded_total", `to="owner"`); n < 6 {
				t.Errorf("the second node has passed %v messages on", n)
			}
		})
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// takenOver bounds how long nobody may own the calls.
const takenOver = 5 * time.Second

// TestTakeOver: the owner dies in the middle of calls. The other node goes on with what was written, and with the phones that it has.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.phone("anna", "udp", p.b)
	p.phone("ben", "tcp", p.b)
	p.ready(p.a, "anna")
	first := p.call(p.carrier(p.a), "+49305550001", "anna")
	waiting, err := p.dial(p.carrier(p.b), "+49305550002")
	if err != nil {
		t.Fatal(err)
	}
	rig.Await(t, "the second caller waits", 10*time.Second, func() bool { return waiting.Audio().Level() > -45 })
	p.ready(p.a, "ben")
	p.talks(waiting, "ben")

	died := time.Now()
	p.a.Kill(t)
	rig.Await(t, "the second node owns the calls", takenOver, func() bool { return p.ownedBy(p.b) })
	first.Drop()
	waiting.Drop()
	t.Logf("taken over after %v", time.Since(died).Round(10*time.Millisecond))
	c := p.call(p.carrier(p.b), "+49305550003", "anna") // nobody has registered anew or signed in again
	d := p.call(p.carrier(p.b), "+49305550004", "ben")
	p.whole(p.b)

	p.a.Restart(t) // as one that passes on
	if p.ownedBy(p.a) {
		t.Error("the first node owns the calls again, beside the second")
	}
	for _, x := range []*phone.Call{c, d} {
		if err := x.Hangup(within(t, 5*time.Second)); err != nil {
			t.Error(err)
		}
	}
	e := p.call(p.carrier(p.a), "+49305550005", "anna")
	if err := e.Hangup(within(t, 5*time.Second)); err != nil {
		t.Error(err)
	}
	p.b.Idle(t)

	p.b.Stop(t) // by wish: the other need not wait for anything
	rig.Await(t, "the first node owns the calls", takenOver, func() bool { return p.ownedBy(p.a) })
	p.whole(p.a)
}

// TestTakeOverCutShort: the store is gone in the very moment in which a node takes over, at each step of it. The node waits for the
// store and takes over then; its process does not end, and no call of before stays open.
func TestTakeOverCutShort(t *testing.T) {
	t.Parallel()
	for name, word := range map[string]string{
		"calls of before": "}:bindings:keys", "their ends": "interaction-ended", "queue": "}:snapshots", "users": "access/user/", "events": "webhook/sub/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			p.phone("anna", "udp", p.b)
			p.ready(p.a, "anna")
			first := p.call(p.carrier(p.a), "+49305550001", "anna")
			cut := p.cable.CutBefore(word)
			p.a.Kill(t)
			first.Drop()
			select {
			case <-cut:
			case <-time.After(takenOver):
				t.Fatalf("the second node did not come to ask for its %s; it says:\n%s", name, p.b.Log())
			}
			rig.Await(t, "the second node says that it has no store", 15*time.Second, func() bool { return !p.reached(p.b) })
			p.cable.Mend()
			rig.Await(t, "the second node owns the calls", 2*takenOver, func() bool { return p.ownedBy(p.b) && p.reached(p.b) })
			c := p.call(p.carrier(p.b), "+49305550002", "anna")
			if err := c.Hangup(within(t, 5*time.Second)); err != nil {
				t.Error(err)
			}
			p.b.Idle(t)
			p.whole(p.b)
		})
	}
}

// reached tells whether a node is ready. A node whose process has ended fails the test.
func (p *pair) reached(g *rig.Gateway) bool {
	p.t.Helper()
	if !g.Alive() {
		p.t.Fatalf("the node has ended; it says:\n%s", g.Log())
	}
	res, err := http.Get("http://" + g.HTTP.String() + "/readyz")
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// ownedBy tells whether a node owns the calls.
func (p *pair) ownedBy(g *rig.Gateway) bool {
	res, err := http.Get("http://" + g.HTTP.String() + "/metrics")
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	return g.Metric(p.t, "tandem_node_owner") == 1
}

// whole wants each call in the records with one beginning, and one end once it is over.
func (p *pair) whole(at *rig.Gateway) {
	p.t.Helper()
	live := map[string]bool{}
	for _, c := range at.Calls(p.t) {
		live[c.ID] = true
	}
	for _, r := range at.Records(p.t) {
		begun, ended := map[string]int{}, map[string]int{}
		for _, e := range at.Record(p.t, r.ID).Events {
			switch e.Kind {
			case "interaction-started":
				begun[e.Interaction]++
			case "interaction-ended":
				ended[e.Interaction]++
			}
		}
		for call, n := range begun {
			if want := 1; n != 1 || ended[call] != want && !live[call] || live[call] && ended[call] != 0 {
				p.t.Errorf("record %s: call %s has %d beginnings and %d ends, live: %t", r.ID, call, n, ended[call], live[call])
			}
		}
	}
}

// TestFrozenOwner: the owner stands still for longer than its lease, as a virtual machine does that is moved, and then goes on as if
// nothing had happened. The other has the calls by then: what the first still writes is refused, and it passes on from now on.
func TestFrozenOwner(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	p.phone("anna", "udp", p.b)
	p.ready(p.a, "anna")
	lost := p.call(p.carrier(p.a), "+49305550001", "anna")
	signal(t, p.a, syscall.SIGSTOP)
	stopped := time.Now()
	rig.Await(t, "the second node owns the calls", takenOver, func() bool { return p.ownedBy(p.b) })
	t.Logf("taken over after %v", time.Since(stopped).Round(10*time.Millisecond))
	c, err := p.dial(p.carrier(p.b), "+49305550002")
	if err != nil {
		t.Fatal(err)
	}
	p.talks(c, "anna") // who has hung up on the silence of before, or talks on two lines: the phone answers by itself

	signal(t, p.a, syscall.SIGCONT)
	rig.Await(t, "the first node has seen that it owns nothing; "+p.a.Log(), 10*time.Second, func() bool { return !p.ownedBy(p.a) })
	if !p.ownedBy(p.b) {
		t.Error("nobody owns the calls")
	}
	if err := c.Hangup(within(t, 5*time.Second)); err != nil {
		t.Error(err)
	}
	select {
	case <-lost.Ended():
	case <-time.After(20 * time.Second):
		t.Error("the call of before was not hung up by the node that had it")
	}
	p.whole(p.b)
	d := p.call(p.carrier(p.a), "+49305550003", "anna")
	if err := d.Hangup(within(t, 5*time.Second)); err != nil {
		t.Error(err)
	}
	p.b.Idle(t)
	p.whole(p.b)
}

func signal(t *testing.T, g *rig.Gateway, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(g.PID(), s); err != nil {
		t.Fatal(err)
	}
}
