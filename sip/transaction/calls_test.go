package transaction_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// callee answers INVITE with 180 and 200, repeats the 200 until its ACK, and answers everything else with 200.
type callee struct {
	mu    sync.Mutex
	acked map[string]int
}

func (c *callee) ServeRequest(tx *transaction.ServerTx) {
	id := tx.Request().CallID().Value()
	switch tx.Request().Method {
	case sip.ACK:
		c.mu.Lock()
		c.acked[id]++
		c.mu.Unlock()
	case sip.INVITE:
		tx.Respond(tx.Response(180, ""))
		res := tx.Response(200, "")
		res.AppendHeader(sip.NewHeader("Contact", "<sip:x@10.0.0.3>"))
		c.repeat(tx, res, id, 500*time.Millisecond, time.Now())
	default:
		tx.Respond(tx.Response(200, ""))
	}
}

// repeat is the schedule of RFC 3261 §13.3.1.4.
func (c *callee) repeat(tx *transaction.ServerTx, res *sip.Response, id string, next time.Duration, begun time.Time) {
	c.mu.Lock()
	done := c.acked[id] > 0
	c.mu.Unlock()
	if done || time.Since(begun) > 32*time.Second {
		return
	}
	tx.Respond(res)
	time.AfterFunc(next, func() { c.repeat(tx, res, id, min(2*next, 4*time.Second), begun) })
}

func (c *callee) ServeCancel(*transaction.ServerTx, *sip.Request, bool) {}
func (c *callee) ServeTxError(*transaction.ServerTx, error)             {}
func (c *callee) ServeStray(*sip.Response, transport.Flow) bool         { return false }

// TestCallsOverABadNetwork: two layers, 200 calls of INVITE, ACK and BYE, a tenth of all datagrams lost, more doubled and out
// of order. Every call is answered exactly once to its user, every ACK arrives, every BYE is answered, nothing stays.
func TestCallsOverABadNetwork(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { synctest.Test(t, func(t *testing.T) { badNetwork(t, seed) }) })
	}
}

func badNetwork(t *testing.T, seed uint64) {
	const calls = 200
	n := siptest.New(seed)
	n.SetLink(siptest.Link{Delay: 20 * time.Millisecond, Jitter: 40 * time.Millisecond, Loss: 0.1, Duplicate: 0.2})
	b := &callee{acked: map[string]int{}}
	caller, called := memLayer(t, n, tandemAddr, &handler{}), memLayer(t, n, bobAddr, b)
	answered, ended := make([]int, calls), make([]int, calls)
	for i := range calls {
		id := fmt.Sprint("bad-", i)
		var mine *transaction.ClientTx
		sink := func(ev transaction.ClientEvent) {
			if ev.Err != nil {
				t.Errorf("%s: %v", id, ev.Err)
			}
			if ev.Response == nil || ev.Response.StatusCode != 200 {
				return
			}
			if answered[i]++; answered[i] > 1 {
				return
			}
			ack := inDialog(t, sip.ACK, id, ev.Response)
			if err := ev.Tx.Ack(ack, to(bobAddr)); err != nil {
				t.Error(err)
			}
			time.AfterFunc(40*time.Second, func() {
				caller.Send(inDialog(t, sip.BYE, id, ev.Response), to(bobAddr), func(ev transaction.ClientEvent) {
					if ev.Done && ev.Err == nil {
						ended[i]++
					}
				})
			})
		}
		mine, err := caller.Send(outgoing(t, sip.INVITE, id), to(bobAddr), sink)
		if err != nil || mine == nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(5 * time.Minute)
	synctest.Wait()
	for i := range calls {
		if answered[i] != 1 || ended[i] != 1 || b.acked[fmt.Sprint("bad-", i)] == 0 {
			t.Errorf("call %d: told of %d answers, %d ends, %d ACKs arrived", i, answered[i], ended[i], b.acked[fmt.Sprint("bad-", i)])
		}
	}
	for _, l := range []*transaction.Layer{caller, called} {
		if c := l.Counts(); c != (transaction.Counts{}) {
			t.Errorf("left in the tables: %+v", c)
		}
	}
}

func memLayer(t *testing.T, n *siptest.Network, addr string, h transaction.Handler) *transaction.Layer {
	t.Helper()
	ep, err := transport.New(transport.Config{Name: addr}, transport.Sockets{UDP: n.ListenPacket(addr)})
	if err != nil {
		t.Fatal(err)
	}
	l := transaction.New(transaction.Config{Endpoint: ep, Handler: h})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	synctest.Wait()
	return l
}

func inDialog(t *testing.T, method sip.Method, id string, res *sip.Response) *sip.Request {
	req := outgoing(t, method, id)
	req.To().Params = res.To().Params.Clone()
	if method == sip.BYE {
		req.CSeq().SeqNo++
	}
	return req
}

// TestManyReaders: layers on real sockets, several callers at once; for the race detector.
func TestManyReaders(t *testing.T) {
	const callers, each = 4, 250
	_, local := loopback(t, &callee{acked: map[string]int{}}, transaction.Config{})
	var wg sync.WaitGroup
	for c := range callers {
		l, _ := loopback(t, &handler{}, transaction.Config{})
		wg.Go(func() {
			for i := range each {
				done := make(chan transaction.ClientEvent, 1)
				req := outgoing(t, sip.OPTIONS, fmt.Sprintf("many-%d-%d", c, i))
				if _, err := l.Send(req, transaction.Destination{Transport: transport.UDP, Addr: local}, func(ev transaction.ClientEvent) { done <- ev }); err != nil {
					t.Error(err)
					return
				}
				if ev := <-done; ev.Err != nil || ev.Response.StatusCode != 200 {
					t.Errorf("call %d-%d: %+v", c, i, ev)
				}
			}
		})
	}
	wg.Wait()
}

// TestHeldCancelsAreBounded is an anomaly: CANCELs for INVITEs that never come.
func TestHeldCancelsAreBounded(t *testing.T) {
	run(t, transaction.Config{MaxHeld: 10}, func(r *rig) {
		for i := range 50 {
			r.alice.Send(tandemAddr, r.alice.Request("CANCEL", siptest.Call{Branch: fmt.Sprint("h", i)}))
		}
		time.Sleep(20 * time.Millisecond)
		if c := r.layer.Counts(); c.Held != 10 {
			t.Errorf("held %d, want 10", c.Held)
		}
		if n := r.alice.Drain(); n != 40 {
			t.Errorf("%d answered at once, want 40", n)
		}
	})
}

// TestNoAmplification: a flood of answers nobody asked for makes us send only so much.
func TestNoAmplification(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		var sent atomic.Int64
		r.net.Observe(func(p siptest.Packet) {
			if p.From == netip.MustParseAddrPort(tandemAddr) {
				sent.Add(1)
			}
		})
		for i := range 1000 {
			inv := r.bob.Request("INVITE", siptest.Call{CallID: fmt.Sprint("flood", i), Branch: fmt.Sprint("f", i)})
			r.bob.Send(tandemAddr, r.bob.Reply(inv, "200 OK", "x"))
		}
		time.Sleep(100 * time.Millisecond)
		r.bob.Drain()
		if n := sent.Load(); n == 0 || n > 120 {
			t.Errorf("%d messages sent for a flood of 1000", n)
		}
	})
}
