package softphone

import (
	"context"
	"runtime"
	"strconv"
	"testing"

	"tandem/sip"
	"tandem/sip/transport"
)

// quick is a gateway that answers every REGISTER at once and nothing else.
type quick struct{ e *transport.Endpoint }

func (q *quick) Receive(msg sip.Message, flow transport.Flow) {
	req, ok := msg.(*sip.Request)
	if !ok || req.Method != sip.REGISTER {
		return
	}
	q.e.Write(flow, []byte(sip.NewResponse(req, sip.StatusOK, "", "gw").String()))
}
func (q *quick) Malformed(sip.Message, transport.Flow, error) {}
func (q *quick) FlowClosed(transport.Flow, error)             {}

func quickSet(b *testing.B, phones int) *Set {
	b.Helper()
	e, err := transport.New(transport.Config{MaxConns: phones + 1}, transport.Sockets{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b.Cleanup(cancel)
	go e.Serve(ctx, &quick{e})
	for { // until it is served
		l, err := e.AttachLocal(nobody{}, "")
		if err == nil {
			l.Close()
			break
		}
		runtime.Gosched()
	}
	return New(Config{Gateway: e, Domain: "tandem.test", MaxPhones: phones})
}

type nobody struct{}

func (nobody) Deliver([]byte) error { return nil }
func (nobody) Gone(error)           {}

// BenchmarkIdlePhone tells what a registered phone costs that does nothing, both ends of its flow counted.
func BenchmarkIdlePhone(b *testing.B) {
	const phones = 2000
	for b.Loop() {
		s := quickSet(b, phones)
		before := heap()
		list := make([]*Phone, phones)
		for i := range list {
			p, err := s.Open(Options{User: "u" + strconv.Itoa(i)})
			if err != nil {
				b.Fatal(err)
			}
			if err := p.Register(); err != nil {
				b.Fatal(err)
			}
			if ev := (<-p.Events()).(Registered); !ev.OK {
				b.Fatalf("%+v", ev)
			}
			list[i] = p
		}
		s.work.Wait()
		s.layer.Close() // what it keeps of the REGISTERs for a while is not the phone's
		b.ReportMetric(float64(heap()-before)/phones, "B/phone")
		b.ReportMetric(float64(runtime.NumGoroutine()), "goroutines")
		runtime.KeepAlive(list)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// BenchmarkRegister is two REGISTER transactions, from command to event, with both ends of the flow.
func BenchmarkRegister(b *testing.B) {
	s := quickSet(b, 1)
	p, err := s.Open(Options{User: "anna"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.Register()
		<-p.Events()
		p.Unregister()
		<-p.Events()
	}
}
