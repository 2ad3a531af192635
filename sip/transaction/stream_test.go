package transaction_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// dialed opens a connection to the layer and returns it with a function that reads one message.
func (r *rig) dialed() (net.Conn, func() string) {
	r.t.Helper()
	c, err := r.net.Dialer("10.0.0.2")(r.t.Context(), "tcp", tandemAddr)
	if err != nil {
		r.t.Fatal(err)
	}
	buf := make([]byte, 65536)
	return c, func() string {
		c.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := c.Read(buf)
		if err != nil && !errors.Is(err, io.EOF) {
			r.t.Errorf("read: %v", err)
		}
		return string(buf[:n])
	}
}

func overTCP(text string) []byte { return []byte(replace(text, "SIP/2.0/UDP", "SIP/2.0/TCP")) }

func TestStreamTransactionsEndAtOnce(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(486)
		c, read := r.dialed()
		defer c.Close()
		c.Write(overTCP(r.alice.Request("INVITE", siptest.Call{})))
		busy := read()
		if !strings.HasPrefix(busy, "SIP/2.0 486") {
			t.Fatalf("got %q", busy)
		}
		c.Write(overTCP(r.alice.Request("ACK", siptest.Call{ToTag: siptest.TagIn(siptest.Field(busy, "To"))})))
		c.Write(overTCP(r.alice.Request("OPTIONS", siptest.Call{Branch: "o", CSeq: 2})))
		read()
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if n := r.layer.Counts(); n.Server != 0 {
			t.Errorf("left: %+v; on a connection nothing needs to be remembered", n)
		}
		time.Sleep(time.Minute)
		c.SetReadDeadline(time.Now())
		if n, _ := c.Read(make([]byte, 1)); n != 0 {
			t.Error("something was retransmitted on a connection")
		}
	})
}

func TestLostConnectionEndsPendingInvite(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(180)
		c, read := r.dialed()
		c.Write(overTCP(r.alice.Request("INVITE", siptest.Call{})))
		read()
		c.Close()
		synctest.Wait()
		if errs := r.h.failures(); len(errs) != 1 || !errors.Is(errs[0], transaction.ErrTransport) {
			t.Errorf("told %v, want ErrTransport", errs)
		}
		if n := r.layer.Counts(); n.Server != 0 {
			t.Errorf("left: %+v", n)
		}
		if err := r.h.first().Respond(r.h.first().Response(200, "")); err == nil {
			t.Error("an answer to nobody went out")
		}
	})
}

// TestHeldCancelGoesWithItsConnection: CANCELs whose connection is lost must not fill the table of those that wait.
func TestHeldCancelGoesWithItsConnection(t *testing.T) {
	run(t, transaction.Config{MaxHeld: 2}, func(r *rig) {
		for i := range 5 {
			c, _ := r.dialed()
			c.Write(overTCP(r.alice.Request("CANCEL", siptest.Call{Branch: fmt.Sprint("h", i)})))
			synctest.Wait()
			if n := r.layer.Counts(); n.Held != 1 {
				t.Fatalf("connection %d: %+v, want its CANCEL waiting", i, n)
			}
			c.Close()
			synctest.Wait()
			if n := r.layer.Counts(); n != (transaction.Counts{}) {
				t.Fatalf("connection %d is lost, left %+v", i, n)
			}
		}
		if len(r.h.failures()) != 0 {
			t.Errorf("the handler was told of CANCELs it never saw: %v", r.h.failures())
		}
	})
}

func TestRequestDownTheFlowOfARegistration(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(200)
		c, read := r.dialed()
		c.Write(overTCP(r.alice.Request("REGISTER", siptest.Call{})))
		read()
		s := &sink{}
		go func() {
			if _, err := r.layer.Send(outgoing(t, sip.INVITE, "down"), transaction.Back(r.h.first()), s.take); err != nil {
				t.Error(err)
			}
		}()
		if inv := read(); !strings.HasPrefix(inv, "INVITE") || !contains(siptest.Field(inv, "Via"), "SIP/2.0/TCP 10.0.0.1:5060") {
			t.Errorf("got %q", inv)
		}
		c.Close()
		synctest.Wait()
		if evs := s.events(); len(evs) != 1 || !errors.Is(evs[0].Err, transaction.ErrTransport) {
			t.Errorf("events %+v", evs)
		}
		dest := transaction.Back(r.h.first())
		dest.Transport = transport.WSS
		if _, err := r.layer.Send(outgoing(t, sip.INVITE, "gone"), dest, s.take); !errors.Is(err, transaction.ErrTransport) {
			t.Errorf("a browser that left was dialled: %v", err)
		}
	})
}

func TestMissingLengthOnStreamIsAnswered(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		c, read := r.dialed()
		defer c.Close()
		c.Write(overTCP(replace(r.alice.Request("OPTIONS", siptest.Call{}), "Content-Length: 0\r\n", "")))
		if got := read(); !strings.HasPrefix(got, "SIP/2.0 400") {
			t.Errorf("got %q, want 400", got)
		}
	})
}
