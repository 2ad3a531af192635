package phone

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// Config says who a phone is.
type Config struct {
	Name     string         // in the ladder
	Local    netip.AddrPort // port 0: any
	Gateway  netip.AddrPort
	User     string // address of record is User@Domain
	Domain   string
	Password string
	Ladder   *Ladder // may be nil
}

// Phone is one telephone on one UDP socket.
type Phone struct {
	cfg      Config
	conn     *net.UDPConn
	local    netip.AddrPort
	clock    *clock
	incoming chan *Call
	wg       sync.WaitGroup

	mu      sync.Mutex
	waiting map[string]chan *wire.Message // guarded by mu: branch of a request of ours → its responses
	calls   map[string]*Call              // guarded by mu: by Call-ID
	closed  bool                          // guarded by mu
}

// Limits of a phone.
const (
	maxIncoming = 1024
	maxMessage  = 8192
)

// Timers of RFC 3261 §17.1.1.1.
const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
)

// Open binds a phone and reads what comes.
func Open(cfg Config) (*Phone, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(cfg.Local))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20) // the kernel gives what it allows
	p := &Phone{
		cfg: cfg, conn: conn, local: conn.LocalAddr().(*net.UDPAddr).AddrPort(), incoming: make(chan *Call, maxIncoming),
		waiting: map[string]chan *wire.Message{}, calls: map[string]*Call{},
	}
	p.local = netip.AddrPortFrom(p.local.Addr().Unmap(), p.local.Port())
	p.clock = newClock()
	p.wg.Go(p.clock.run)
	p.wg.Go(p.read)
	return p, nil
}

// Local is where the phone listens.
func (p *Phone) Local() netip.AddrPort { return p.local }

// Incoming gives calls that ring here. It is closed with the phone.
func (p *Phone) Incoming() <-chan *Call { return p.incoming }

// Close frees everything. Calls in progress are left hanging: hang up before.
func (p *Phone) Close() {
	p.mu.Lock()
	was := p.closed
	p.closed = true
	calls := p.calls
	p.calls = map[string]*Call{}
	p.mu.Unlock()
	if was {
		return
	}
	_ = p.conn.Close()
	for _, c := range calls {
		c.finish("closed")
	}
	p.clock.stop()
	p.wg.Wait()
	close(p.incoming)
}

func (p *Phone) read() {
	buf := make([]byte, maxMessage)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || from != p.cfg.Gateway {
			continue // a refusal by the far kernel, or a stranger
		}
		m, err := wire.Parse(buf[:n])
		if err != nil {
			continue
		}
		p.cfg.Ladder.add("tandem", p.cfg.Name, textOf(m))
		if m.Method == "" {
			p.response(m)
		} else {
			p.request(m)
		}
	}
}

// textOf words a message as the gateway's own ladders do.
func textOf(m *wire.Message) string {
	if m.Method != "" {
		return m.Method + " " + m.URI
	}
	return fmt.Sprintf("%d %s (%s)", m.Status, m.Reason, m.CSeqMethod)
}

func (p *Phone) response(m *wire.Message) {
	p.mu.Lock()
	to := p.waiting[m.Branch()]
	c := p.calls[m.CallID]
	p.mu.Unlock()
	if to == nil {
		if c != nil && m.CSeqMethod == "INVITE" && m.Status/100 == 2 {
			c.ackAgain()
		}
		return
	}
	select {
	case to <- m:
	default:
	}
}

func (p *Phone) send(b []byte) {
	if _, err := p.conn.WriteToUDPAddrPort(b, p.cfg.Gateway); err != nil {
		p.cfg.Ladder.add(p.cfg.Name, "", "not sent: "+err.Error())
		return
	}
	if line, _, ok := strings.Cut(string(b), "\r\n"); ok {
		p.cfg.Ladder.add(p.cfg.Name, "tandem", strings.TrimSuffix(strings.TrimPrefix(line, "SIP/2.0 "), " SIP/2.0"))
	}
}

// ErrNoAnswer says that a request was never answered finally.
var ErrNoAnswer = errors.New("no answer")

// transact sends a request until it is answered; each provisional response goes to early, which may be nil.
func (p *Phone) transact(ctx context.Context, r *wire.Request, early func(*wire.Message)) (*wire.Message, error) {
	answers := make(chan *wire.Message, 16)
	p.mu.Lock()
	p.waiting[r.Branch] = answers
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.waiting, r.Branch)
		p.mu.Unlock()
	}()
	packet := r.Append(nil)
	p.send(packet)
	wait := t1
	resend := time.NewTimer(wait)
	defer resend.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: %w", r.Method, ErrNoAnswer)
		case <-resend.C:
			p.send(packet)
			wait = min(2*wait, t2)
			resend.Reset(wait)
		case m := <-answers:
			if m.Status >= 200 {
				return m, nil
			}
			resend.Reset(24 * time.Hour)
			if early != nil {
				early(m)
			}
		}
	}
}

// Register registers for so many seconds with digest; 0 takes the registration back.
func (p *Phone) Register(ctx context.Context, seconds int) error {
	return p.RegisterAs(ctx, p.cfg.User, seconds)
}

// RegisterAs registers another user with the same password: a phone may stand for many.
func (p *Phone) RegisterAs(ctx context.Context, user string, seconds int) error {
	aor := "sip:" + user + "@" + p.cfg.Domain
	r := &wire.Request{
		Method: "REGISTER", URI: "sip:" + p.cfg.Domain, SentBy: p.local, From: "<" + aor + ">;tag=" + token(), To: "<" + aor + ">",
		CallID: token(), CSeq: 1, Branch: branch(), Contact: p.contact(user), Headers: []string{fmt.Sprintf("Expires: %d", seconds)},
	}
	m, err := p.transact(ctx, r, nil)
	if err == nil && m.Status == 401 {
		login := wire.Login{User: user, Password: p.cfg.Password, Method: r.Method, URI: r.URI, CNonce: token()}
		answer, why := login.Answer(m.Challenges)
		if why != nil {
			return why
		}
		r.CSeq, r.Branch, r.Headers = 2, branch(), append(r.Headers, "Authorization: "+answer)
		m, err = p.transact(ctx, r, nil)
	}
	if err != nil {
		return err
	}
	if m.Status != 200 {
		return &StatusError{Method: "REGISTER", Status: m.Status, Reason: m.Reason}
	}
	return nil
}

func (p *Phone) contact(user string) string { return "sip:" + user + "@" + p.local.String() }

// StatusError is a final answer that is no success.
type StatusError struct {
	Method     string
	Status     int
	Reason     string
	RetryAfter string // as sent; empty: none
}

// Error words the answer.
func (e *StatusError) Error() string { return fmt.Sprintf("%s: %d %s", e.Method, e.Status, e.Reason) }

func token() string { return strings.ToLower(rand.Text()[:16]) }

func branch() string { return "z9hG4bK" + token() }
