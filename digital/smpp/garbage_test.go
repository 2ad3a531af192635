package smpp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital/smpp"
	"tandem/digital/smpp/pdu"
	"tandem/digital/smpp/smsc"
)

// raw is a centre played by hand.
type raw struct {
	t    *testing.T
	conn net.Conn
	in   *pdu.Reader
}

func (r raw) send(p pdu.PDU) {
	r.t.Helper()
	b, err := pdu.Append(nil, p)
	if err != nil {
		r.t.Fatal(err)
	}
	r.octets(b)
}

func (r raw) octets(b []byte) {
	r.t.Helper()
	if _, err := r.conn.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

func (r raw) next() pdu.PDU {
	r.t.Helper()
	p, err := r.in.Next()
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// handmade starts a client whose centre is played by hand, already bound.
func handmade(t *testing.T) (raw, *smpp.Client) {
	t.Helper()
	conns := make(chan net.Conn, 1)
	c, err := smpp.New(smpp.Config{Name: "x", Address: "c:1"}, smpp.Deps{
		Log: slog.New(slog.DiscardHandler),
		Dial: func(context.Context, string) (net.Conn, error) {
			near, far := net.Pipe()
			select {
			case conns <- far:
				return near, nil
			default: // one connection is enough
				return nil, io.ErrClosedPipe
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go c.Run(ctx)
	t.Cleanup(func() {
		cancel()
		for range c.Events() {
		}
	})
	conn := <-conns
	conns <- nil // full: it is the only one
	t.Cleanup(func() { conn.Close() })
	r := raw{t, conn, pdu.NewReader(conn, 0)}
	bind := r.next()
	r.send(pdu.Answer(bind, pdu.OK, "me"))
	<-c.Events()
	return r, c
}

func TestOddRequestsOfACentre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := handmade(t)
		for _, test := range []struct {
			name   string
			p      pdu.PDU
			answer pdu.Command
			status pdu.Status
		}{
			{"enquire_link", pdu.PDU{Command: pdu.EnquireLink, Sequence: 5}, pdu.EnquireLinkResp, pdu.OK},
			{"outbind is refused", pdu.PDU{Command: pdu.Outbind, Sequence: 6, Body: &pdu.Outbound{SystemID: "x"}}, pdu.GenericNack, pdu.InvalidCommand},
			{"submit_sm to a client", pdu.PDU{Command: pdu.SubmitSM, Sequence: 7, Body: &pdu.Message{}}, pdu.GenericNack, pdu.InvalidCommand},
			{"unknown command", pdu.PDU{Command: 0x103, Sequence: 8, Body: &pdu.Raw{Octets: []byte{1}}}, pdu.GenericNack, pdu.InvalidCommand},
		} {
			r.send(test.p)
			got := r.next()
			if got.Command != test.answer || got.Status != test.status || got.Sequence != test.p.Sequence {
				t.Errorf("%s: got %+v", test.name, got)
			}
		}
		broken := []byte{0, 0, 0, 18, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 'x', 'y'}
		r.octets(broken)
		if got := r.next(); got.Command != pdu.DeliverSMResp || got.Status == pdu.OK || got.Sequence != 9 {
			t.Errorf("broken deliver_sm: got %+v", got)
		}
		r.send(pdu.PDU{Command: pdu.SubmitSMResp, Sequence: 4711, Body: &pdu.MessageResp{MessageID: "stray"}})
		r.send(pdu.PDU{Command: pdu.EnquireLink, Sequence: 10})
		if got := r.next(); got.Command != pdu.EnquireLinkResp {
			t.Errorf("got %+v behind a stray answer", got)
		}
	})
}

func TestCentreOutOfStepIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := handmade(t)
		r.octets(binary.BigEndian.AppendUint32(nil, 7))
		if got := r.next(); got.Command != pdu.GenericNack || got.Status != pdu.InvalidCommandLen {
			t.Errorf("got %+v", got)
		}
		if _, err := r.in.Next(); err != io.EOF {
			t.Errorf("got %v, want the connection ended", err)
		}
		if l, ok := (<-c.Events()).(smpp.Link); !ok || l.Up {
			t.Errorf("got %+v, want down", l)
		}
	})
}

func TestCentreUnbinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, c := handmade(t)
		r.send(pdu.PDU{Command: pdu.Unbind, Sequence: 3})
		if got := r.next(); got.Command != pdu.UnbindResp || got.Sequence != 3 {
			t.Errorf("got %+v", got)
		}
		if l, ok := (<-c.Events()).(smpp.Link); !ok || l.Up {
			t.Errorf("got %+v, want down", l)
		}
	})
}

// FuzzCentre gives a bound session of the message centre whatever comes: it neither panics nor stops serving others.
func FuzzCentre(f *testing.F) {
	var good bytes.Buffer
	for _, p := range []pdu.PDU{
		pdu.NewBind(pdu.BindTransceiver, 1, pdu.Bind{SystemID: "a", Password: "b"}),
		{Command: pdu.SubmitSM, Sequence: 2, Body: &pdu.Message{Destination: pdu.AddressOf("+49"), Short: []byte("x"), Registered: 1}},
		{Command: pdu.DeliverSMResp, Sequence: 1, Body: &pdu.MessageResp{}}, {Command: pdu.Unbind, Sequence: 3},
	} {
		b, err := pdu.Append(nil, p)
		if err != nil {
			f.Fatal(err)
		}
		good.Write(b)
	}
	f.Add(good.Bytes())
	f.Add([]byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			s, err := smsc.New(smsc.Config{Accounts: map[string]string{"a": "b"}}, smsc.Deps{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan struct{})
			go func() { defer close(ended); s.Serve(ctx, nil) }()
			near, far := net.Pipe()
			s.Attach(far)
			go io.Copy(io.Discard, near)
			s.Deliver(smsc.MO{From: "+491", To: "12345", Text: "x"})
			near.SetWriteDeadline(time.Now().Add(time.Minute))
			near.Write(b)
			time.Sleep(5 * time.Second)
			if s.Bound() == nil {
				t.Error("the centre does not answer")
			}
			near.Close()
			cancel()
			<-ended
		})
	})
}
