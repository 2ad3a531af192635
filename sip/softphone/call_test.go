package softphone

import (
	"strings"
	"testing"
	"time"

	"tandem/sip"
)

// talk connects two phones.
func talk(t *testing.T, h *hub, a, b *Phone) (ca, cb CallID) {
	t.Helper()
	ca, err := a.Dial(Dialling{To: b.User(), SDP: sdpA, Headers: map[string]string{"X-Tandem-Token": "t0k"}})
	must(t, err)
	in := want[Incoming](t, b)
	if in.From != a.User() || in.SDP != sdpA || in.Headers["X-Tandem-Token"] != "t0k" {
		t.Fatalf("incoming %+v", in)
	}
	must(t, b.Ring(in.Call))
	if ev := want[Progress](t, a); ev.Call != ca || ev.Status != sip.StatusRinging {
		t.Fatalf("%+v", ev)
	}
	must(t, b.Answer(in.Call, sdpB))
	if ev := want[Answered](t, a); ev.Call != ca || ev.SDP != sdpB || ev.Offer {
		t.Fatalf("%+v", ev)
	}
	if ev := want[Answered](t, b); ev.Call != in.Call || ev.SDP != "" {
		t.Fatalf("%+v", ev)
	}
	silent(t, a, b)
	return ca, in.Call
}

func TestCall(t *testing.T) {
	for _, side := range []string{"caller", "callee"} {
		bubble(t, Config{}, func(h *hub, s *Set) {
			a, b := h.open(s, "anna"), h.open(s, "bert")
			ca, cb := talk(t, h, a, b)
			if n := s.Len(); n != 2 {
				t.Errorf("%d phones", n)
			}
			if side == "caller" {
				must(t, a.Hangup(ca))
			} else {
				must(t, b.Hangup(cb))
			}
			ea, eb := want[Ended](t, a), want[Ended](t, b)
			wa, wb := "local", "remote"
			if side == "callee" {
				wa, wb = wb, wa
			}
			if ea.By != wa || eb.By != wb || ea.Status != 200 || eb.Status != 200 || ea.Call != ca || eb.Call != cb {
				t.Errorf("%+v, %+v", ea, eb)
			}
			h.golden("call_" + side + "_hangs_up")
			time.Sleep(time.Minute)
			silent(t, a, b)
			if len(a.calls)+len(b.calls) != 0 {
				t.Error("calls are kept")
			}
		})
	}
}

func TestReject(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, err := a.Dial(Dialling{To: "sip:bert@tandem.test", SDP: sdpA})
		must(t, err)
		in := want[Incoming](t, b)
		if in.Display != "ANNA" {
			t.Errorf("%+v", in)
		}
		if err := b.Reject(in.Call, 200); err == nil {
			t.Error("rejected with 200")
		}
		must(t, b.Reject(in.Call, sip.StatusBusyHere))
		if ev := want[Ended](t, a); ev.Call != ca || ev.Status != sip.StatusBusyHere || ev.By != "remote" {
			t.Errorf("%+v", ev)
		}
		if ev := want[Ended](t, b); ev.Status != sip.StatusBusyHere || ev.By != "local" {
			t.Errorf("%+v", ev)
		}
		h.golden("reject")
	})
}

func TestCancel(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, err := a.Dial(Dialling{To: "bert", SDP: sdpA})
		must(t, err)
		in := want[Incoming](t, b)
		must(t, b.Ring(in.Call))
		want[Progress](t, a)
		must(t, a.Hangup(ca))
		if ev := want[Ended](t, b); ev.Status != sip.StatusRequestTerminated || ev.By != "remote" {
			t.Errorf("%+v", ev)
		}
		if ev := want[Ended](t, a); ev.By != "local" {
			t.Errorf("%+v", ev)
		}
		must(t, b.Answer(in.Call, sdpB)) // too late
		h.golden("cancel")
		time.Sleep(40 * time.Second)
		silent(t, a, b)
	})
}

func TestNobodyThere(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a := h.open(s, "anna")
		_, err := a.Dial(Dialling{To: "zoe", SDP: sdpA})
		must(t, err)
		if ev := want[Ended](t, a); ev.Status != sip.StatusNotFound || ev.By != "remote" {
			t.Errorf("%+v", ev)
		}
		h.mu.Lock()
		h.mute = true
		h.mu.Unlock()
		_, err = a.Dial(Dialling{To: "zoe", SDP: sdpA})
		must(t, err)
		time.Sleep(33 * time.Second)
		if ev := want[Ended](t, a); ev.Status != sip.StatusRequestTimeout || ev.By != "network" {
			t.Errorf("%+v", ev)
		}
	})
}

func TestRenegotiate(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, cb := talk(t, h, a, b)
		h.note("anna's page is loaded again")
		must(t, a.Renegotiate(ca, sdpA+"a=2\r\n"))
		if ev := want[Offered](t, b); ev.Call != cb || ev.SDP != sdpA+"a=2\r\n" {
			t.Fatalf("%+v", ev)
		}
		must(t, b.Answer(cb, sdpB+"a=2\r\n"))
		if ev := want[Renegotiated](t, a); ev.SDP != sdpB+"a=2\r\n" || ev.Status != 200 {
			t.Fatalf("%+v", ev)
		}
		h.note("bert holds, and anna refuses")
		must(t, b.Renegotiate(cb, sdpB+"a=sendonly\r\n"))
		want[Offered](t, a)
		must(t, a.Refuse(ca, sip.StatusNotAcceptableHere))
		if ev := want[Renegotiated](t, b); ev.Status != sip.StatusNotAcceptableHere || ev.SDP != "" {
			t.Fatalf("%+v", ev)
		}
		h.note("bert asks anna for her offer")
		must(t, b.Renegotiate(cb, ""))
		if ev := want[Offered](t, a); ev.SDP != "" {
			t.Fatalf("%+v", ev)
		}
		must(t, a.Answer(ca, sdpA+"a=3\r\n"))
		if ev := want[Offered](t, b); ev.SDP != sdpA+"a=3\r\n" {
			t.Fatalf("%+v", ev)
		}
		must(t, b.Answer(cb, sdpB+"a=3\r\n"))
		if ev := want[Renegotiated](t, a); ev.SDP != sdpB+"a=3\r\n" {
			t.Fatalf("%+v", ev)
		}
		h.golden("renegotiate")
		silent(t, a, b)
	})
}

func TestGlare(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, cb := talk(t, h, a, b)
		h.note("both offer at once")
		h.cross(a, b, func() {
			must(t, a.Renegotiate(ca, sdpA+"a=2\r\n"))
			must(t, b.Renegotiate(cb, sdpB+"a=2\r\n"))
		})
		time.Sleep(10 * time.Second)
		// bert did not make the call: he tries again within 2 s, before anna, whose offer is overtaken by his.
		if ev := want[Renegotiated](t, a); ev.Status != sip.StatusRequestPending {
			t.Fatalf("%+v", ev)
		}
		if ev := want[Offered](t, a); ev.SDP != sdpB+"a=2\r\n" {
			t.Fatalf("%+v", ev)
		}
		must(t, a.Answer(ca, sdpA+"a=3\r\n"))
		if ev := want[Renegotiated](t, b); ev.SDP != sdpA+"a=3\r\n" || ev.Status != 200 {
			t.Fatalf("%+v", ev)
		}
		silent(t, a, b)
		h.mu.Lock()
		defer h.mu.Unlock()
		if n := strings.Count(strings.Join(h.lines, "\n"), "491 Request Pending"); n != 4 { // each leaves one phone and reaches the other
			t.Errorf("%d lines with 491:\n%s", n, strings.Join(h.lines, "\n"))
		}
	})
}

// cross gives both phones their letters before either works: both are busy meanwhile.
func (h *hub) cross(a, b *Phone, say func()) {
	hold := make(chan struct{})
	a.mail(pause{hold})
	b.mail(pause{hold})
	say()
	close(hold)
}

type pause struct{ until chan struct{} }

func (l pause) open(*Phone) { <-l.until }

func TestOfferNotAnswered(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, cb := talk(t, h, a, b)
		must(t, a.Renegotiate(ca, sdpA))
		want[Offered](t, b)
		time.Sleep(OfferTime + time.Second)
		if ev := want[Renegotiated](t, a); ev.Status != sip.StatusNotAcceptableHere {
			t.Errorf("%+v", ev)
		}
		must(t, b.Answer(cb, sdpB)) // too late: nothing comes of it
		silent(t, a, b)
	})
}

// TestReloadWhileOffered: the page that was asked is gone; the one in its place offers, and what the other side wanted comes again.
func TestReloadWhileOffered(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, cb := talk(t, h, a, b)
		must(t, a.Renegotiate(ca, sdpA+"a=hold\r\n"))
		want[Offered](t, b)
		must(t, b.Renegotiate(cb, sdpB+"a=new\r\n"))
		if ev := want[Renegotiated](t, a); ev.Status != sip.StatusRequestPending {
			t.Fatalf("%+v", ev)
		}
		if ev := want[Offered](t, a); ev.SDP != sdpB+"a=new\r\n" {
			t.Fatalf("%+v", ev)
		}
		must(t, a.Answer(ca, sdpA))
		if ev := want[Renegotiated](t, b); ev.SDP != sdpA {
			t.Fatalf("%+v", ev)
		}
		silent(t, a, b)
	})
}

func TestLateOffer(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, err := a.Dial(Dialling{To: "bert"})
		must(t, err)
		in := want[Incoming](t, b)
		if in.SDP != "" {
			t.Errorf("%+v", in)
		}
		must(t, b.Answer(in.Call, sdpB))
		if ev := want[Answered](t, a); !ev.Offer || ev.SDP != sdpB {
			t.Fatalf("%+v", ev)
		}
		must(t, a.Answer(ca, sdpA))
		if ev := want[Answered](t, b); ev.SDP != sdpA {
			t.Fatalf("%+v", ev)
		}
		h.golden("late_offer")
	})
}

func TestDigit(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a := h.open(s, "anna")
		ca, err := a.Dial(Dialling{To: "gw", SDP: sdpA})
		must(t, err)
		inv, flow := h.expect(sip.INVITE)
		h.reply(inv, flow, 200, sdpB, "X-Tandem-Item", "w1")
		h.expect(sip.ACK)
		if ev := want[Answered](t, a); ev.Headers["X-Tandem-Item"] != "w1" {
			t.Errorf("%+v", ev)
		}
		if err := a.SendDigit(ca, 'x', 0); err == nil {
			t.Error("no such key, and it was sent")
		}
		must(t, a.SendDigit(ca, 'a', 100*time.Millisecond))
		info, flow := h.expect(sip.INFO)
		if string(info.Body()) != "Signal=A\r\nDuration=100\r\n" || sip.HeaderText(info, "Content-Type") != "application/dtmf-relay" {
			t.Errorf("%q", info.Body())
		}
		h.reply(info, flow, 200, "")
		silent(t, a)
	})
}
