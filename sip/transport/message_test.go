package transport_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip/siptest"
	"tandem/sip/transport"
)

// pipe is a MessageConn in memory. Writing waits while nobody takes, until the write timeout.
type pipe struct {
	in, out chan []byte
	done    chan struct{}
	once    sync.Once
}

func newPipe() *pipe {
	return &pipe{in: make(chan []byte), out: make(chan []byte), done: make(chan struct{})}
}

func (p *pipe) ReadMessage() ([]byte, error) {
	select {
	case m := <-p.in:
		return m, nil
	case <-p.done:
		return nil, io.EOF
	}
}

func (p *pipe) WriteMessage(m []byte) error {
	select {
	case p.out <- m:
		return nil
	case <-p.done:
		return io.ErrClosedPipe
	case <-time.After(5 * time.Second):
		return context.DeadlineExceeded
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

// say gives the endpoint a frame.
func (p *pipe) say(text string) {
	select {
	case p.in <- []byte(text):
	case <-p.done:
	}
	synctest.Wait()
}

// hear takes a frame of the endpoint.
func (p *pipe) hear() string {
	select {
	case m := <-p.out:
		return string(m)
	case <-time.After(time.Second):
		return "nothing"
	}
}

func browser(port int) transport.AttachOptions {
	return transport.AttachOptions{Transport: transport.WSS, Remote: netip.MustParseAddrPort("198.51.100.7:" + strconv.Itoa(port)), User: "anna"}
}

func attach(t *testing.T, e *transport.Endpoint, o transport.AttachOptions) (*pipe, transport.Flow) {
	t.Helper()
	p := newPipe()
	flow, err := e.Attach(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return p, flow
}

// frameOptions is a request as a browser sends it: without a Content-Length (RFC 7118 §5).
func frameOptions(id string) string {
	return strings.Replace(strings.Replace(options(id), "Content-Length: 4\r\n", "", 1), "TCP 10.0.0.2", "WSS x.invalid", 1)
}

func TestFramesInAndOut(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		var gone []transport.Flow
		e.OnFlowClosed(func(f transport.Flow, err error) { gone = append(gone, f) })
		p, flow := attach(t, e, browser(4000))
		if flow.User != "anna" || flow.ID == 0 || !flow.Bound() || !flow.Reliable() || flow.Transport != transport.WSS || flow.Local.String() != here {
			t.Errorf("flow %+v", flow)
		}
		p.say(frameOptions("1"))
		if in.count() != 1 || in.flows[0] != flow || string(in.msgs[0].Body()) != "body" {
			t.Fatalf("received %d: %v", in.count(), in.flows)
		}
		p.say("\r\n\r\n")
		if got := p.hear(); got != "\r\n" {
			t.Errorf("ping answered by %q", got)
		}
		p.say("\r\n") // a pong
		if got := p.hear(); got != "nothing" {
			t.Errorf("pong answered by %q", got)
		}
		if err := e.Write(flow, []byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
			t.Error(err)
		}
		if got := p.hear(); got != "SIP/2.0 200 OK\r\n\r\n" {
			t.Errorf("got %q", got)
		}
		if e.Flow(transport.WSS, flow.Remote) != flow || e.Open(flow, "") != nil || !e.Connected(flow) {
			t.Error("the flow is not found by its address")
		}
		p.Close()
		synctest.Wait()
		if len(gone) != 1 || gone[0] != flow || len(in.ends()) != 1 {
			t.Errorf("gone %v, %v", gone, in.ends())
		}
		if err := e.Write(flow, []byte("x")); !errors.Is(err, transport.ErrNoFlow) {
			t.Error(err)
		}
		if err := e.Open(e.Flow(transport.WSS, flow.Remote), ""); !errors.Is(err, transport.ErrNoFlow) {
			t.Error(err)
		}
	})
}

// TestFlowOfTheSameAddress: what was meant for a browser that left does not reach the one that has its address now.
func TestFlowOfTheSameAddress(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, _ *inbox) {
		p, old := attach(t, e, browser(4000))
		if _, err := e.Attach(newPipe(), browser(4000)); !errors.Is(err, transport.ErrTaken) {
			t.Errorf("twice: %v", err)
		}
		p.Close()
		synctest.Wait()
		_, now := attach(t, e, browser(4000))
		if old == now || old.String() == now.String() {
			t.Fatal("the same flow")
		}
		if err := e.Write(old, []byte("x")); !errors.Is(err, transport.ErrNoFlow) {
			t.Error(err)
		}
		if !e.Connected(now) || e.Connected(old) {
			t.Error("connected")
		}
		e.CloseFlow(old)
		synctest.Wait()
		if !e.Connected(now) {
			t.Error("the wrong one was closed")
		}
		e.CloseFlow(now)
		synctest.Wait()
		if e.Connected(now) {
			t.Error("not closed")
		}
	})
}

func TestJunkFrames(t *testing.T) {
	bubble(t, transport.Config{MaxMessage: 2000}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		p, flow := attach(t, e, browser(4000))
		for _, junk := range []string{"hello", "", "\x00\xff\xfe", "SIP/2.0 abc", "INVITE", strings.Repeat("a", 1999)} {
			p.say(junk)
		}
		p.say(strings.Replace(options("1"), "Length: 4", "Length: 400", 1))
		p.say(frameOptions("2"))
		if in.count() != 1 || in.broken != 1 || !e.Connected(flow) {
			t.Fatalf("received %d, broken %d, connected %t", in.count(), in.broken, e.Connected(flow))
		}
		for range 20 {
			p.say("junk")
		}
		if e.Connected(flow) || !errors.Is(in.ends()[0], transport.ErrFraming) {
			t.Errorf("after much junk: %v", in.ends())
		}
		p, flow = attach(t, e, browser(4001))
		p.say(strings.Repeat("a", 2001))
		if e.Connected(flow) || !errors.Is(in.ends()[1], transport.ErrTooLarge) {
			t.Errorf("after too much: %v", in.ends())
		}
	})
}

func TestSlowBrowserIsDropped(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		slow, flow := attach(t, e, browser(4000))
		quick, other := attach(t, e, browser(4001))
		start := time.Now()
		var err error
		for i := 0; err == nil && i < 1000; i++ {
			err = e.Write(flow, []byte("SIP/2.0 200 OK\r\n\r\n"))
		}
		if !errors.Is(err, transport.ErrSlowPeer) || time.Since(start) != 0 {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		if err := e.Write(other, []byte("x")); err != nil || quick.hear() != "x" {
			t.Errorf("the other one: %v", err)
		}
		synctest.Wait()
		if e.Connected(flow) || !errors.Is(in.ends()[0], transport.ErrSlowPeer) {
			t.Errorf("%v", in.ends())
		}
		select {
		case <-slow.done:
		default:
			t.Error("not closed")
		}
	})
}

// TestStuckWriteEnds: one message to a peer that never reads costs the connection after the write timeout.
func TestStuckWriteEnds(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		_, flow := attach(t, e, browser(4000))
		e.Write(flow, []byte("x"))
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if e.Connected(flow) || !errors.Is(in.ends()[0], context.DeadlineExceeded) {
			t.Errorf("%v", in.ends())
		}
	})
}

// TestCloseDoesNotWaitForTheDead: an end that nobody at the other side cooperates with takes a second, not the write timeout.
func TestCloseDoesNotWaitForTheDead(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		p, flow := attach(t, e, browser(4000))
		e.Write(flow, []byte("1"))
		e.Write(flow, []byte("2"))
		e.CloseFlow(flow)
		if p.hear() != "1" || p.hear() != "2" { // what was queued still goes out
			t.Error("lost")
		}
		synctest.Wait()
		if e.Connected(flow) {
			t.Error("not closed")
		}
		_, flow = attach(t, e, browser(4001))
		e.Write(flow, []byte("1"))
		e.CloseFlow(flow)
		time.Sleep(time.Second)
		synctest.Wait()
		if e.Connected(flow) || len(in.ends()) != 2 {
			t.Errorf("%v", in.ends())
		}
	})
}

func TestFramesAreLimited(t *testing.T) {
	cfg := transport.Config{
		MaxConns: 4, MaxPerSource: 2, Rate: transport.Rate{PerSecond: 1, Burst: 5},
		Admit: func(a netip.Addr) transport.Admission {
			if a.String() == "198.51.100.66" {
				return transport.Drop
			}
			return transport.Limit
		},
	}
	bubble(t, cfg, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		bad := browser(1)
		bad.Remote = netip.MustParseAddrPort("198.51.100.66:1")
		if _, err := e.Attach(newPipe(), bad); !errors.Is(err, transport.ErrFull) {
			t.Errorf("denied address: %v", err)
		}
		p, flow := attach(t, e, browser(4000))
		attach(t, e, browser(4001))
		if _, err := e.Attach(newPipe(), browser(4002)); !errors.Is(err, transport.ErrFull) {
			t.Errorf("third of a source: %v", err)
		}
		for i := range 10 {
			p.say(frameOptions(strconv.Itoa(i)))
		}
		if in.count() != 2 || e.Connected(flow) || !errors.Is(in.ends()[0], transport.ErrRate) { // three tokens went for attaching
			t.Errorf("received %d, %v", in.count(), in.ends())
		}
		for range 9 { // those of this process are bounded by who attaches them, and keep nobody out
			if _, err := e.AttachLocal(&mate{}, "x"); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			o := browser(1)
			o.Remote = netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), 1)
			attach(t, e, o)
		}
		o := browser(1)
		o.Remote = netip.MustParseAddrPort("203.0.113.99:1")
		if _, err := e.Attach(newPipe(), o); !errors.Is(err, transport.ErrFull) {
			t.Errorf("above all: %v", err)
		}
	})
}

func TestAttachRefusesNonsense(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, _ *inbox) {
		for _, o := range []transport.AttachOptions{{}, {Transport: transport.UDP, Remote: browser(1).Remote}, {Transport: transport.WS}} {
			if _, err := e.Attach(newPipe(), o); err == nil {
				t.Errorf("%+v: attached", o)
			}
		}
		if _, err := e.Attach(nil, browser(1)); err == nil {
			t.Error("nothing: attached")
		}
		p, flow := attach(t, e, transport.AttachOptions{Transport: transport.LOCAL, User: "u"})
		if !flow.Remote.IsValid() || flow.User != "u" {
			t.Errorf("%+v", flow)
		}
		p.say(frameOptions("1"))
	})
	e, err := transport.New(transport.Config{}, transport.Sockets{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Attach(newPipe(), browser(1)); !errors.Is(err, transport.ErrNotServed) {
		t.Errorf("before Serve: %v", err)
	}
	if host, port := e.SentBy(transport.WS); host != "tandem.invalid" || port != 0 {
		t.Errorf("without a socket it shows %s:%d", host, port)
	}
	if _, ok := e.Local(transport.LOCAL); !ok {
		t.Error("LOCAL is not served")
	}
	if _, ok := e.Local(transport.TCP); ok {
		t.Error("TCP is served")
	}
}

// mate is the peer of a LOCAL flow.
type mate struct {
	mu   sync.Mutex
	got  []string
	gone []error
	fail error
}

func (m *mate) Deliver(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, string(b))
	return m.fail
}

func (m *mate) Gone(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gone = append(m.gone, err)
}

func TestLocalFlow(t *testing.T) {
	var m mate
	bubble(t, transport.Config{Rate: transport.Rate{PerSecond: 1, Burst: 1}, MaxPerSource: 1}, func(t *testing.T, _ *siptest.Network, e *transport.Endpoint, in *inbox) {
		l, err := e.AttachLocal(&m, "anna")
		if err != nil {
			t.Fatal(err)
		}
		other, err := e.AttachLocal(&mate{}, "bert")
		if err != nil || other.Flow().Remote == l.Flow().Remote {
			t.Fatal(err)
		}
		for i := range 10 { // no rate counts
			if err := l.Send([]byte(frameOptions(strconv.Itoa(i)))); err != nil {
				t.Fatal(err)
			}
		}
		if in.count() != 10 || in.flows[0] != l.Flow() || in.flows[0].User != "anna" {
			t.Fatalf("received %d", in.count())
		}
		e.Write(l.Flow(), []byte("a"))
		l.Send([]byte("\r\n\r\n"))
		if strings.Join(m.got, "|") != "a|\r\n" {
			t.Errorf("delivered %q", m.got)
		}
		l.Close()
		l.Close()
		if len(m.gone) != 1 || len(in.ends()) != 1 || e.Connected(l.Flow()) {
			t.Errorf("gone %v, %v", m.gone, in.ends())
		}
		if err := l.Send([]byte("x")); !errors.Is(err, transport.ErrNoFlow) {
			t.Error(err)
		}
		full := &mate{fail: errors.New("full")}
		l, err = e.AttachLocal(full, "carl")
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Write(l.Flow(), []byte("a")); err == nil || e.Connected(l.Flow()) || len(full.gone) != 1 {
			t.Errorf("one who cannot take it: %v", err)
		}
		l, _ = e.AttachLocal(&m, "dora")
		for range 20 {
			err = l.Send([]byte("junk"))
		}
		if err == nil || e.Connected(l.Flow()) {
			t.Errorf("much junk: %v", err)
		}
		if _, err = e.AttachLocal(&m, "anna"); err != nil {
			t.Fatal(err)
		}
		m.gone = nil
	})
	if len(m.gone) != 1 { // the end of Serve
		t.Errorf("gone %v", m.gone)
	}
}

func FuzzFrames(f *testing.F) {
	for _, s := range []string{options("1"), "\r\n\r\n", "SIP/2.0 200\r\n\r\n", "INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/WS x\r\n", "REGISTER sip:x SIP/2.0\nVia: x\n\n"} {
		f.Add([]byte(s))
	}
	e, err := transport.New(transport.Config{MaxMessage: 4096}, transport.Sockets{})
	if err != nil {
		f.Fatal(err)
	}
	in := &inbox{}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); e.Serve(ctx, in) }()
	f.Cleanup(func() { cancel(); <-served })
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := e.AttachLocal(&mate{}, "x")
		for errors.Is(err, transport.ErrNotServed) {
			l, err = e.AttachLocal(&mate{}, "x")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		for range 3 {
			l.Send(append([]byte(nil), data...))
		}
		in.mu.Lock()
		in.msgs, in.flows, in.closed = nil, nil, nil
		in.mu.Unlock()
	})
}
