package ws_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
	"tandem/sip/transport"
	"tandem/sip/transport/ws"
)

// desk is a Receiver that tells of everything by channels.
type desk struct {
	msgs  chan sip.Message
	flows chan transport.Flow
	ends  chan error
}

func (d *desk) Receive(m sip.Message, f transport.Flow)      { d.msgs <- m; d.flows <- f }
func (d *desk) Malformed(sip.Message, transport.Flow, error) {}
func (d *desk) FlowClosed(_ transport.Flow, err error)       { d.ends <- err }
func (d *desk) next(t *testing.T) (m sip.Message, f transport.Flow) {
	return take(t, d.msgs), take(t, d.flows)
}

// take waits for what must come.
func take[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
	return v
}

// house is an endpoint with a door on a real listener.
func house(t *testing.T, tc transport.Config, wc ws.Config) (*transport.Endpoint, *desk, *httptest.Server) {
	t.Helper()
	e, err := transport.New(tc, transport.Sockets{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{make(chan sip.Message, 100), make(chan transport.Flow, 100), make(chan error, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); e.Serve(ctx, d) }()
	for !serves(e) {
		continue
	}
	<-d.ends // of the flow that found out
	wc.Endpoint = e
	srv := httptest.NewServer(ws.New(wc))
	t.Cleanup(func() { srv.Close(); cancel(); <-served })
	return e, d, srv
}

type nobody struct{}

func (nobody) Deliver([]byte) error { return nil }
func (nobody) Gone(error)           {}

// serves reports whether Serve runs by now.
func serves(e *transport.Endpoint) bool {
	l, err := e.AttachLocal(nobody{}, "")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// dial connects as a SIP client does.
func dial(t *testing.T, srv *httptest.Server, o *websocket.DialOptions) *websocket.Conn {
	t.Helper()
	c, _, err := try(t, srv, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	return c
}

func try(t *testing.T, srv *httptest.Server, o *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	if o == nil {
		o = &websocket.DialOptions{}
	}
	if o.Subprotocols == nil {
		o.Subprotocols = []string{"sip"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return websocket.Dial(ctx, strings.Replace(srv.URL, "http", "ws", 1)+"/sip?token=t", o)
}

func write(t *testing.T, c *websocket.Conn, kind websocket.MessageType, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := c.Write(ctx, kind, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, c *websocket.Conn) (websocket.MessageType, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	kind, data, err := c.Read(ctx)
	return kind, string(data), err
}

// register is F1 of RFC 7118 §8.1, with the lines that a client sends.
const register = "REGISTER sip:proxy.example.com SIP/2.0\r\n" +
	"Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bKasudf\r\n" +
	"From: sip:alice@example.com;tag=65bnmj.34asd\r\nTo: sip:alice@example.com\r\nCall-ID: aiuy7k9njasd\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n" +
	"Supported: path, outbound, gruu\r\nContact: <sip:alice@df7jal23ls0d.invalid;transport=ws>\r\n" +
	"  ;reg-id=1\r\n  ;+sip.instance=\"<urn:uuid:f81-7dec-14a06cf1>\"\r\n\r\n"

func TestRegisterOverWebSocket(t *testing.T) {
	e, d, srv := house(t, transport.Config{}, ws.Config{Authenticate: func(r *http.Request) (string, error) {
		if r.URL.Query().Get("token") != "t" {
			return "", ws.ErrUnauthorized
		}
		return "alice", nil
	}})
	c := dial(t, srv, nil)
	if c.Subprotocol() != "sip" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
		write(t, c, kind, register)
		m, f := d.next(t)
		req, ok := m.(*sip.Request)
		if !ok || req.Method != sip.REGISTER || f.Transport != transport.WS || f.User != "alice" || !f.Remote.Addr().IsLoopback() {
			t.Fatalf("got %s over %+v", m, f)
		}
		list, err := sip.Contacts(req)
		if err != nil || len(list) != 1 || list[0].RegID != 1 || list[0].Instance != "urn:uuid:f81-7dec-14a06cf1" {
			t.Errorf("contacts %+v, %v", list, err)
		}
		if err := e.Write(f, []byte(sip.NewResponse(req, 200, "", "x").String())); err != nil {
			t.Fatal(err)
		}
		if kind, text, err := read(t, c); err != nil || kind != websocket.MessageText || !strings.HasPrefix(text, "SIP/2.0 200 OK\r\n") {
			t.Errorf("got %v %q, %v", kind, text, err)
		}
		if err := e.Write(f, []byte("MESSAGE \xff")); err != nil {
			t.Fatal(err)
		}
		if kind, _, err := read(t, c); err != nil || kind != websocket.MessageBinary {
			t.Errorf("what is no UTF-8 came as %v, %v", kind, err)
		}
	}
	c.Close(websocket.StatusNormalClosure, "")
	if err := take(t, d.ends); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("ended with %v", err)
	}
}

func TestUpgradeRefused(t *testing.T) {
	reg := prometheus.NewRegistry()
	_, _, srv := house(t, transport.Config{}, ws.Config{
		Registry: reg,
		Origins:  []string{"*.example.org"},
		Authenticate: func(r *http.Request) (string, error) {
			switch r.Header.Get("Authorization") {
			case "":
				return "", nil
			case "old":
				return "", fmt.Errorf("token: %w", ws.ErrUnauthorized)
			}
			return "", errors.New("not for you")
		},
	})
	for name, c := range map[string]struct {
		o    websocket.DialOptions
		want int
	}{
		"no subprotocol":    {websocket.DialOptions{Subprotocols: []string{}}, 400},
		"other subprotocol": {websocket.DialOptions{Subprotocols: []string{"msrp", "sips"}}, 400},
		"foreign page":      {websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.test"}}}, 403},
		"own page":          {websocket.DialOptions{HTTPHeader: http.Header{"Origin": {srv.URL}}}, 101},
		"known page":        {websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://desk.example.org"}}}, 101},
		"stale token":       {websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"old"}}}, 401},
		"forbidden":         {websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"x"}}}, 403},
		"several protocols": {websocket.DialOptions{Subprotocols: []string{"msrp", "sip"}}, 101},
	} {
		t.Run(name, func(t *testing.T) {
			conn, res, err := try(t, srv, &c.o)
			if res == nil || res.StatusCode != c.want || (err == nil) != (c.want == 101) {
				t.Errorf("got %v, %v, want %d", res, err, c.want)
			}
			if conn != nil {
				conn.CloseNow()
			}
		})
	}
	res, err := http.Get(srv.URL)
	if err != nil || res.StatusCode != 400 {
		t.Errorf("plain GET: %v, %v", res, err)
	}
	res.Body.Close()
	outcomes := countedBy(t, reg)
	for begin := time.Now(); outcomes["attached"] < 3 && time.Since(begin) < 10*time.Second; { // the last one is counted after its answer
		outcomes = countedBy(t, reg)
	}
	if want := map[string]float64{"attached": 3, "protocol": 3, "handshake": 1, "user": 2}; !maps.Equal(outcomes, want) {
		t.Errorf("counted %v, want %v", outcomes, want)
	}
}

// countedBy reads the outcomes of all upgrades.
func countedBy(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	outcomes := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				outcomes[l.GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	return outcomes
}

func TestLimitsOfTheEndpointHold(t *testing.T) {
	_, d, srv := house(t, transport.Config{MaxConns: 1}, ws.Config{Log: slog.New(slog.DiscardHandler)})
	c := dial(t, srv, nil)
	write(t, c, websocket.MessageText, register)
	d.next(t)
	other := dial(t, srv, nil)
	if _, _, err := read(t, other); err == nil {
		t.Error("a second one stays")
	}
}

func TestOversizeFrame(t *testing.T) {
	_, d, srv := house(t, transport.Config{}, ws.Config{MaxMessage: 1000})
	c := dial(t, srv, nil)
	write(t, c, websocket.MessageText, strings.Repeat("a", 2000))
	if _, _, err := read(t, c); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
		t.Errorf("got %v", err)
	}
	if err := take(t, d.ends); !errors.Is(err, websocket.ErrMessageTooBig) {
		t.Errorf("ended with %v", err)
	}
}

func TestSilentClientIsDropped(t *testing.T) {
	_, d, srv := house(t, transport.Config{}, ws.Config{FirstTimeout: 20 * time.Millisecond})
	dial(t, srv, nil)
	if err := take(t, d.ends); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

// TestHalfOpenClientIsDropped: a client that sent a message and answers no ping, because nobody runs it any more.
func TestHalfOpenClientIsDropped(t *testing.T) {
	_, d, srv := house(t, transport.Config{}, ws.Config{PingEvery: 10 * time.Millisecond, PingTimeout: 20 * time.Millisecond})
	dead := dial(t, srv, nil) // reads nothing, and so answers nothing
	write(t, dead, websocket.MessageText, register)
	d.next(t)
	take(t, d.ends)
}

func TestPingsKeepTheLiving(t *testing.T) {
	_, d, srv := house(t, transport.Config{}, ws.Config{PingEvery: 10 * time.Millisecond})
	alive := dial(t, srv, nil)
	pongs := make(chan struct{})
	go func() {
		defer close(pongs)
		alive.Read(context.Background())
	}()
	write(t, alive, websocket.MessageText, register)
	d.next(t)
	for range 5 { // it lives through several pings, which its reader answers
		select {
		case <-pongs:
			t.Fatal("dropped")
		case err := <-d.ends:
			t.Fatalf("dropped: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	alive.CloseNow()
	<-pongs
}

// TestSlowReader: a client that does not read loses its connection, and nobody waits for it.
func TestSlowReader(t *testing.T) {
	e, d, srv := house(t, transport.Config{}, ws.Config{WriteTimeout: 50 * time.Millisecond})
	c := dial(t, srv, nil)
	write(t, c, websocket.MessageText, register)
	_, f := d.next(t)
	big := bytes.Repeat([]byte("a"), 60000)
	var err error
	for i := 0; err == nil && i < 10000; i++ {
		err = e.Write(f, big)
	}
	if !errors.Is(err, transport.ErrSlowPeer) && !errors.Is(err, transport.ErrNoFlow) {
		t.Errorf("got %v", err)
	}
	take(t, d.ends)
	if e.Connected(f) {
		t.Error("still there")
	}
}

// TestStalledUpgrade: a client that connects and says nothing keeps nobody from coming in.
func TestStalledUpgrade(t *testing.T) {
	_, d, srv := house(t, transport.Config{}, ws.Config{})
	stalled, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	fmt.Fprint(stalled, "GET /sip HTTP/1.1\r\nHost: x\r\n")
	c := dial(t, srv, nil)
	write(t, c, websocket.MessageText, register)
	d.next(t)
}

// TestJunkOnTheSocket: bytes that are no WebSocket frames.
func TestJunkOnTheSocket(t *testing.T) {
	_, d, srv := house(t, transport.Config{}, ws.Config{})
	raw, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	fmt.Fprintf(raw, "GET /sip HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n\r\n")
	raw.Write(bytes.Repeat([]byte{0xff, 0x00, 0x7f}, 1000))
	if err := take(t, d.ends); err == nil {
		t.Error("ended without a reason")
	}
}

func TestConnectionsOfAProxy(t *testing.T) {
	var mu sync.Mutex
	port := uint16(1000)
	_, d, srv := house(t, transport.Config{}, ws.Config{
		Remote: func(r *http.Request) netip.AddrPort {
			mu.Lock()
			defer mu.Unlock()
			port++
			addr, _ := netip.ParseAddr(r.Header.Get("X-Real-IP"))
			return netip.AddrPortFrom(addr, port)
		},
		Secure: func(r *http.Request) bool { return r.Header.Get("X-Forwarded-Proto") == "https" },
	})
	c := dial(t, srv, &websocket.DialOptions{HTTPHeader: http.Header{"X-Real-Ip": {"203.0.113.9"}, "X-Forwarded-Proto": {"https"}}})
	write(t, c, websocket.MessageText, register)
	if _, f := d.next(t); f.Transport != transport.WSS || f.Remote.String() != "203.0.113.9:1001" {
		t.Errorf("flow %s", f)
	}
	if _, res, err := try(t, srv, nil); err == nil || res.StatusCode != 400 {
		t.Errorf("without an address: %v", err)
	}
}

func TestNewNeedsAnEndpoint(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("made without an endpoint")
		}
	}()
	ws.New(ws.Config{})
}
