package smsc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital/smpp/pdu"
)

// esme is a client played by hand.
type esme struct {
	t    *testing.T
	conn net.Conn
	in   *pdu.Reader
	seq  uint32
}

func serve(t *testing.T, c Config, d Deps) *Server {
	t.Helper()
	if c.Accounts == nil {
		c.Accounts = map[string]string{"a": "secret", "b": "secret"}
	}
	d.Log = slog.New(slog.DiscardHandler)
	s, err := New(c, d)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Serve(ctx, nil) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

func connect(t *testing.T, s *Server) *esme {
	t.Helper()
	near, far := net.Pipe()
	s.Attach(far)
	t.Cleanup(func() { near.Close() })
	return &esme{t: t, conn: near, in: pdu.NewReader(near, 0)}
}

func (e *esme) send(p pdu.PDU) {
	e.t.Helper()
	if p.Sequence == 0 {
		e.seq++
		p.Sequence = e.seq
	}
	b, err := pdu.Append(nil, p)
	if err != nil {
		e.t.Fatal(err)
	}
	if _, err := e.conn.Write(b); err != nil {
		e.t.Fatal(err)
	}
}

func (e *esme) next() pdu.PDU {
	e.t.Helper()
	p, err := e.in.Next()
	if err != nil {
		e.t.Fatal(err)
	}
	return p
}

func (e *esme) bind(c pdu.Command, id, password string) pdu.Status {
	e.t.Helper()
	e.seq++
	e.send(pdu.NewBind(c, e.seq, pdu.Bind{SystemID: id, Password: password}))
	return e.next().Status
}

func (e *esme) submit(text string) pdu.PDU {
	e.t.Helper()
	e.send(pdu.PDU{Command: pdu.SubmitSM, Body: &pdu.Message{Destination: pdu.AddressOf("+491"), Registered: pdu.RegisterFinal, Short: []byte(text)}})
	return e.next()
}

func TestBind(t *testing.T) {
	for _, test := range []struct {
		name, id, password string
		want               pdu.Status
	}{
		{"right", "a", "secret", pdu.OK}, {"wrong password", "a", "wrong", pdu.InvalidPassword}, {"unknown", "x", "secret", pdu.InvalidSystemID},
		{"empty", "", "", pdu.InvalidSystemID},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := serve(t, Config{}, Deps{})
				e := connect(t, s)
				if got := e.bind(pdu.BindTransceiver, test.id, test.password); got != test.want {
					t.Fatalf("got %s, want %s", got, test.want)
				}
				if test.want == pdu.OK {
					if got := e.bind(pdu.BindTransceiver, test.id, test.password); got != pdu.AlreadyBound {
						t.Errorf("got %s for a second bind", got)
					}
				} else if _, err := e.in.Next(); err == nil {
					t.Error("the connection stays")
				}
			})
		})
	}
}

func TestWhatIsNotAllowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, Config{}, Deps{})
		e := connect(t, s)
		if got := e.submit("x"); got.Status != pdu.WrongBindState {
			t.Errorf("unbound: got %s", got.Status)
		}
		e.bind(pdu.BindReceiver, "a", "secret")
		if got := e.submit("x"); got.Status != pdu.WrongBindState {
			t.Errorf("receiver: got %s", got.Status)
		}
		e.send(pdu.PDU{Command: 0x103, Body: &pdu.Raw{}})
		if got := e.next(); got.Command != pdu.GenericNack || got.Status != pdu.InvalidCommand {
			t.Errorf("got %+v for data_sm", got)
		}
		e.send(pdu.PDU{Command: pdu.Unbind})
		if got := e.next(); got.Command != pdu.UnbindResp {
			t.Errorf("got %+v", got)
		}
		if _, err := e.in.Next(); err == nil {
			t.Error("the connection stays behind unbind")
		}
	})
}

func TestDeliveryGoesToWhoReceives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, Config{}, Deps{})
		tx, rx, other := connect(t, s), connect(t, s), connect(t, s)
		tx.bind(pdu.BindTransmitter, "a", "secret")
		rx.bind(pdu.BindReceiver, "a", "secret")
		other.bind(pdu.BindTransceiver, "b", "secret")
		if _, err := s.Deliver(MO{From: "+491", To: "12345", Text: "x", System: "a"}); err != nil {
			t.Fatal(err)
		}
		got := rx.next()
		if got.Command != pdu.DeliverSM {
			t.Fatalf("got %+v", got)
		}
		rx.send(pdu.PDU{Command: pdu.DeliverSMResp, Sequence: got.Sequence, Body: &pdu.MessageResp{}})
		if r := tx.submit("y"); r.Status != pdu.OK {
			t.Errorf("got %s", r.Status)
		}
		if receipt := rx.next(); receipt.Body.(*pdu.Message).ESMClass != pdu.ESMReceipt {
			t.Errorf("got %+v, want the receipt on the receiver", receipt)
		}
	})
}

func TestUnansweredGoesAgainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, Config{Window: 2, AnswerWait: 5 * time.Second}, Deps{Registry: prometheus.NewRegistry()})
		e := connect(t, s)
		e.bind(pdu.BindTransceiver, "a", "secret")
		for _, text := range []string{"1", "2", "3"} {
			s.Deliver(MO{From: "+491", To: "12345", Text: text})
		}
		start := time.Now()
		e.next()
		e.next()
		if _, err := e.in.Next(); err == nil || time.Since(start) != 5*time.Second {
			t.Fatalf("got %v after %s, want the end of a session that does not answer", err, time.Since(start))
		}
		e = connect(t, s)
		e.bind(pdu.BindTransceiver, "a", "secret")
		for _, want := range []string{"1", "2", "3"} {
			p := e.next()
			if got := string(p.Body.(*pdu.Message).Short); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			e.send(pdu.PDU{Command: pdu.DeliverSMResp, Sequence: p.Sequence, Body: &pdu.MessageResp{}})
		}
		synctest.Wait()
		if n := s.Waiting(); n != 0 {
			t.Errorf("%d wait", n)
		}
	})
}

func TestDoubleAndDedupe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		s := serve(t, Config{}, Deps{Taken: func(Taken) { taken++ }})
		e := connect(t, s)
		e.bind(pdu.BindTransceiver, "a", "secret")
		s.Misbehave(Faults{Double: 1, Dedupe: true})
		s.Deliver(MO{From: "+491", To: "12345", Text: "x"})
		a, b := e.next(), e.next()
		if string(a.Body.(*pdu.Message).Short) != string(b.Body.(*pdu.Message).Short) || a.Sequence == b.Sequence {
			t.Errorf("got %+v and %+v", a, b)
		}
		first, second := e.submit("same"), e.submit("same")
		if first.Body.(*pdu.MessageResp).MessageID != second.Body.(*pdu.MessageResp).MessageID || taken != 1 {
			t.Errorf("got %+v and %+v, taken %d", first.Body, second.Body, taken)
		}
	})
}

func TestLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, Config{Backlog: 2, Sessions: 1, BindWait: time.Second}, Deps{})
		e := connect(t, s)
		if _, err := connect(t, s).in.Next(); err == nil {
			t.Error("a second session stays")
		}
		if _, err := e.in.Next(); err == nil {
			t.Error("a session that does not bind stays")
		}
		for range 2 {
			if _, err := s.Deliver(MO{From: "+491", To: "1", Text: "x"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Deliver(MO{From: "+491", To: "1", Text: "x"}); !errors.Is(err, ErrFull) {
			t.Errorf("got %v, want full", err)
		}
		for _, mo := range []MO{{}, {From: "+491", To: strings.Repeat("1", 21), Text: "x"}, {From: "+491", To: "1", Text: strings.Repeat("x", 50000)}} {
			if _, err := s.Deliver(mo); !errors.Is(err, ErrText) {
				t.Errorf("got %v, want a text that cannot be sent", err)
			}
		}
	})
}

func TestConfigFaults(t *testing.T) {
	if err := (Config{}).Validate(); err == nil {
		t.Error("nobody could bind, and no fault")
	}
	err := Config{Accounts: map[string]string{"": "123456789"}, Window: -1, BindWait: -1}.Validate()
	for _, want := range []string{"system_id", "password", "window", "times"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a fault about %s", err, want)
		}
	}
}
