package violence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/cmd/tandem/phone"
	"tandem/store"
)

// How much happens at once in the mixed load.
const (
	clerks   = 4
	visitors = 30
	texters  = 5
	ours     = "+4930100100" // our number for texts
)

// mixed is a gateway with agents at pages, visitors, texts and calls.
type mixed struct {
	*rig.Gateway
	t        *testing.T
	other    *rig.Gateway // a node beside it that nobody knows; nil: none
	redis    *rig.Redis   // nil: the store is a file
	store    store.Store  // once the gateway has ended
	carrier  *phone.Phone
	desk     *phone.Phone // a phone that answers
	clerks   []*clerk
	visitors []*visitor
	texts    *texter
	stop     atomic.Bool // no new conversations
	closing  atomic.Bool // agents end everything
	calls    atomic.Int64
}

// kept says where a gateway keeps what it knows, and with whom.
type kept int

const (
	inFile kept = iota
	inRedis
	byTwo // nodes, in Redis: everybody comes to the second, the first owns the calls at first
)

// newMixed starts the gateway; nothing happens yet.
func newMixed(t *testing.T, where kept) *mixed {
	t.Helper()
	from, desk := rig.Host(t), rig.Host(t)
	var phones, people, users strings.Builder
	for n := range clerks {
		fmt.Fprintf(&phones, "  %s: {extension: %d, password: %s}\n", agentName(n), 2000+n, rig.PasswordRef)
		fmt.Fprintf(&people, "  %s: {endpoint: %s, queues: [support], budget: 300, caps: {chat: 10, message: 10}}\n", agentName(n), agentName(n))
		fmt.Fprintf(&users, "  %s: {password: %s, role: agent, agent: %s}\n", agentName(n), rig.PasswordRef, agentName(n))
	}
	body := fmt.Sprintf(`
trunks:
  carrier: {sources: [%s/32], targets: [{host: %s}], ping: 0s}
endpoints:
  phone: {extension: 3000, password: %s}
%sagents:
%susers:
%squeues:
  support: {ring_timeout: 5s, wrap_up: 2s, max_wait: 10m, join_when: always}
chat: {queue: support}
sms: {main: {number: %q, smpp: simulator, queue: support}}
numbers: {%s: {endpoint: phone}}
`, from, from, rig.PasswordRef, phones.String(), people.String(), users.String(), ours, line)
	m := &mixed{t: t}
	site := rig.Site{SIP: "rate: {per_second: 0}", Body: body, Demo: true}
	if where != inFile {
		m.redis = rig.StartRedis(t)
		site.Redis = m.redis.At.String()
	}
	if where == byTwo {
		site.Body = body + "node: {name: first}\n"
		m.other = rig.Start(t, site)
		site.Body = body + "node: {name: second}\n"
	}
	m.Gateway = rig.Start(t, site)
	m.carrier, m.desk = m.phone("carrier", from), m.phone("phone", desk)
	m.serveDesk()
	return m
}

// owner is the node that owns the calls; both live.
func (m *mixed) owner() (g *rig.Gateway) {
	m.t.Helper()
	if m.other == nil {
		return m.Gateway
	}
	rig.Await(m.t, "one of the nodes owns the calls", 10*time.Second, func() bool {
		for _, g = range []*rig.Gateway{m.Gateway, m.other} {
			if g.Metric(m.t, "tandem_node_owner") == 1 {
				return true
			}
		}
		return false
	})
	return g
}

// end ends all nodes; the one that only passes on goes first.
func (m *mixed) end() {
	m.t.Helper()
	owner := m.owner()
	for _, g := range []*rig.Gateway{m.other, m.Gateway} {
		if g != nil && g != owner {
			g.Stop(m.t)
		}
	}
	owner.Stop(m.t)
}

// phone opens a telephone that is closed with the test.
func (m *mixed) phone(name string, host netip.Addr) *phone.Phone {
	m.t.Helper()
	p, err := phone.Open(phone.Config{Name: name, Local: netip.AddrPortFrom(host, 0), Gateway: m.SIP, User: name, Domain: rig.Domain, Password: rig.Password})
	if err != nil {
		m.t.Fatal(err)
	}
	return p
}

// serveDesk registers the phone and lets it answer with the agents' tone.
func (m *mixed) serveDesk() {
	ctx, cancel := context.WithTimeout(m.t.Context(), 10*time.Second)
	defer cancel()
	if err := m.desk.RegisterAs(ctx, "phone", 600); err != nil {
		m.t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for c := range m.desk.Incoming() {
			c.Audio().Tone(agentTone, level)
			served.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
				defer cancel()
				if err := c.Answer(ctx); err != nil {
					c.Drop()
				}
			})
		}
	})
	m.t.Cleanup(func() {
		m.desk.Close()
		m.carrier.Close()
		served.Wait()
	})
}

// begin lets everybody come. wait gives back when all have gone after end.
func (m *mixed) begin(ctx context.Context) (wait func()) {
	var work sync.WaitGroup
	for n := range clerks {
		c := newClerk(m.t, n, m.HTTP, netip.AddrPortFrom(rig.Host(m.t), 0), &m.closing)
		m.clerks = append(m.clerks, c)
		work.Go(func() { c.work(ctx) })
	}
	for n := range visitors {
		v := newVisitor(m.t, n, m.HTTP, netip.AddrPortFrom(rig.Host(m.t), 0), &m.stop)
		m.visitors = append(m.visitors, v)
		work.Go(func() { v.live(ctx) })
	}
	m.texts = &texter{page: newPage(m.HTTP, netip.AddrPortFrom(rig.Host(m.t), 0))}
	work.Go(func() { m.texts.live(ctx, &m.stop) })
	work.Go(func() { m.call(ctx) })
	return work.Wait
}

// call places a call after the other, and hangs up. What the gateway's death does to them is not looked at.
func (m *mixed) call(ctx context.Context) {
	for n := 0; ctx.Err() == nil && !m.stop.Load(); n++ {
		limit, cancel := context.WithTimeout(ctx, 3*time.Second)
		c, err := m.carrier.Dial(limit, line, number(n))
		if err == nil {
			pause(limit, 200*time.Millisecond)
			if c.Hangup(limit) == nil {
				m.calls.Add(1)
			} else {
				c.Drop()
			}
		}
		cancel()
		pause(ctx, 100*time.Millisecond)
	}
}

// texter sends texts from telephones of the message centre, one after the other.
type texter struct {
	*page
	mu   sync.Mutex // guards what stands below
	took []string   // texts that the message centre took
}

func (x *texter) live(ctx context.Context, stop *atomic.Bool) {
	for n := 0; ctx.Err() == nil && !stop.Load(); n++ {
		x.send(ctx, fmt.Sprintf("+49171555%04d", n%texters), fmt.Sprintf("text %d", n))
		pause(ctx, 300*time.Millisecond)
	}
}

func (x *texter) send(ctx context.Context, from, text string) bool {
	body, err := json.Marshal(map[string]string{"to": ours, "text": text})
	if err != nil {
		return false
	}
	wait, cancel := context.WithTimeout(ctx, frameTime)
	defer cancel()
	req, err := http.NewRequestWithContext(wait, http.MethodPost, "http://"+x.site+"/demo/phone/"+url.PathEscape(from)+"/messages", bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Tandem-Request", "1")
	res, err := x.client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusAccepted {
		return false
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.took = append(x.took, text)
	return true
}

// ready asks /readyz.
func (m *mixed) ready() (status int, text string) {
	res, err := http.Get("http://" + m.HTTP.String() + "/readyz")
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// loseRedis kills the Redis server and starts it again; meanwhile /readyz says why nothing new is taken.
func (m *mixed) loseRedis() {
	m.t.Helper()
	m.redis.Kill(m.t)
	rig.Await(m.t, "/readyz tells that the store is gone", 15*time.Second, func() bool {
		status, text := m.ready()
		return status == http.StatusServiceUnavailable && strings.Contains(text, `"store"`)
	})
	_, text := m.ready()
	m.t.Logf("/readyz without Redis: %s", strings.TrimSpace(text))
	m.redis.Restart(m.t)
	rig.Await(m.t, "/readyz is content again", 20*time.Second, func() bool { status, _ := m.ready(); return status == http.StatusOK })
}
