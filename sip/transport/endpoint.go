package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
)

// Receiver gets what an endpoint reads. Its methods run in reader goroutines and must not block; for one flow they are
// called one after the other, in arrival order.
type Receiver interface {
	// Receive gets a parsed message. Nobody else has it.
	Receive(msg sip.Message, flow Flow)
	// Malformed gets a message whose start line was read but whose end is wrong: a body shorter than its Content-Length, no
	// Content-Length on a stream. On a stream the connection closes after it.
	Malformed(msg sip.Message, flow Flow, err error)
	// FlowClosed tells that a connection is gone, or that dialling it failed.
	FlowClosed(flow Flow, err error)
}

// Endpoint is one listen address. Its exported methods may be called from any goroutine.
type Endpoint struct {
	cfg    Config
	udp    net.PacketConn
	udpRaw *net.UDPConn // udp when it is a real socket
	lns    map[string]net.Listener
	local  map[string]netip.AddrPort
	shown  map[string]sentBy // by transport
	parser *base.Parser
	limit  *limiter
	count  counters
	tap    tap
	ended  atomic.Pointer[func(Flow, error)]
	logs   logGate

	recv Receiver // set once by Serve, before any goroutine starts
	live atomic.Bool
	wg   sync.WaitGroup

	mu       sync.Mutex
	conns    map[Flow]conn // by way
	locals   int           // of them
	bySource map[netip.Addr]int
	ctx      context.Context
}

// Listen opens the sockets that the configuration names.
func Listen(cfg Config) (*Endpoint, error) {
	var s Sockets
	var err error
	lc := net.ListenConfig{}
	ctx := context.Background()
	if cfg.UDP != "" {
		if s.UDP, err = lc.ListenPacket(ctx, family("udp", cfg.UDP), cfg.UDP); err != nil {
			return nil, fmt.Errorf("endpoint %s: %w", cfg.Name, err)
		}
	}
	if cfg.TCP != "" && err == nil {
		s.TCP, err = lc.Listen(ctx, family("tcp", cfg.TCP), cfg.TCP)
	}
	if cfg.TLS != "" && err == nil && !certified(cfg.TLSConfig) {
		err = ErrNoCertificate // else every handshake would fail, and nobody would know why
	}
	if cfg.TLS != "" && err == nil {
		if s.TLS, err = lc.Listen(ctx, family("tcp", cfg.TLS), cfg.TLS); err == nil {
			s.TLS = tls.NewListener(s.TLS, cfg.TLSConfig)
		}
	}
	if err != nil {
		s.close()
		return nil, fmt.Errorf("endpoint %s: %w", cfg.Name, err)
	}
	return New(cfg, s)
}

// family keeps an IPv4 address from being bound as both families, which would show as [::].
func family(network, addr string) string {
	if ap, err := netip.ParseAddrPort(addr); err == nil && ap.Addr().Is4() {
		return network + "4"
	}
	return network
}

func certified(c *tls.Config) bool {
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}

func (s Sockets) close() {
	if s.UDP != nil {
		s.UDP.Close()
	}
	if s.TCP != nil {
		s.TCP.Close()
	}
	if s.TLS != nil {
		s.TLS.Close()
	}
}

// New makes an endpoint on sockets that are open already. It owns them from now on.
func New(cfg Config, s Sockets) (*Endpoint, error) {
	cfg = cfg.withDefaults()
	e := &Endpoint{
		cfg: cfg, udp: s.UDP, lns: map[string]net.Listener{}, local: map[string]netip.AddrPort{}, shown: map[string]sentBy{},
		parser: sip.NewParser(cfg.MaxMessage), limit: newLimiter(cfg.Rate), count: cfg.Metrics.bind(cfg.Name),
		conns: map[Flow]conn{}, bySource: map[netip.Addr]int{},
	}
	if s.UDP != nil {
		e.local[UDP] = addrPort(s.UDP.LocalAddr())
		if raw, ok := s.UDP.(*net.UDPConn); ok {
			e.udpRaw = raw
			raw.SetReadBuffer(cfg.ReadBuffer)
		}
	}
	for name, ln := range map[string]net.Listener{TCP: s.TCP, TLS: s.TLS} {
		if ln != nil {
			e.lns[name] = ln
			e.local[name] = addrPort(ln.Addr())
		}
	}
	e.carry()
	if err := e.advertise(); err != nil {
		s.close()
		return nil, err
	}
	return e, nil
}

// carry gives the transports that have no listener here the address of one that has: it is shown, nobody dials it.
func (e *Endpoint) carry() {
	for over, unders := range map[string][]string{WS: {TCP, TLS, UDP}, WSS: {TLS, TCP, UDP}, LOCAL: {UDP, TCP, TLS}} {
		for _, under := range unders {
			if ap, ok := e.local[under]; ok {
				e.local[over] = ap
				break
			}
		}
	}
}

// sentBy is what Via and Contact show.
type sentBy struct {
	host string
	port int
}

// nowhere is the host of an endpoint without a socket: whoever is attached to it needs no address (RFC 7118 §5.2).
const nowhere = "tandem.invalid"

// advertise fills what is shown for each transport: what was configured, else the address of the listener.
func (e *Endpoint) advertise() error {
	all := sentBy{host: e.cfg.Advertise}
	if host, port, err := net.SplitHostPort(e.cfg.Advertise); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return fmt.Errorf("endpoint %s: advertise %q: %w", e.cfg.Name, e.cfg.Advertise, err)
		}
		all = sentBy{host, int(n)}
	}
	for _, transport := range transports {
		shown := sentBy{host: nowhere}
		if local, ok := e.local[transport]; ok {
			shown = sentBy{local.Addr().String(), int(local.Port())}
		}
		port := cmp.Or(all.port, shown.port)
		if transport == TLS && shown.port != 0 { // it has another port than the rest
			port = shown.port
		}
		e.shown[transport] = sentBy{cmp.Or(all.host, shown.host), port}
	}
	return nil
}

func addrPort(a net.Addr) netip.AddrPort {
	switch a := a.(type) {
	case *net.UDPAddr:
		return unmap(a.AddrPort())
	case *net.TCPAddr:
		return unmap(a.AddrPort())
	}
	ap, _ := netip.ParseAddrPort(a.String())
	return unmap(ap)
}

func unmap(ap netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// Name returns the configured name.
func (e *Endpoint) Name() string { return e.cfg.Name }

// Local returns the listen address for a transport; false when the endpoint does not serve it. WS, WSS and LOCAL are served by
// every endpoint and have no address of their own: they bear that of another transport of the endpoint, if there is one.
func (e *Endpoint) Local(transport string) (netip.AddrPort, bool) {
	ap, ok := e.local[transport]
	return ap, ok || framed(transport)
}

// SentBy returns host and port for Via and Contact: the advertised ones, else those of the listener.
func (e *Endpoint) SentBy(transport string) (host string, port int) {
	s := e.shown[transport]
	return s.host, s.port
}

// Flow returns the flow from this endpoint to a peer: for WS, WSS and LOCAL the one that is there now, or one that Write and
// Open refuse.
func (e *Endpoint) Flow(transport string, remote netip.AddrPort) Flow {
	f := Flow{Transport: transport, Local: e.local[transport], Remote: unmap(remote)}
	if !f.Bound() {
		return f
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.conns[f]; c != nil {
		return c.name()
	}
	return f
}

// Serve reads all sockets until the context ends, then closes them and waits for every goroutine it started. It may be
// called once.
func (e *Endpoint) Serve(ctx context.Context, recv Receiver) error {
	if !e.live.CompareAndSwap(false, true) {
		return errors.New("endpoint " + e.cfg.Name + ": served twice")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.recv = recv
	e.mu.Lock()
	e.ctx = ctx
	e.mu.Unlock()
	if e.udp != nil {
		e.wg.Go(func() { e.readUDP(ctx) })
	}
	for name, ln := range e.lns {
		e.wg.Go(func() { e.accept(ctx, name, ln) })
	}
	<-ctx.Done()
	e.shut()
	e.wg.Wait()
	return nil
}

func (e *Endpoint) shut() {
	e.mu.Lock()
	e.ctx = nil
	open := make([]conn, 0, len(e.conns))
	for _, s := range e.conns {
		open = append(open, s)
	}
	e.mu.Unlock()
	if e.udp != nil {
		e.udp.Close()
	}
	for _, ln := range e.lns {
		ln.Close()
	}
	for _, s := range open {
		s.end(net.ErrClosed)
	}
}

// Write sends a message on a flow. A datagram is sent at once; on a stream the bytes are queued, and a later failure comes
// as FlowClosed. It never waits for a peer.
func (e *Endpoint) Write(flow Flow, message []byte) error {
	if flow.Transport == UDP {
		return e.writeUDP(flow, message)
	}
	c := e.conn(flow)
	if c == nil {
		return ErrNoFlow
	}
	e.tap.see(Out, flow, message)
	e.count.out[flow.Transport].Inc()
	return c.queue(message)
}

// Connected reports whether Write can reach the flow without dialling.
func (e *Endpoint) Connected(flow Flow) bool {
	if flow.Transport == UDP {
		return e.udp != nil
	}
	return e.conn(flow) != nil
}

// admit reports whether a message of that source may be read now, and takes its token.
func (e *Endpoint) admit(src netip.Addr) bool {
	a := Limit
	if e.cfg.Admit != nil {
		a = e.cfg.Admit(src)
	}
	switch {
	case a == Drop:
		e.count.acl.Inc()
		return false
	case a == Limit && !e.limit.allow(src, time.Now()):
		e.count.rate.Inc()
		return false
	}
	return true
}
