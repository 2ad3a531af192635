package dialog_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"tandem/sip/dialog"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// BenchmarkBridgedCall is the signalling of one bridged call: a UAS and a UAC dialog with INVITE, 180, 200, ACK, BYE and 200, each
// message sent once and received once, through real sockets on the loopback. Both rooms run in this process, so the CPU time of
// a call is that of a gateway that bridges one, without what the bridge itself adds.
func BenchmarkBridgedCall(b *testing.B) {
	called := onLoopback(b)
	called.on = func(c *call, ev dialog.Event) {
		if ev.Kind == dialog.RemoteOffer {
			c.do(c.u.Progress(time.Now(), 180, dialog.Body{}))
			c.do(c.u.Accept(time.Now(), session))
		}
	}
	const inFlight = 16
	free := make(chan struct{}, inFlight)
	for range inFlight {
		free <- struct{}{}
	}
	caller := onLoopback(b)
	caller.on = func(c *call, ev dialog.Event) {
		switch ev.Kind {
		case dialog.Answered:
			c.do(c.u.Hangup(time.Now()))
		case dialog.Ended:
			free <- struct{}{}
		}
	}
	i := 0
	b.ReportAllocs()
	before := cpuTime()
	for b.Loop() {
		<-free
		i++
		caller.dial(fmt.Sprintf("%012d", i), called.local, session)
	}
	for range inFlight {
		<-free
	}
	b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/call")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// onLoopback serves a party on a real UDP socket.
func onLoopback(b *testing.B) *party {
	ep, err := transport.Listen(transport.Config{Name: "loop", UDP: "127.0.0.1:0", ReadBuffer: 8 << 20})
	if err != nil {
		b.Fatal(err)
	}
	p := &party{t: b, calls: map[string]*call{}, quick: true}
	p.local, _ = ep.Local(transport.UDP)
	p.layer = transaction.New(transaction.Config{Endpoint: ep, Handler: p, MaxTransactions: 1 << 30})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.layer.Serve(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	return p
}
