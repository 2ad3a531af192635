package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// How much bad input comes, and what the log may grow to by it.
const (
	junkDatagrams = 20_000
	slowPeers     = 200
	halfOpen      = 100
	logBytes      = 256 << 10
)

// enemy throws things at a gateway from addresses that are nobody's.
type enemy struct {
	t    *testing.T
	to   netip.AddrPort
	from []netip.Addr
	wg   sync.WaitGroup
}

// restless is how many goroutines come and go by themselves: those of the connections that ask for figures, and parts that start
// later than the first answer. Three hundred connections that leaked would stand far above it.
const restless = 10

// TestBadInput: no byte sequence makes the gateway panic, leak or stop answering others; twenty calls in the meantime go as ever.
func TestBadInput(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{sip: "rate: {per_second: 0}"})
	before := h.Metric(t, "go_goroutines")
	e := &enemy{t: t, to: h.Gateway.SIP}
	for range 4 {
		e.from = append(e.from, rig.Host(t))
	}
	const calls = 20
	callee := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("answer"), Host: h.carrier.Addr(), Port: h.carrier.Port(), Calls: calls, Limit: time.Minute})
	good := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("call"), Host: h.from, Remote: h.Gateway.SIP, Service: outside, Calls: calls, Limit: time.Minute,
		Args: []string{"-r", "3", "-key", "caller", caller}})
	for _, attack := range []func(netip.Addr){e.junk, e.torture, e.tortureStreams, e.oversize, e.slow, e.broken} {
		e.wg.Go(func() { attack(e.from[0]) })
	}
	good.Pass(t)
	callee.Pass(t)
	e.wg.Wait()
	h.Idle(t)
	for i := range calls {
		h.tell(t, i)
	}
	rig.Await(t, fmt.Sprintf("as few goroutines as before: %.0f", before), 20*time.Second, func() bool {
		return h.Metric(t, "go_goroutines") <= before+restless
	})
	size := len(h.Log())
	if size > logBytes {
		t.Errorf("the log has %d bytes, want at most %d; it ends:\n%s", size, logBytes, h.Log()[size-2000:])
	}
	t.Logf("the log has %d bytes; %.0f goroutines before, %.0f after", size, before, h.Metric(t, "go_goroutines"))
	h.call(t, "options", outside).Pass(t)
}

// datagrams sends each text once as a datagram.
func (e *enemy) datagrams(from netip.Addr, texts func(yield func([]byte) bool)) {
	c, err := net.DialUDP("udp", &net.UDPAddr{IP: from.AsSlice()}, net.UDPAddrFromAddrPort(e.to))
	if err != nil {
		e.t.Error(err)
		return
	}
	defer func() { _ = c.Close() }()
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	n := 0
	for text := range texts {
		if n++; n%5 == 0 {
			<-pace.C
		}
		_, _ = c.Write(text) // a full buffer is no matter
	}
}

// junk: random bytes, and messages with a random byte changed.
func (e *enemy) junk(from netip.Addr) {
	rnd := rand.New(rand.NewPCG(1, 2))
	whole := []byte(strings.Replace((&peer{t: e.t, conn: fakeConn{e.to}}).request("INVITE", menuLine, "junk", 1, nil, offer), "TCP", "UDP", 1))
	e.datagrams(from, func(yield func([]byte) bool) {
		for i := range junkDatagrams {
			b := append([]byte(nil), whole...)
			if i%2 == 0 {
				b = make([]byte, rnd.IntN(1400))
				for j := range b {
					b[j] = byte(rnd.Uint32())
				}
			} else {
				b[rnd.IntN(len(b))] = byte(rnd.Uint32())
				b = b[:rnd.IntN(len(b))]
			}
			if !yield(b) {
				return
			}
		}
	})
}

// fakeConn has addresses for a request that is built and never sent as it is.
type fakeConn struct{ at netip.AddrPort }

func (f fakeConn) RemoteAddr() net.Addr             { return net.TCPAddrFromAddrPort(f.at) }
func (f fakeConn) LocalAddr() net.Addr              { return net.TCPAddrFromAddrPort(f.at) }
func (f fakeConn) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (f fakeConn) Write([]byte) (int, error)        { return 0, net.ErrClosed }
func (f fakeConn) Close() error                     { return nil }
func (f fakeConn) SetDeadline(time.Time) error      { return nil }
func (f fakeConn) SetReadDeadline(time.Time) error  { return nil }
func (f fakeConn) SetWriteDeadline(time.Time) error { return nil }

// tortures are the messages of RFC 4475.
func (e *enemy) tortures() (list [][]byte) {
	names, err := filepath.Glob(filepath.Join("..", "..", "..", "testdata", "rfc4475", "*.dat"))
	if err != nil || len(names) < 40 {
		e.t.Errorf("got %d messages of RFC 4475 (%v)", len(names), err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			e.t.Error(err)
		}
		list = append(list, b)
	}
	return list
}

func (e *enemy) torture(from netip.Addr) {
	e.datagrams(from, func(yield func([]byte) bool) {
		for range 20 {
			for _, b := range e.tortures() {
				if !yield(b) {
					return
				}
			}
		}
	})
}

// connect opens a connection; nil where the gateway has enough of this address.
func (e *enemy) connect(from netip.Addr) net.Conn {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}, Timeout: 5 * time.Second}
	c, err := d.Dial("tcp", e.to.String())
	if err != nil {
		return nil
	}
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	return c
}

func (e *enemy) tortureStreams(netip.Addr) {
	for _, b := range e.tortures() {
		if c := e.connect(e.from[1]); c != nil {
			_, _ = c.Write(b)
			_ = c.Close()
		}
	}
}

// oversize: the largest datagram, a message that says it is huge, a header without an end.
func (e *enemy) oversize(from netip.Addr) {
	big := strings.Repeat("x", 65_000)
	e.datagrams(from, func(yield func([]byte) bool) {
		for range 50 {
			if !yield([]byte("INVITE sip:a@b SIP/2.0\r\nSubject: " + big + "\r\n\r\n")) {
				return
			}
		}
	})
	for _, text := range []string{"INVITE sip:a@b SIP/2.0\r\nContent-Length: 1073741824\r\n\r\n" + big, "INVITE sip:a@b SIP/2.0\r\nSubject: "} {
		c := e.connect(from)
		if c == nil {
			continue
		}
		_, err := c.Write([]byte(text))
		for range 200 {
			if err != nil {
				break
			}
			_, err = c.Write([]byte(big))
		}
		if err == nil {
			e.t.Error("13 MB of one message were taken")
		}
		_ = c.Close()
	}
}

// slow: connections of which each says a byte now and then, until the gateway has enough of it.
func (e *enemy) slow(netip.Addr) {
	text := []byte("OPTIONS sip:a@b SIP/2.0\r\nSubject: " + strings.Repeat("y", 4000))
	var open []net.Conn
	for i := range slowPeers {
		if c := e.connect(e.from[i%len(e.from)]); c != nil {
			open = append(open, c)
		}
	}
	if len(open) < slowPeers/2 {
		e.t.Errorf("got %d slow connections, want %d", len(open), slowPeers)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	closed := 0
	for i := 0; closed < len(open) && i < 300; i++ {
		<-tick.C
		closed = 0
		for _, c := range open {
			if _, err := c.Write(text[i : i+1]); err != nil {
				closed++
			}
		}
	}
	if closed < len(open) {
		e.t.Errorf("%d of %d slow connections were never closed", len(open)-closed, len(open))
	}
	for _, c := range open {
		_ = c.Close()
	}
}

// broken: connections that end without a word, in the middle of a message, or by a reset.
func (e *enemy) broken(netip.Addr) {
	for i := range halfOpen {
		c := e.connect(e.from[2])
		if c == nil {
			continue
		}
		if i%3 > 0 {
			_, _ = c.Write([]byte("INVITE sip:a@b SIP/2.0\r\nContent-Length: 100\r\n\r\nv=0"))
		}
		if tcp, ok := c.(*net.TCPConn); ok && i%2 == 0 {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}
