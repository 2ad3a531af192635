package siptest

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// UA is a scripted user agent on a datagram socket: raw text in and out. It knows no transactions: a script that wants a
// retransmission sends twice.
type UA struct {
	t    testing.TB
	conn net.PacketConn
	addr netip.AddrPort
	in   chan string
	done chan struct{}
	once sync.Once
}

// NewUA opens a user agent at "ip:port" and starts its reader, which ends with Close.
func NewUA(t testing.TB, n *Network, addr string) *UA {
	u := &UA{t: t, conn: n.ListenPacket(addr), addr: netip.MustParseAddrPort(addr), in: make(chan string, 1024), done: make(chan struct{})}
	t.Cleanup(u.Close)
	go u.read()
	return u
}

func (u *UA) read() {
	buf := make([]byte, 65536)
	for {
		n, _, err := u.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		select {
		case u.in <- string(buf[:n]):
		case <-u.done:
			return
		}
	}
}

// Close closes the socket and ends the reader. It happens by itself when the test ends.
func (u *UA) Close() {
	u.once.Do(func() {
		close(u.done)
		u.conn.Close()
	})
}

// Send sends raw text. Line ends may be LF alone.
func (u *UA) Send(to, text string) {
	if !strings.Contains(text, "\r\n") {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	if _, err := u.conn.WriteTo([]byte(text), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err != nil {
		u.t.Errorf("%s: send: %v", u.addr, err)
	}
}

// Expect returns the next message, which must come within 40 s of virtual time and whose first line must contain the text.
func (u *UA) Expect(first string) string {
	u.t.Helper()
	select {
	case m := <-u.in:
		if !strings.Contains(firstLine(m), first) {
			u.t.Fatalf("%s: got %q, want %q", u.addr, firstLine(m), first)
		}
		return m
	case <-time.After(40 * time.Second):
		u.t.Fatalf("%s: got nothing, want %q", u.addr, first)
	}
	return ""
}

// Quiet fails when anything comes within d.
func (u *UA) Quiet(d time.Duration) {
	u.t.Helper()
	select {
	case m := <-u.in:
		u.t.Fatalf("%s: got %q, want nothing", u.addr, firstLine(m))
	case <-time.After(d):
	}
}

// Drain throws away what has come, and returns how many messages those were.
func (u *UA) Drain() int {
	for n := 0; ; n++ {
		select {
		case <-u.in:
		default:
			return n
		}
	}
}

// Call holds what the requests of one dialog have in common. Empty fields get defaults.
type Call struct {
	Target  string // Request-URI; sip:100@10.0.0.1
	From    string // user part; alice
	To      string // user part; 100
	CallID  string
	FromTag string
	ToTag   string
	Branch  string // without the cookie
	CSeq    int
	Hops    int      // Max-Forwards; 70
	Extra   []string // header lines
	Body    string   // with its Content-Type application/sdp
}

// Request builds the raw text of a request from this user agent.
func (u *UA) Request(method string, c Call) string {
	for p, d := range map[*string]string{&c.Target: "sip:100@10.0.0.1", &c.From: "alice", &c.To: "100", &c.CallID: "call-1", &c.FromTag: "tag-1", &c.Branch: "b1"} {
		if *p == "" {
			*p = d
		}
	}
	if c.CSeq == 0 {
		c.CSeq = 1
	}
	if c.Hops == 0 {
		c.Hops = 70
	}
	to := fmt.Sprintf("<sip:%s@example.com>", c.To)
	if c.ToTag != "" {
		to += ";tag=" + c.ToTag
	}
	lines := []string{
		fmt.Sprintf("%s %s SIP/2.0", method, c.Target),
		fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport", u.addr, c.Branch),
		fmt.Sprintf("Max-Forwards: %d", c.Hops),
		fmt.Sprintf("From: <sip:%s@example.com>;tag=%s", c.From, c.FromTag),
		"To: " + to, "Call-ID: " + c.CallID, fmt.Sprintf("CSeq: %d %s", c.CSeq, method),
		fmt.Sprintf("Contact: <sip:%s@%s>", c.From, u.addr),
	}
	lines = append(lines, c.Extra...)
	if c.Body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(c.Body)), "", c.Body)
	return strings.Join(lines, "\r\n")
}

// Reply builds the raw text of a response to a raw request, with a To tag unless the request has one or tag is empty.
func (u *UA) Reply(req string, status, tag string, extra ...string) string {
	lines := []string{"SIP/2.0 " + status}
	head, _, _ := strings.Cut(req, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(name) {
		case "to":
			if tag != "" && TagIn(line) == "" {
				line += ";tag=" + tag
			}
			lines = append(lines, line)
		case "via", "from", "call-id", "cseq", "record-route":
			lines = append(lines, line)
		}
	}
	lines = append(lines, fmt.Sprintf("Contact: <sip:ua@%s>", u.addr))
	lines = append(lines, extra...)
	return strings.Join(append(lines, "Content-Length: 0", "", ""), "\r\n")
}
