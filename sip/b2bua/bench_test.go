package b2bua

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
	"tandem/sip/digest"
	"tandem/sip/registrar"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
	"tandem/sip/trunk"
	"tandem/store/journey"
)

// answering is an engine that says yes.
type answering struct {
	events chan media.Event
	next   uint16
}

func (e *answering) Do(c media.Command) error {
	switch c := c.(type) {
	case media.Open:
		e.next += 2
		e.events <- media.Opened{Stream: c.Stream, Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 20000+e.next%40000)}
	case media.Close:
		e.events <- media.Closed{Stream: c.Stream}
	}
	return nil
}
func (e *answering) Events() <-chan media.Event { return e.events }
func (e *answering) Close() error               { return nil }

type forgetful struct{}

func (forgetful) Append(journey.Event) error { return nil }

// plain routes all numbers to the second trunk.
type allTo struct{ trunk *trunk.Trunk }

func (a allTo) Route(x Arrival, _ Identity) Route {
	return Route{Script: NewDirect(x.Called, time.Minute)}
}
func (a allTo) Resolve(n string, _ Arrival) (Destination, bool) {
	return Destination{Number: n, Trunks: []*trunk.Trunk{a.trunk}}, true
}

// load is a switch between two carriers that answer at once, in real time and without a network's delay.
type load struct {
	sw     *Switch
	layer  *transaction.Layer
	caller *siptest.UA
	callee *siptest.UA
}

func newLoad(b testing.TB) *load {
	n := siptest.New(1)
	l := &load{caller: siptest.NewUA(b, n, carrierAddr), callee: siptest.NewUA(b, n, backupAddr)}
	var list []*trunk.Trunk
	for _, ip := range []string{"10.0.0.9", "10.0.0.8"} {
		t, err := trunk.New(trunk.Config{Name: "t" + ip[7:], Targets: []trunk.Target{{Host: ip, Port: 5060, Transport: "udp"}}, Sources: []string{ip}, Country: "DE", FromUser: "x"}, nil)
		if err != nil {
			b.Fatal(err)
		}
		list = append(list, t)
	}
	set, err := trunk.NewSet(list)
	if err != nil {
		b.Fatal(err)
	}
	cfg := Defaults()
	cfg.MaxCalls, cfg.CallRate, cfg.CallBurst, cfg.TraceCalls = 1e6, 1e9, 1e9, 0
	auth, err := digest.NewServer(digest.Config{Realm: domain}, make([]byte, 32), phones{}, digest.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		b.Fatal(err)
	}
	l.sw, err = New(cfg, Parts{
		Engine: &answering{events: make(chan media.Event, 1024)}, Router: allTo{list[1]}, Records: records{}, Journal: forgetful{},
		Registrar: registrar.New(registrar.Config{Domains: []string{domain}}, nil), Trunks: set, Digest: auth, Endpoints: phones{},
		Hosts: hosts{}, Metrics: NewMetrics(nil), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	ep, err := transport.New(transport.Config{Name: "bench"}, transport.Sockets{UDP: n.ListenPacket(tandemAddr)})
	if err != nil {
		b.Fatal(err)
	}
	door := l.sw.NewDoor(ep)
	l.layer = transaction.New(transaction.Config{Endpoint: ep, Handler: door})
	door.Open(l.layer)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.layer.Serve(ctx) })
	runCtx, stop := context.WithCancel(context.Background())
	wg.Go(func() { _ = l.sw.Run(runCtx) })
	b.Cleanup(func() {
		stop()
		cancel()
		wg.Wait()
	})
	return l
}

const benchSDP = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

// call establishes one call and returns what its BYE needs.
func (l *load) call(i int) siptest.Call {
	c := siptest.Call{
		Target: "sip:+4940123@10.0.0.1", To: "+4940123", CallID: fmt.Sprint("c", i), FromTag: fmt.Sprint("f", i), Branch: fmt.Sprint("i", i),
		Body: benchSDP,
	}
	l.caller.Send(tandemAddr, l.caller.Request("INVITE", c))
	invite := l.callee.Expect("INVITE")
	ok := l.callee.Reply(invite, "200 OK", "t"+c.CallID)
	body := fmt.Sprintf("Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(benchSDP), benchSDP)
	l.callee.Send(tandemAddr, strings.Replace(ok, "Content-Length: 0\r\n\r\n", body, 1))
	l.callee.Expect("ACK")
	answer := l.caller.Expect("200")
	c.ToTag, c.Body, c.Branch = siptest.TagIn(siptest.Field(answer, "To")), "", c.Branch+"a"
	l.caller.Send(tandemAddr, l.caller.Request("ACK", c))
	c.CSeq = 2
	return c
}

func (l *load) hangup(c siptest.Call) {
	c.Branch += "b"
	l.caller.Send(tandemAddr, l.caller.Request("BYE", c))
	l.caller.Expect("200")
	l.callee.Send(tandemAddr, l.callee.Reply(l.callee.Expect("BYE"), "200 OK", ""))
}

// BenchmarkCall is a bridged call from INVITE to the second BYE's answer: 13 messages in and out, the test's own text work included.
func BenchmarkCall(b *testing.B) {
	l := newLoad(b)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		l.hangup(l.call(i))
	}
}

// TestHeldCall: an established two-leg call costs less than the goal once its transactions are over.
func TestHeldCall(t *testing.T) {
	const calls, goal = 500, 20 << 10
	synctest.Test(t, func(t *testing.T) {
		l := newLoad(t)
		before, routines := heap(), runtime.NumGoroutine()
		var all []siptest.Call
		for i := range calls {
			all = append(all, l.call(i))
		}
		young := heap()
		time.Sleep(2 * time.Minute)
		old := heap()
		each := (old.HeapAlloc - before.HeapAlloc) / calls
		t.Logf("%d B of heap per call, %d B while its transactions live, %d B of stack, %.2f goroutines", each,
			(young.HeapAlloc-before.HeapAlloc)/calls, (old.StackInuse-before.StackInuse)/calls, float64(runtime.NumGoroutine()-routines)/calls)
		if each > goal {
			t.Errorf("%d B of heap per held call, want at most %d", each, goal)
		}
		for _, c := range all {
			l.hangup(c)
		}
		time.Sleep(2 * time.Minute)
		if n := l.sw.Calls() + l.sw.tags.len() + l.sw.streams.len(); n != 0 {
			t.Errorf("%d entries left", n)
		}
	})
}

func heap() (m runtime.MemStats) {
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m
}
