package transaction_test

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

const (
	aliceAddr  = "10.0.0.2:5060"
	tandemAddr = "10.0.0.1:5060"
	bobAddr    = "10.0.0.3:5060"
)

// handler is a transaction user whose reactions a test sets; what it leaves out is recorded only.
type handler struct {
	mu       sync.Mutex
	requests []*transaction.ServerTx
	cancels  []bool
	errs     []error
	strays   int

	serve  func(tx *transaction.ServerTx)
	cancel func(tx *transaction.ServerTx)
	known  bool
}

func (h *handler) ServeRequest(tx *transaction.ServerTx) {
	h.mu.Lock()
	h.requests = append(h.requests, tx)
	h.mu.Unlock()
	if h.serve != nil {
		h.serve(tx)
	}
}

func (h *handler) ServeCancel(tx *transaction.ServerTx, _ *sip.Request, answered487 bool) {
	h.mu.Lock()
	h.cancels = append(h.cancels, answered487)
	h.mu.Unlock()
	if h.cancel != nil {
		h.cancel(tx)
	}
}

func (h *handler) ServeTxError(_ *transaction.ServerTx, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.errs = append(h.errs, err)
}

func (h *handler) ServeStray(*sip.Response, transport.Flow) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.strays++
	return h.known
}

func (h *handler) failures() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]error(nil), h.errs...)
}

func (h *handler) cancelled() []bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]bool(nil), h.cancels...)
}

func (h *handler) first() *transaction.ServerTx {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.requests[0]
}

func (h *handler) setKnown() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.known = true
}

func (h *handler) strayCount() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.strays
}

func (h *handler) methods() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := ""
	for _, tx := range h.requests {
		s += string(tx.Request().Method) + " "
	}
	return s
}

// rig is one layer between two scripted user agents, in virtual time.
type rig struct {
	t          testing.TB
	net        *siptest.Network
	ladder     *siptest.Ladder
	alice, bob *siptest.UA
	layer      *transaction.Layer
	h          *handler
}

// run plays a scenario inside a bubble, waits until everything retained is gone, and asserts that nothing leaked.
func run(t *testing.T, cfg transaction.Config, play func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, cfg)
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- r.layer.Serve(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-served; err != nil {
				t.Error(err)
			}
			r.alice.Close()
			r.bob.Close()
		})
		synctest.Wait()
		play(r)
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		if c := r.layer.Counts(); c != (transaction.Counts{}) {
			t.Errorf("left in the tables: %+v", c)
		}
	})
}

func newRig(t *testing.T, cfg transaction.Config) *rig {
	n := siptest.New(1)
	n.SetLink(siptest.Link{Delay: 5 * time.Millisecond})
	r := &rig{t: t, net: n, h: &handler{}}
	ep, err := transport.New(transport.Config{Name: "test", Dial: n.Dialer("10.0.0.1")},
		transport.Sockets{UDP: n.ListenPacket(tandemAddr), TCP: n.Listen(tandemAddr)})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Endpoint, cfg.Handler, cfg.TagKey = ep, r.h, []byte("golden")
	r.layer = transaction.New(cfg)
	r.ladder = siptest.NewLadder(n)
	for addr, name := range map[string]string{aliceAddr: "alice", tandemAddr: "tandem", bobAddr: "bob"} {
		r.ladder.Name(addr, name)
	}
	r.alice, r.bob = siptest.NewUA(t, n, aliceAddr), siptest.NewUA(t, n, bobAddr)
	return r
}

// answer makes the handler answer every request but ACK.
func (r *rig) answer(status int) {
	r.h.serve = func(tx *transaction.ServerTx) {
		if tx.Request().Method != sip.ACK {
			if err := tx.Respond(tx.Response(status, "")); err != nil {
				r.t.Errorf("respond: %v", err)
			}
		}
	}
}

func (r *rig) golden(name string) {
	r.t.Helper()
	siptest.Golden(r.t, "ladder/"+name+".txt", r.ladder.String())
}

// outgoing builds a request as a dialog would.
func outgoing(t testing.TB, method sip.Method, callID string) *sip.Request {
	t.Helper()
	target, err := sip.ParseURI("sip:200@10.0.0.3")
	if err != nil {
		t.Fatal(err)
	}
	req := sip.NewRequest(method, target)
	parsed := parse(t, "OPTIONS sip:x@y SIP/2.0\r\nFrom: <sip:gw@10.0.0.1>;tag=gwtag\r\nTo: <sip:200@10.0.0.3>\r\nCall-ID: "+callID+
		"\r\nCSeq: 7 "+string(method)+"\r\nContact: <sip:gw@10.0.0.1>\r\nContent-Length: 0\r\n\r\n")
	for _, h := range parsed.Headers() {
		req.AppendHeader(h)
	}
	return req
}

func parse(t testing.TB, text string) *sip.Request {
	t.Helper()
	m, err := sip.NewParser(65535).ParseSIP([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*sip.Request)
}

func to(addr string) transaction.Destination {
	return transaction.Destination{Transport: transport.UDP, Addr: netip.MustParseAddrPort(addr)}
}

// sink collects events.
type sink struct {
	mu  sync.Mutex
	evs []transaction.ClientEvent
}

func (s *sink) take(ev transaction.ClientEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evs = append(s.evs, ev)
}

func (s *sink) events() []transaction.ClientEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]transaction.ClientEvent(nil), s.evs...)
}
