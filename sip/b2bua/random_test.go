package b2bua

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/sip/registrar"
	"tandem/sip/siptest"
)

// monkey is a user agent that answers by chance, and not always.
type monkey struct {
	r    *rig
	conn net.PacketConn
	name string
	addr string
	to   string // where it reaches us
	page bool   // a browser

	mu   sync.Mutex
	rng  *rand.Rand
	side *side // its last dialog
	busy bool  // the chaos goes on
}

func (r *rig) monkey(name, addr string, seed uint64) *monkey {
	m := &monkey{r: r, conn: r.net.ListenPacket(addr), name: name, addr: addr, to: tandemAddr, rng: rand.New(rand.NewPCG(seed, 1)), busy: true}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 65536)
		for {
			n, _, err := m.conn.ReadFrom(buf)
			if err != nil {
				return
			}
			m.take(string(buf[:n]))
		}
	}()
	r.t.Cleanup(func() {
		m.conn.Close()
		<-done
	})
	return m
}

// pageMonkey is a browser of bert's.
func (r *rig) pageMonkey(seed uint64) *monkey {
	m := r.monkey("bert3", paulaAddr, seed)
	m.to, m.page = paulaDoor, true
	flow := r.attach("bert", paulaAddr, paulaDoor)
	now := time.Now()
	_, events := r.registrar.Register(now, parse[*sip.Request](r.t, strings.Join([]string{
		"REGISTER sip:" + domain + " SIP/2.0", "Via: SIP/2.0/LOCAL " + paulaAddr + ";branch=z9hG4bKreg", "From: <sip:bert@" + domain + ">;tag=1",
		"To: <sip:bert@" + domain + ">", "Call-ID: reg", "CSeq: 1 REGISTER", "Contact: <sip:bert@" + paulaAddr + ">;expires=3600", "Content-Length: 0", "", "",
	}, "\r\n")), registrar.Arrival{Source: flow.Flow().Remote, Transport: "local", Flow: flow.Flow().String(), User: "bert"})
	if len(events) != 1 {
		r.t.Fatal("not registered")
	}
	return m
}

func (m *monkey) send(text string) {
	_, _ = m.conn.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(m.to)))
}

// later sends after up to d.
func (m *monkey) later(d time.Duration, text string) {
	time.AfterFunc(time.Duration(m.rng.Int64N(int64(d))), func() { m.send(text) })
}

func (m *monkey) chance(p float64) bool { return m.busy && m.rng.Float64() < p }

func (m *monkey) take(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	method, _, _ := strings.Cut(text, " ")
	switch {
	case method == "ACK" || m.chance(0.02): // lost
	case method == "SIP/2.0":
		m.response(text)
	case method == "INVITE" && siptest.TagIn(siptest.Field(text, "To")) == "":
		m.invited(text)
	case method == "CANCEL":
		m.send(m.reply(text, "200 OK", ""))
		if m.side != nil && !m.chance(0.2) {
			m.send(m.reply(m.side.invite, "487 Request Terminated", ""))
		}
	case method == "INVITE" || method == "UPDATE":
		m.later(time.Second, m.reply(text, m.pick("200 OK", "200 OK", "200 OK", "200 OK", "200 OK", "488 Not Acceptable Here", "491 Request Pending", "481 Gone", "500 Oops"), m.body()))
	default:
		m.later(time.Second, m.reply(text, m.pick("200 OK", "200 OK", "200 OK", "481 Gone"), ""))
	}
}

func (m *monkey) pick(list ...string) string { return list[m.rng.IntN(len(list))] }

// body is a session description: nearly always a usable one.
func (m *monkey) body() string {
	if m.page {
		return web(m.pick("a=sendrecv", "a=sendonly", "a=inactive", "a=sendrecv", "a=recvonly"))
	}
	ip, _, _ := strings.Cut(m.addr, ":")
	codecs := m.pick("8 0 101", "8", "0 101", "8 0 101", "18", "0")
	return sdpAt(ip, 4000+2*m.rng.IntN(100), codecs, m.pick("a=sendrecv", "a=sendonly", "a=inactive", "a=sendrecv", "a=sendrecv"))
}

func (m *monkey) reply(req, status, body string) string {
	lines := []string{"SIP/2.0 " + status}
	head, _, _ := strings.Cut(req, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "to":
			if siptest.TagIn(line) == "" {
				line += ";tag=" + m.name + fmt.Sprint(len(req)%2)
			}
			lines = append(lines, line)
		case "via", "from", "call-id", "cseq":
			lines = append(lines, line)
		}
	}
	lines = append(lines, fmt.Sprintf("Contact: <sip:%s@%s>", m.name, m.addr), "Content-Type: application/sdp")
	return strings.Join(append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n")
}

// invited rings, answers, refuses, or does nothing; who answered may hang up or hold later.
func (m *monkey) invited(text string) {
	to := siptest.Field(text, "To") + ";tag=" + m.name + fmt.Sprint(len(text)%2)
	m.side = &side{
		ua: &ua{r: m.r, name: m.name, addr: m.addr, n: m.rng.IntN(1 << 30), via: "UDP"}, callID: siptest.Field(text, "Call-ID"), invite: text,
		local: to, remote: siptest.Field(text, "From"), cseq: 100,
	}
	m.side.learn(m.side.remote, text)
	if m.chance(0.7) {
		m.later(time.Second, m.reply(text, m.pick("180 Ringing", "183 Session Progress"), m.pick("", m.body())))
	}
	switch status := m.pick("200 OK", "200 OK", "200 OK", "486 Busy Here", "503 Service Unavailable", "302 Moved", "nothing"); {
	case status == "nothing" && m.busy:
	case strings.HasPrefix(status, "200"):
		m.later(5*time.Second, m.reply(text, status, m.body()))
		for range m.rng.IntN(6) {
			m.later(60*time.Second, m.request())
		}
	default:
		m.later(5*time.Second, m.reply(text, status, ""))
	}
}

// response acknowledges what is to be acknowledged.
func (m *monkey) response(text string) {
	if !strings.HasSuffix(siptest.Field(text, "CSeq"), "INVITE") || strings.HasPrefix(text, "SIP/2.0 1") || m.side == nil {
		return
	}
	m.side.learn(siptest.Field(text, "To"), text)
	m.side.failed = text[8] >= '3'
	m.send(m.side.request("ACK", m.pick("", m.body()))) // the answer, where the 2xx brought an offer
}

// calls starts a call.
func (m *monkey) calls(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.side = &side{ua: &ua{r: m.r, name: m.name, addr: m.addr, via: "UDP", n: m.rng.IntN(1 << 30)}, callID: id, target: "sip:100@10.0.0.1", local: "<sip:+4930555@x>;tag=1", remote: "<sip:100@y>"}
	m.send(m.side.request("INVITE", m.pick("", m.body(), m.body(), m.body())))
}

// chaos is what happens by chance beside the monkeys' answers.
func (m *monkey) chaos(n int) {
	for range n {
		m.mu.Lock()
		if m.side != nil {
			m.later(time.Second, m.request())
		}
		m.mu.Unlock()
		views := m.r.sw.Views()
		for _, v := range views {
			m.r.sw.Post(v.ID, m.command(views[m.draw(len(views))].ID))
		}
		stream := media.StreamID(m.draw(16))
		switch m.draw(40) {
		case 0, 4, 5, 6, 7, 8:
			m.r.engine.Press(stream, '5')
		case 1, 9, 10, 11, 12:
			_ = m.r.engine.FinishPlay(stream, media.PlayDone)
		case 2:
			m.r.engine.Inject(media.Silent{Stream: stream, For: time.Minute})
		case 13, 14:
			m.r.engine.Inject(media.Linked{Stream: stream, Why: "ice: failed"})
		case 15, 16:
			m.r.engine.Inject(media.Linked{Stream: stream, Up: true})
		case 17:
			m.r.mute.Store(!m.r.mute.Load())
		case 3:
			m.r.engine.FailDo(media.ErrBusy)
			time.Sleep(time.Duration(m.draw(50)) * time.Millisecond)
			m.r.engine.FailDo(nil)
		}
		time.Sleep(time.Duration(m.draw(3000)) * time.Millisecond)
	}
}

func (m *monkey) draw(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rng.IntN(n)
}

// method is rarely one that ends the call.
func (m *monkey) method() string {
	if m.chance(0.05) {
		return m.pick("BYE", "CANCEL")
	}
	return m.pick("INVITE", "INVITE", "UPDATE", "INFO", "OPTIONS", "MESSAGE", "ACK", "REFER")
}

// request is one in the last dialog.
func (m *monkey) request() string {
	method := m.method()
	if method != "REFER" {
		return m.side.request(method, m.pick("", m.body()))
	}
	return m.side.request(method, "", "Refer-To: "+m.pick("<sip:bert@x>", "<sip:+4940123@x>", "<sip:100@x>", "<sip:nobody@x>", m.side.replaces("bert"),
		"<sip:anna@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>", "<sip:+4940123@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"))
}

func (m *monkey) command(other string) Command {
	m.mu.Lock()
	defer m.mu.Unlock()
	offer := m.pick("o1", "o2", "o3")
	m.r.queues.mu.Lock()
	defer m.r.queues.mu.Unlock()
	m.r.queues.offers++
	fresh := fmt.Sprint("n", m.r.queues.offers)
	return []Command{
		OfferAgent{Item: m.r.queues.item, Offer: fresh, Epoch: 1, Agent: "a_1", Endpoint: "bert", Deadline: time.Now().Add(10 * time.Second)},
		WithdrawOffer{Offer: m.r.queues.last}, ConnectOffer{Offer: m.r.queues.last}, ConnectOffer{Offer: offer}, LeftQueue{Item: m.r.queues.item, Outcome: "full"},
		TellWaiting{m.r.queues.item, QueueWaiting{Position: 1}}, RecordCall{Do: RecordDo(1 + m.rng.IntN(4))}, RecordCall{Do: RecordStart},
		Hold{By: Side(m.rng.IntN(3))}, Resume{By: Side(m.rng.IntN(3))}, SendDigits{To: Peers, Digits: "5"}, Transfer{By: Peers, To: m.pick("bert", "+4940123", "100")},
		Transfer{By: Peers, Call: other}, Transfer{By: Side(1 + m.rng.IntN(2)), Call: other},
	}[m.rng.IntN(14)]
}

// whim is a script that does anything at any time.
func (m *monkey) whim(ScriptEvent) (list []Action) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rng.IntN(20) == 0 {
		return []Action{HangUp{Kind: Busy}}
	}
	for range m.rng.IntN(3) {
		list = append(list, []Action{
			Answer{}, Ring{}, Play{ID: 1, Items: welcome, Loop: true}, Play{ID: 2, Items: welcome, Barge: true}, StopPlay{ID: 1}, Enqueue{Queue: "q"},
			Enqueue{Queue: "q"}, LeaveQueue{}, Dial{Target: "bert", Timeout: 5 * time.Second, MaxTime: 9 * time.Second}, Dial{Target: "+4940123"},
			Dial{Target: "echo"}, Part{}, Dial{Target: "nobody"}, Dial{Target: "bert"}, DetectInband{On: true},
			Listen{Endpoint: "bert", As: "sue"},
		}[m.rng.IntN(16)])
	}
	return list
}

// TestRandom: whatever comes in whatever order, every call ends within bounds and leaves nothing; it is journaled once, and each
// offer is accepted and declined at most once (the rig checks).
func TestRandom(t *testing.T) {
	runs := uint64(150)
	if testing.Short() {
		runs = 20
	}
	for seed := range runs {
		scenario(t, fmt.Sprint("seed_", seed), setup{keep: true, moves: seed%2 == 1, cfg: func(c *Config) { c.Recordings, c.SessionExpires = "/var/rec", 90*time.Second }}, func(r *rig) {
			r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
			r.bind("bert", bert2Addr, "sip:bert@"+bert2Addr)
			var all []*monkey
			for i, p := range [][2]string{{"bert", bertAddr}, {"bert2", bert2Addr}, {"backup", backupAddr}, {"carrier", carrierAddr}} {
				all = append(all, r.monkey(p[0], p[1], seed*10+uint64(i)))
			}
			if seed%3 == 0 {
				all = append(all, r.pageMonkey(seed))
			}
			caller := all[3]
			r.flow("100", caller.whim)
			for i, m := range []*monkey{caller, all[2], caller} { // whoever called last is the one who goes on talking
				m.calls(fmt.Sprint("caller", i))
			}
			_, _ = r.sw.Originate(Origin{Identity: Identity{Record: "r_2"}, First: Destination{Endpoint: "bert"}, Then: r.number("+4940123")})
			caller.chaos(60)
			for _, m := range all {
				m.mu.Lock()
				m.busy = false
				m.mu.Unlock()
			}
			synctest.Wait()
			for _, v := range r.sw.Views() {
				r.sw.Post(v.ID, EndCall{Kind: Normal, By: "system"})
			}
		})
	}
}
