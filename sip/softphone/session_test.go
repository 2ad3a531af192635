package softphone

import (
	"errors"
	"testing"
	"time"

	"tandem/sip"
)

func TestHoldAndResume(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, _, _ := dialGW(t, h, p)
		for _, c := range []struct{ ours, theirs string }{{"a=sendonly\r\n", "a=recvonly\r\n"}, {"a=sendrecv\r\n", "a=sendrecv\r\n"}} {
			must(t, p.Renegotiate(id, sdpA+c.ours))
			inv, flow := h.expect(sip.INVITE)
			if string(inv.Body()) != sdpA+c.ours || sip.ToTag(inv) != "gwtag" {
				t.Errorf("offered %q", inv.Body())
			}
			h.reply(inv, flow, 200, sdpB+c.theirs)
			h.expect(sip.ACK)
			if ev := want[Renegotiated](t, p); ev.SDP != sdpB+c.theirs || ev.Status != 200 {
				t.Errorf("%+v", ev)
			}
		}
		silent(t, p)
		h.golden("hold_resume")
	})
}

// TestOffersWaitForEachOther: two commands in a row make two re-INVITEs, one after the other; of those that wait the last holds.
func TestOffersWaitForEachOther(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, _, _ := dialGW(t, h, p)
		for _, v := range []string{"1", "2", "3"} {
			must(t, p.Renegotiate(id, sdpA+"a="+v+"\r\n"))
		}
		for _, v := range []string{"1", "3"} {
			inv, flow := h.expect(sip.INVITE)
			if string(inv.Body()) != sdpA+"a="+v+"\r\n" {
				t.Errorf("offered %q, want %s", inv.Body(), v)
			}
			h.reply(inv, flow, 200, sdpB)
			h.expect(sip.ACK)
			want[Renegotiated](t, p)
		}
		silent(t, p)
	})
}

func TestOfferWithdrawn(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, inv, flow := dialGW(t, h, p)
		h.say(inv, flow, sip.INVITE, 7, sdpB, "Content-Type", "application/sdp")
		if ev := want[Offered](t, p); ev.Call != id || ev.SDP != sdpB {
			t.Fatalf("%+v", ev)
		}
		h.cancel(inv, flow, 7)
		h.expectResponse(200)
		h.expectResponse(487)
		if ev := want[Withdrawn](t, p); ev.Call != id {
			t.Errorf("%+v", ev)
		}
		must(t, p.Answer(id, sdpA)) // too late, and harmless
		silent(t, p)
		must(t, p.SendDigit(id, '#', time.Second))
		h.expect(sip.INFO)
	})
}

func TestLateOfferRefused(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, err := p.Dial(Dialling{To: "gw"})
		must(t, err)
		inv, flow := h.expect(sip.INVITE)
		h.reply(inv, flow, 200, sdpB)
		if ev := want[Answered](t, p); !ev.Offer {
			t.Fatalf("%+v", ev)
		}
		must(t, p.Refuse(id, 488)) // it cannot be: the call ends
		h.expect(sip.ACK)
		bye, f := h.expect(sip.BYE)
		h.reply(bye, f, 200, "")
		if ev := want[Ended](t, p); ev.By != "local" {
			t.Errorf("%+v", ev)
		}
	})
}

// TestOurOwnQuestionIsNotRefused: the offer that we asked for waits, and the page wants something else: that waits too.
func TestOurOwnQuestionIsNotRefused(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, _, _ := dialGW(t, h, p)
		must(t, p.Renegotiate(id, ""))
		inv, flow := h.expect(sip.INVITE)
		h.reply(inv, flow, 200, sdpB)
		if ev := want[Offered](t, p); ev.SDP != sdpB {
			t.Fatalf("%+v", ev)
		}
		must(t, p.Renegotiate(id, sdpA+"a=2\r\n"))
		silent(t, p)
		must(t, p.Answer(id, sdpA))
		if ack, _ := h.expect(sip.ACK); string(ack.Body()) != sdpA {
			t.Errorf("answered %q", ack.Body())
		}
		if inv, _ := h.expect(sip.INVITE); string(inv.Body()) != sdpA+"a=2\r\n" {
			t.Errorf("offered %q", inv.Body())
		}
	})
}

// TestNoAck: the far side takes our answer and never says so.
func TestNoAck(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		h.invite(p.local.Flow(), 1, "Contact: <sip:gw@gw.test>\r\n")
		in := want[Incoming](t, p)
		must(t, p.Answer(in.Call, sdpA))
		time.Sleep(33 * time.Second)
		repeats := 0
		for range len(h.mine) {
			if res, ok := (<-h.mine).(*sip.Response); ok && res.StatusCode == 200 {
				repeats++
			}
		}
		if repeats < 5 {
			t.Errorf("the 200 came %d times", repeats)
		}
		if ev := want[Ended](t, p); ev.By == "local" {
			t.Errorf("%+v", ev)
		}
	})
}

// TestByeIsNotAnswered: we hang up, and nobody says anything.
func TestByeIsNotAnswered(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, _, _ := dialGW(t, h, p)
		must(t, p.Hangup(id))
		h.expect(sip.BYE)
		if ev := want[Ended](t, p); ev.Call != id {
			t.Errorf("%+v", ev)
		}
		time.Sleep(time.Minute)
		silent(t, p)
		if len(p.calls) != 0 {
			t.Error("the call is kept")
		}
	})
}

func TestReferAttended(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		first, inv, flow := dialGW(t, h, p)
		h.note("anna consults")
		second, consult, _ := dialGW(t, h, p)
		must(t, p.ReferReplaces(first, second))
		refer, _ := h.expect(sip.REFER)
		h.reply(refer, flow, 202, "")
		notify(h, inv, flow, 1, "SIP/2.0 100 Trying\r\n", "active;expires=60")
		h.expectResponse(200)
		h.note("the consulted call is replaced")
		h.say(consult, flow, sip.BYE, 1, "", "Reason", `SIP;cause=200;text="replaced"`)
		h.expectResponse(200)
		notify(h, inv, flow, 2, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
		h.expectResponse(200)
		bye, f := h.expect(sip.BYE)
		h.reply(bye, f, 200, "")
		for _, status := range []int{202, 100} {
			if ev := want[Referred](t, p); ev.Call != first || ev.Status != status || ev.Done {
				t.Errorf("%+v", ev)
			}
		}
		if ev := want[Ended](t, p); ev.Call != second || ev.By != "remote" {
			t.Errorf("%+v", ev)
		}
		if ev := want[Referred](t, p); ev.Call != first || ev.Status != 200 || !ev.Done {
			t.Errorf("%+v", ev)
		}
		if ev := want[Ended](t, p); ev.Call != first || ev.By != "local" {
			t.Errorf("%+v", ev)
		}
		h.golden("refer_attended")
	})
}

// TestOneDeviceTwoPhones: the phone of a page that goes does not take the binding of the one in its place.
func TestOneDeviceTwoPhones(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		open := func() *Phone {
			p, err := s.Open(Options{User: "anna", Instance: "urn:tandem:desk:1"})
			must(t, err)
			must(t, p.Register())
			want[Registered](t, p)
			return p
		}
		before, now := open(), open()
		must(t, before.Close())
		want[Registered](t, before)
		want[Closed](t, before)
		list := h.reg.Lookup("anna@tandem.test", time.Now())
		if len(list) != 1 || list[0].Received != now.local.Flow().Remote {
			t.Errorf("%+v", list)
		}
	})
}

func TestCommandsOfABusyPhone(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		hold := make(chan struct{})
		p.mail(pause{hold})
		for p.Ring("c1") == nil {
			continue
		}
		for name, err := range map[string]error{
			"ring": p.Ring("c1"), "answer": p.Answer("c1", sdpA), "refuse": p.Refuse("c1", 488), "reject": p.Reject("c1", 486), "hang up": p.Hangup("c1"),
			"renegotiate": p.Renegotiate("c1", sdpA), "digit": p.SendDigit("c1", '1', 0), "refer": p.Refer("c1", "200"), "replaces": p.ReferReplaces("c1", "c2"),
			"register": p.Register(), "unregister": p.Unregister(),
		} {
			if !errors.Is(err, ErrBusy) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		if err := p.Refer("c1", ""); !errors.Is(err, ErrAddress) {
			t.Errorf("refer to nobody: %v", err)
		}
		must(t, p.Close()) // that is never refused
		must(t, p.Close())
		close(hold)
		if ev := want[Registered](t, p); ev.OK {
			t.Errorf("%+v", ev)
		}
		want[Closed](t, p)
	})
}

func TestTimesOfTheBinding(t *testing.T) {
	for granted, want := range map[time.Duration]time.Duration{
		time.Hour: 30 * time.Minute, time.Minute: 30 * time.Second, 40 * time.Second: 10 * time.Second, 10 * time.Second: 2500 * time.Millisecond, 0: time.Second,
	} {
		if got := refreshAfter(granted); got != want || granted > 4*time.Second && got >= granted {
			t.Errorf("granted %s: refreshed after %s, want %s", granted, got, want)
		}
	}
	var r registration
	last := time.Duration(0)
	for range 20 {
		d := r.backOff(0.5)
		if d < last || d > mostRetry {
			t.Errorf("%s after %s", d, last)
		}
		last = d
	}
	if last != 3*mostRetry/4 {
		t.Errorf("ends at %s", last)
	}
}
