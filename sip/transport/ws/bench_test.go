package ws_test

import (
	"context"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"tandem/sip"
	"tandem/sip/transport"
	"tandem/sip/transport/ws"
)

// echo answers every request with 200.
type echo struct{ e *transport.Endpoint }

func (r *echo) Receive(m sip.Message, f transport.Flow) {
	if req, ok := m.(*sip.Request); ok {
		r.e.Write(f, []byte(sip.NewResponse(req, 200, "", "x").String()))
	}
}
func (r *echo) Malformed(sip.Message, transport.Flow, error) {}
func (r *echo) FlowClosed(transport.Flow, error)             {}

func benchDoor(b *testing.B) *httptest.Server {
	b.Helper()
	e, err := transport.New(transport.Config{MaxPerSource: 10000}, transport.Sockets{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan struct{})
	go func() { defer close(served); e.Serve(ctx, &echo{e}) }()
	for !serves(e) {
		continue
	}
	srv := httptest.NewServer(ws.New(ws.Config{Endpoint: e}))
	b.Cleanup(func() { srv.Close(); cancel(); <-served })
	return srv
}

func benchDial(b *testing.B, srv *httptest.Server) *websocket.Conn {
	b.Helper()
	c, _, err := websocket.Dial(context.Background(), strings.Replace(srv.URL, "http", "ws", 1), &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { c.CloseNow() })
	return c
}

func exchange(b *testing.B, c *websocket.Conn) {
	b.Helper()
	if err := c.Write(context.Background(), websocket.MessageText, []byte(register)); err != nil {
		b.Fatal(err)
	}
	if _, _, err := c.Read(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkExchange is a REGISTER and its 200 over a real WebSocket on loopback, client included.
func BenchmarkExchange(b *testing.B) {
	c := benchDial(b, benchDoor(b))
	for b.Loop() {
		exchange(b, c)
	}
}

// BenchmarkConnection tells what a connection costs that was used once; the client's half, in the same process, is in the
// figure.
func BenchmarkConnection(b *testing.B) {
	const n = 500
	for b.Loop() {
		srv := benchDoor(b)
		before, routines := memory(), runtime.NumGoroutine()
		for range n {
			exchange(b, benchDial(b, srv))
		}
		b.ReportMetric(float64(memory()-before)/n, "B/connection")
		b.ReportMetric(float64(runtime.NumGoroutine()-routines)/n, "goroutines/connection")
	}
}

func memory() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
