package transaction_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

func replace(s, old, new string) string { return strings.Replace(s, old, new, 1) }
func contains(s, sub string) bool       { return strings.Contains(s, sub) }

func (r *rig) send(method sip.Method, callID string) (*transaction.ClientTx, *sink) {
	r.t.Helper()
	s := &sink{}
	tx, err := r.layer.Send(outgoing(r.t, method, callID), to(bobAddr), s.take)
	if err != nil {
		r.t.Fatal(err)
	}
	return tx, s
}

func TestTimerB(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		_, s := r.send(sip.INVITE, "timer-b")
		time.Sleep(time.Minute)
		evs := s.events()
		if len(evs) != 1 || !errors.Is(evs[0].Err, transaction.ErrTimeout) || !evs[0].Done {
			t.Errorf("events %+v, want one timeout", evs)
		}
		r.golden("timer_b_expires")
	})
}

func TestTimerF(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		_, s := r.send(sip.OPTIONS, "timer-f")
		time.Sleep(time.Minute)
		if evs := s.events(); len(evs) != 1 || !errors.Is(evs[0].Err, transaction.ErrTimeout) {
			t.Errorf("events %+v, want one timeout", evs)
		}
		r.golden("timer_f_expires")
	})
}

func TestFailureIsAcknowledged(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		_, s := r.send(sip.INVITE, "busy")
		inv := r.bob.Expect("INVITE")
		busy := r.bob.Reply(inv, "486 Busy Here", "bobtag")
		r.bob.Send(tandemAddr, busy)
		ack := r.bob.Expect("ACK")
		for _, name := range []string{"Via", "From", "Call-ID"} {
			if siptest.Field(ack, name) != siptest.Field(inv, name) {
				t.Errorf("%s of the ACK %q, of the INVITE %q", name, siptest.Field(ack, name), siptest.Field(inv, name))
			}
		}
		if got := siptest.Field(ack, "To"); !contains(got, "bobtag") {
			t.Errorf("To of the ACK %q, want the response's", got)
		}
		r.bob.Send(tandemAddr, busy)
		r.bob.Expect("ACK")
		if evs := s.events(); len(evs) != 1 || !evs[0].Done || evs[0].Response.StatusCode != 486 {
			t.Errorf("events %+v, want one 486", evs)
		}
		r.golden("failure_acknowledged")
	})
}

func TestForkedAnswer(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		tx, s := r.send(sip.INVITE, "fork")
		inv := r.bob.Expect("INVITE")
		first := r.bob.Reply(inv, "200 OK", "one")
		r.bob.Send(tandemAddr, first)
		time.Sleep(10 * time.Millisecond)
		if err := tx.Ack(ackFor(t, inv, "one"), to(bobAddr)); err != nil {
			t.Fatal(err)
		}
		r.bob.Expect("ACK")
		r.bob.Send(tandemAddr, first) // repeated: the layer repeats the ACK
		r.bob.Expect("ACK")
		if n := len(s.events()); n != 1 {
			t.Fatalf("%d events, want the first 200 only", n)
		}
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "200 OK", "two")) // a fork: the user decides
		time.Sleep(10 * time.Millisecond)
		if evs := s.events(); len(evs) != 2 || sip.ToTag(evs[1].Response) != "two" {
			t.Fatalf("events %+v, want the fork too", evs)
		}
		tx.Release()
		three := r.bob.Reply(inv, "200 OK", "three")
		r.bob.Send(tandemAddr, three) // a fork when nobody listens
		r.bob.Expect("ACK")
		bye := r.bob.Expect("BYE")
		if siptest.Field(bye, "CSeq") != "8 BYE" || siptest.TagIn(siptest.Field(bye, "To")) != "three" {
			t.Errorf("BYE with CSeq %q To %q", siptest.Field(bye, "CSeq"), siptest.Field(bye, "To"))
		}
		r.bob.Send(tandemAddr, r.bob.Reply(bye, "200 OK", ""))
		r.bob.Send(tandemAddr, three)
		r.bob.Expect("ACK")
		r.golden("forked_2xx")
	})
}

func ackFor(t *testing.T, inv, tag string) *sip.Request {
	ack := outgoing(t, sip.ACK, siptest.Field(inv, "Call-ID"))
	ack.To().Params.Add("tag", tag)
	return ack
}

func TestStrayAnswerIsHungUp(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		inv := r.bob.Request("INVITE", siptest.Call{CallID: "ghost"})
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "200 OK", "late", "Record-Route: <sip:p1;lr>", "Record-Route: <sip:p2;lr>"))
		r.bob.Expect("ACK")
		bye := r.bob.Expect("BYE")
		if got := siptest.Field(bye, "Route"); got != "<sip:p2;lr>" {
			t.Errorf("first Route %q, want the last Record-Route", got)
		}
		r.bob.Send(tandemAddr, r.bob.Reply(bye, "200 OK", ""))
		r.h.setKnown()
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "200 OK", "late"))
		r.bob.Quiet(time.Second)
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "486 Busy", "late"))
		r.bob.Quiet(time.Second)
		if r.h.strayCount() != 2 {
			t.Errorf("%d strays told, want 2", r.h.strayCount())
		}
	})
}

func TestCancelWaitsForProvisional(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		tx, s := r.send(sip.INVITE, "early-cancel")
		inv := r.bob.Expect("INVITE")
		tx.Cancel(sip.Reason{Protocol: "SIP", Cause: 200, Text: "Call completed elsewhere"}.Header())
		time.Sleep(100 * time.Millisecond)
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "180 Ringing", "bobtag"))
		c := r.bob.Expect("CANCEL")
		for _, name := range []string{"Via", "From", "To", "Call-ID"} {
			if siptest.Field(c, name) != siptest.Field(inv, name) {
				t.Errorf("%s of the CANCEL %q, of the INVITE %q", name, siptest.Field(c, name), siptest.Field(inv, name))
			}
		}
		if siptest.Field(c, "CSeq") != "7 CANCEL" || siptest.Field(c, "Contact") != "" || !contains(siptest.Field(c, "Reason"), "elsewhere") {
			t.Errorf("CANCEL:\n%s", c)
		}
		r.bob.Send(tandemAddr, r.bob.Reply(c, "200 OK", "bobtag"))
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "487 Request Terminated", "bobtag"))
		r.bob.Expect("ACK")
		if evs := s.events(); len(evs) != 2 || evs[1].Response.StatusCode != 487 {
			t.Errorf("events %+v, want 180 and 487", evs)
		}
		r.golden("cancel_waits_for_1xx")
	})
}

func TestCancelNeverAnswered(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		tx, s := r.send(sip.INVITE, "deaf")
		inv := r.bob.Expect("INVITE")
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "180 Ringing", "bobtag"))
		time.Sleep(time.Second)
		if err := tx.Cancel(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if evs := s.events(); len(evs) != 2 || !errors.Is(evs[1].Err, transaction.ErrTimeout) {
			t.Errorf("events %+v, want 180 and a timeout", evs)
		}
	})
}

func TestLargeRequestTakesTCP(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		ln := r.net.Listen(bobAddr)
		got := make(chan string, 1)
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 65536)
			n, _ := c.Read(buf)
			got <- string(buf[:n])
			c.Close()
		}()
		req := outgoing(t, sip.MESSAGE, "large")
		req.AppendHeader(sip.NewHeader("X-Pad", strings.Repeat("x", 1400)))
		s := &sink{}
		dest := to(bobAddr)
		dest.AllowTCP = true
		if _, err := r.layer.Send(req, dest, s.take); err != nil {
			t.Fatal(err)
		}
		first := siptest.Field(<-got, "Via")
		if !contains(first, "SIP/2.0/TCP") {
			t.Errorf("Via %q", first)
		}
		again := r.bob.Expect("MESSAGE") // the peer closed without an answer
		if want := replace(first, "/TCP", "/UDP"); siptest.Field(again, "Via") != want {
			t.Errorf("Via %q, want %q: the same transaction", siptest.Field(again, "Via"), want)
		}
		r.bob.Send(tandemAddr, r.bob.Reply(again, "200 OK", "b"))
		time.Sleep(time.Second)
		if evs := s.events(); len(evs) != 1 || evs[0].Response == nil || evs[0].Response.StatusCode != 200 {
			t.Errorf("events %+v, want the 200", evs)
		}
		ln.Close()
	})
}

// TestLargeInviteToPeerWithoutTCP: a carrier that takes UDP alone refuses the connection; the INVITE goes over UDP, is repeated
// there, and its CANCEL and ACK follow it (RFC 3261 §18.1.1).
func TestLargeInviteToPeerWithoutTCP(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		req := outgoing(t, sip.INVITE, "large")
		req.AppendHeader(sip.NewHeader("X-Pad", strings.Repeat("x", 1400)))
		s, dest := &sink{}, to(bobAddr)
		dest.AllowTCP = true
		tx, err := r.layer.Send(req, dest, s.take)
		if err != nil {
			t.Fatal(err)
		}
		inv := r.bob.Expect("INVITE")
		if again := r.bob.Expect("INVITE"); again != inv {
			t.Errorf("repeated otherwise:\n%s\n%s", again, inv)
		}
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "180 Ringing", "b"))
		time.Sleep(time.Second)
		if tx.Flow().Transport != transport.UDP || tx.Request().Via().Transport != transport.UDP {
			t.Errorf("flow %s, Via %s", tx.Flow(), tx.Request().Via())
		}
		if err := tx.Cancel(); err != nil {
			t.Error(err)
		}
		cancel := r.bob.Expect("CANCEL")
		if siptest.Field(cancel, "Via") != siptest.Field(inv, "Via") {
			t.Errorf("CANCEL's Via %q, INVITE's %q", siptest.Field(cancel, "Via"), siptest.Field(inv, "Via"))
		}
		r.bob.Send(tandemAddr, r.bob.Reply(cancel, "200 OK", "b"))
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "487 Request Terminated", "b"))
		r.bob.Expect("ACK")
		r.golden("large_invite_back_to_udp")
	})
}

// TestCancelFromManySides: a CANCEL asked for while the first 1xx comes goes out once; for the race detector.
func TestCancelFromManySides(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		s := &sink{}
		tx, err := r.layer.Send(outgoing(t, sip.INVITE, "many"), to(bobAddr), s.take)
		if err != nil {
			t.Fatal(err)
		}
		inv := r.bob.Expect("INVITE")
		var wg sync.WaitGroup
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "180 Ringing", "b"))
		for i := range 4 {
			wg.Go(func() {
				time.Sleep(5 * time.Millisecond)
				tx.Cancel(sip.Reason{Protocol: "SIP", Cause: 200 + i}.Header())
			})
		}
		wg.Wait()
		r.bob.Send(tandemAddr, r.bob.Reply(r.bob.Expect("CANCEL"), "200 OK", "b"))
		r.bob.Send(tandemAddr, r.bob.Reply(inv, "487 Request Terminated", "b"))
		r.bob.Expect("ACK")
		r.bob.Quiet(time.Minute)
	})
}

func TestRefusedConnection(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		s := &sink{}
		dest := to(bobAddr)
		dest.Transport = transport.TCP
		if _, err := r.layer.Send(outgoing(t, sip.OPTIONS, "refused"), dest, s.take); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if evs := s.events(); len(evs) != 1 || !errors.Is(evs[0].Err, transaction.ErrTransport) {
			t.Errorf("events %+v, want ErrTransport", evs)
		}
	})
}

func TestMisuse(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		if _, err := r.layer.Send(outgoing(t, sip.ACK, "x"), to(bobAddr), nil); !errors.Is(err, transaction.ErrLocal) {
			t.Errorf("ACK in a transaction: %v", err)
		}
		if _, err := r.layer.Send(outgoing(t, sip.BYE, "x"), transaction.Destination{}, nil); !errors.Is(err, transaction.ErrLocal) {
			t.Errorf("no destination: %v", err)
		}
		again := outgoing(t, sip.BYE, "y")
		tx, err := r.layer.Send(again, to(bobAddr), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.layer.Send(tx.Request(), to(bobAddr), nil); !errors.Is(err, transaction.ErrLocal) {
			t.Errorf("sent twice: %v", err)
		}
	})
}
