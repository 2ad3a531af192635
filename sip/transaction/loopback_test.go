package transaction_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"

	"tandem/sip"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// loopback is a layer on a real UDP socket.
func loopback(t testing.TB, h transaction.Handler, cfg transaction.Config) (*transaction.Layer, netip.AddrPort) {
	t.Helper()
	ep, err := transport.Listen(transport.Config{Name: "loop", UDP: "127.0.0.1:0", ReadBuffer: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Endpoint, cfg.Handler = ep, h
	l := transaction.New(cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	local, _ := ep.Local(transport.UDP)
	return l, local
}

// order is a Handler that never answers and notes what came.
type order struct {
	mu        sync.Mutex
	invites   map[string]bool
	cancelled map[string]bool
	wrong     []string
	done      chan struct{}
	want      int
}

func (o *order) ServeRequest(tx *transaction.ServerTx) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.invites[tx.Request().CallID().Value()] = true
}

func (o *order) ServeCancel(tx *transaction.ServerTx, _ *sip.Request, answered bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	id := tx.Request().CallID().Value()
	if !o.invites[id] || !answered || o.cancelled[id] {
		o.wrong = append(o.wrong, id)
	}
	if o.cancelled[id] = true; len(o.cancelled) == o.want {
		close(o.done)
	}
}

func (o *order) ServeTxError(tx *transaction.ServerTx, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrong = append(o.wrong, err.Error())
}

func (o *order) ServeStray(*sip.Response, transport.Flow) bool { return true }

// TestOrder sends 2,000 INVITEs with their CANCELs right behind them over a real socket: every CANCEL finds its INVITE, and
// every INVITE was passed on before its CANCEL.
func TestOrder(t *testing.T) {
	const pairs = 2000
	o := &order{invites: map[string]bool{}, cancelled: map[string]bool{}, done: make(chan struct{}), want: pairs}
	_, local := loopback(t, o, transaction.Config{})
	c, err := net.Dial("udp", local.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	me := c.LocalAddr().String()
	replies := make(chan struct{}, 3*pairs)
	go func() {
		buf := make([]byte, 4096)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			replies <- struct{}{}
		}
	}()
	for i := range pairs {
		for _, method := range []string{"INVITE", "CANCEL"} {
			fmt.Fprintf(c, "%s sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%d;rport\r\nFrom: <sip:a@b>;tag=%d\r\nTo: <sip:x@y>\r\nCall-ID: call-%d\r\nCSeq: 1 %s\r\n\r\n", method, me, i, i, i, method)
		}
		if i%50 == 49 { // keep the socket buffers from overflowing: wait for half of the answers at least
			for range 50 {
				<-replies
			}
		}
	}
	<-o.done
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.wrong) > 0 {
		t.Errorf("%d out of order or without answer: %v", len(o.wrong), o.wrong[:min(5, len(o.wrong))])
	}
}
