package siptest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Packet is a datagram, or a piece of a stream, on its way.
type Packet struct {
	Network  string // "udp" or "tcp"
	From, To netip.AddrPort
	Data     []byte
	At       time.Time
	Lost     bool // told to observers only
}

// Fate is what happens to a datagram. The zero Fate delivers it once, after the delay of the link.
type Fate struct {
	Drop   bool
	Delay  time.Duration // beside that of the link
	Copies int           // beside the first
}

// Link is what all datagrams suffer by chance, drawn from the seed.
type Link struct {
	Delay     time.Duration
	Jitter    time.Duration // uniform, added to Delay; reorders
	Loss      float64       // 0 to 1
	Duplicate float64       // 0 to 1
}

// Network is a set of addresses in memory. Its methods may be called from any goroutine.
type Network struct {
	mu        sync.Mutex
	rng       *rand.Rand
	link      Link
	hook      func(Packet) Fate
	observers []func(Packet)
	packets   map[netip.AddrPort]*packetConn
	listeners map[netip.AddrPort]*listener
	nextPort  uint16
	flying    []flight // in order of arrival
	timer     *time.Timer
}

// flight is a datagram on its way.
type flight struct {
	at time.Time
	p  Packet
}

// New makes a network without loss or delay.
func New(seed uint64) *Network {
	n := &Network{rng: rand.New(rand.NewPCG(seed, seed)), packets: map[netip.AddrPort]*packetConn{}, listeners: map[netip.AddrPort]*listener{}, nextPort: 40000}
	n.timer = time.AfterFunc(time.Hour, n.land)
	n.timer.Stop()
	return n
}

// SetLink sets what happens by chance from now on.
func (n *Network) SetLink(l Link) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.link = l
}

// Hook decides the fate of each datagram from now on, before chance does; nil for none. It must not use the network.
func (n *Network) Hook(f func(Packet) Fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hook = f
}

// Observe adds somebody who sees every packet when it is sent, in the order of sending.
func (n *Network) Observe(f func(Packet)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.observers = append(n.observers, f)
}

// ListenPacket opens a datagram socket at "ip:port".
func (n *Network) ListenPacket(addr string) net.PacketConn {
	ap := netip.MustParseAddrPort(addr)
	c := &packetConn{n: n, addr: ap, in: make(chan Packet, 4096), done: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.packets[ap] != nil {
		panic("siptest: address in use: " + addr)
	}
	n.packets[ap] = c
	return c
}

// send draws the fate of a datagram and lets it go.
func (n *Network) send(p Packet) {
	p.At = time.Now()
	p.Data = slices.Clone(p.Data)
	n.mu.Lock()
	var f Fate
	if n.hook != nil {
		f = n.hook(p)
	}
	if n.link.Loss > 0 && n.rng.Float64() < n.link.Loss {
		f.Drop = true
	}
	if n.link.Duplicate > 0 && n.rng.Float64() < n.link.Duplicate {
		f.Copies++
	}
	delays := make([]time.Duration, f.Copies+1)
	for i := range delays {
		delays[i] = f.Delay + n.link.Delay
		if n.link.Jitter > 0 {
			delays[i] += time.Duration(n.rng.Int64N(int64(n.link.Jitter)))
		}
	}
	p.Lost = f.Drop
	for _, see := range n.observers {
		see(p)
	}
	if !f.Drop {
		for _, d := range delays {
			n.launchLocked(flight{p.At.Add(d), p})
		}
	}
	n.mu.Unlock()
}

// launchLocked keeps datagrams that arrive at the same instant in the order of sending; two timers would not.
func (n *Network) launchLocked(f flight) {
	if !f.at.After(f.p.At) && len(n.flying) == 0 {
		n.deliverLocked(f.p)
		return
	}
	i := len(n.flying)
	for i > 0 && n.flying[i-1].at.After(f.at) {
		i--
	}
	n.flying = slices.Insert(n.flying, i, f)
	n.timer.Reset(time.Until(n.flying[0].at))
}

func (n *Network) land() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for len(n.flying) > 0 && !n.flying[0].at.After(now) {
		p := n.flying[0].p
		n.flying = n.flying[1:]
		n.deliverLocked(p)
	}
	if len(n.flying) > 0 {
		n.timer.Reset(time.Until(n.flying[0].at))
	}
}

func (n *Network) deliverLocked(p Packet) {
	c := n.packets[p.To]
	if c == nil {
		return
	}
	select {
	case c.in <- p:
	case <-c.done:
	default: // the receiver's buffer is full
	}
}

type packetConn struct {
	n    *Network
	addr netip.AddrPort
	in   chan Packet
	done chan struct{}
	once sync.Once
}

func (c *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-c.in:
		return copy(b, p.Data), net.UDPAddrFromAddrPort(p.From), nil
	case <-c.done:
		return 0, nil, net.ErrClosed
	}
}

func (c *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	select {
	case <-c.done:
		return 0, net.ErrClosed
	default:
	}
	ap := to.(*net.UDPAddr).AddrPort()
	c.n.send(Packet{Network: "udp", From: c.addr, To: netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), Data: b})
	return len(b), nil
}

func (c *packetConn) Close() error {
	c.once.Do(func() {
		close(c.done)
		c.n.mu.Lock()
		delete(c.n.packets, c.addr)
		c.n.mu.Unlock()
	})
	return nil
}

func (c *packetConn) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(c.addr) }
func (c *packetConn) SetDeadline(time.Time) error      { return nil }
func (c *packetConn) SetReadDeadline(time.Time) error  { return nil }
func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }

// Listen opens a listener for streams at "ip:port".
func (n *Network) Listen(addr string) net.Listener {
	ap := netip.MustParseAddrPort(addr)
	l := &listener{n: n, addr: ap, in: make(chan net.Conn, 64), done: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[ap] != nil {
		panic("siptest: address in use: " + addr)
	}
	n.listeners[ap] = l
	return l
}

// Dialer returns a dial function for streams from the IP address, with a new port each time. A peer that does not listen
// refuses at once.
func (n *Network) Dialer(ip string) func(ctx context.Context, network, addr string) (net.Conn, error) {
	from := netip.MustParseAddr(ip)
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		to, err := netip.ParseAddrPort(addr)
		if err != nil {
			return nil, err
		}
		n.mu.Lock()
		n.nextPort++
		local := netip.AddrPortFrom(from, n.nextPort)
		l := n.listeners[to]
		n.mu.Unlock()
		if l == nil {
			return nil, fmt.Errorf("dial %s: connection refused", addr)
		}
		a, b := net.Pipe()
		select {
		case l.in <- &conn{Conn: b, n: n, local: to, remote: local}:
			return &conn{Conn: a, n: n, local: local, remote: to}, nil
		case <-l.done:
			return nil, fmt.Errorf("dial %s: connection refused", addr)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

type listener struct {
	n    *Network
	addr netip.AddrPort
	in   chan net.Conn
	done chan struct{}
	once sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.in:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.done)
		l.n.mu.Lock()
		delete(l.n.listeners, l.addr)
		l.n.mu.Unlock()
	})
	return nil
}

func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.addr) }

// conn is one side of a pipe with addresses.
type conn struct {
	net.Conn
	n             *Network
	local, remote netip.AddrPort
}

func (c *conn) LocalAddr() net.Addr  { return net.TCPAddrFromAddrPort(c.local) }
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.remote) }

func (c *conn) Write(b []byte) (int, error) {
	c.n.mu.Lock()
	for _, see := range c.n.observers {
		see(Packet{Network: "tcp", From: c.local, To: c.remote, Data: slices.Clone(b), At: time.Now()})
	}
	c.n.mu.Unlock()
	return c.Conn.Write(b)
}
