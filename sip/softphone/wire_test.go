package softphone

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

func TestEarlyMedia(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, err := p.Dial(Dialling{To: "gw", SDP: sdpA})
		must(t, err)
		inv, flow := h.expect(sip.INVITE)
		h.reply(inv, flow, 183, sdpB)
		if ev := want[Progress](t, p); ev.Call != id || ev.Status != 183 || ev.SDP != sdpB {
			t.Errorf("%+v", ev)
		}
		h.reply(inv, flow, 180, "")
		if ev := want[Progress](t, p); ev.Status != 180 || ev.SDP != "" {
			t.Errorf("%+v", ev)
		}
		h.reply(inv, flow, 183, sdpB, "Require", "100rel", "RSeq", "1") // now reliably: it is acknowledged
		prack, f := h.expect(sip.PRACK)
		h.reply(prack, f, 200, "")
		want[Progress](t, p)
		h.reply(inv, flow, 200, "")
		h.expect(sip.ACK)
		if ev := want[Answered](t, p); ev.SDP != sdpB {
			t.Errorf("%+v", ev)
		}
		silent(t, p)
	})
}

func TestFinalAnswersThatEndTheCall(t *testing.T) {
	for _, status := range []int{302, 401, 404, 407, 480, 486, 488, 500, 503, 603} {
		bubble(t, Config{}, func(h *hub, s *Set) {
			p := h.open(s, "anna")
			id, err := p.Dial(Dialling{To: "gw", SDP: sdpA})
			must(t, err)
			inv, flow := h.expect(sip.INVITE)
			h.reply(inv, flow, status, "", "Reason", `Q.850;cause=34;text="no circuit"`, "WWW-Authenticate", `Digest realm="x", nonce="y"`)
			h.expect(sip.ACK)
			if ev := want[Ended](t, p); ev.Call != id || ev.Status != status || ev.Cause != 34 || ev.By != "remote" {
				t.Errorf("%d: %+v", status, ev)
			}
			silent(t, p)
		})
	}
}

// TestCancelCrosses200: the far side answers while we give up, and gets ACK and BYE.
func TestCancelCrosses200(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, err := p.Dial(Dialling{To: "gw", SDP: sdpA})
		must(t, err)
		inv, flow := h.expect(sip.INVITE)
		h.reply(inv, flow, 180, "")
		want[Progress](t, p)
		must(t, p.Hangup(id))
		cancel, _ := h.expect(sip.CANCEL)
		h.reply(inv, flow, 200, sdpB)
		h.reply(cancel, flow, 200, "")
		h.expect(sip.ACK)
		bye, f := h.expect(sip.BYE)
		h.reply(bye, f, 200, "")
		if ev := want[Ended](t, p); ev.By != "local" {
			t.Errorf("%+v", ev)
		}
		silent(t, p)
		h.golden("cancel_crosses_200")
	})
}

// TestForkedAnswers: the second answer belongs to a phone that nobody talks to.
func TestForkedAnswers(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		_, err := p.Dial(Dialling{To: "gw", SDP: sdpA})
		must(t, err)
		inv, flow := h.expect(sip.INVITE)
		h.reply(inv, flow, 200, sdpB)
		h.expect(sip.ACK)
		want[Answered](t, p)
		res := sip.NewResponse(inv, 200, "", "other")
		res.AppendHeader(sip.NewHeader("Contact", "<sip:gw@gw.test>"))
		h.e.Write(flow, []byte(res.String()))
		ack, _ := h.expect(sip.ACK)
		bye, f := h.expect(sip.BYE)
		if sip.ToTag(ack) != "other" || sip.ToTag(bye) != "other" {
			t.Errorf("ACK to %s, BYE to %s", sip.ToTag(ack), sip.ToTag(bye))
		}
		h.reply(bye, f, 200, "")
		silent(t, p)
	})
}

// TestSessionRefresh: the gateway refreshes the session without SDP; the page hears nothing of it.
func TestSessionRefresh(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		_, inv, flow := dialGW(t, h, p)
		for i := range 3 {
			time.Sleep(time.Minute)
			h.say(inv, flow, sip.UPDATE, 10+i, "", "Session-Expires", "180;refresher=uac", "Supported", "timer")
			h.expectResponse(200)
		}
		silent(t, p)
		time.Sleep(4 * time.Minute) // and then it does not
		bye, f := h.expect(sip.BYE)
		h.reply(bye, f, 200, "")
		if ev := want[Ended](t, p); ev.By == "remote" {
			t.Errorf("%+v", ev)
		}
	})
}

// invite is a raw INVITE of the script to a phone.
func (h *hub) invite(to transport.Flow, n int, extra string) {
	h.t.Helper()
	text := fmt.Sprintf("INVITE sip:anna@x SIP/2.0\r\nVia: SIP/2.0/LOCAL gw.test;branch=z9hG4bKin%d\r\nMax-Forwards: 70\r\nFrom: \"B \\\"x\" <sip:+491@tandem.test>;tag=gw%d\r\n"+
		"To: <sip:anna@tandem.test>\r\nCall-ID: in%d\r\nCSeq: 1 INVITE\r\n%sContent-Length: 0\r\n\r\n", n, n, n, extra)
	if err := h.e.Write(to, []byte(text)); err != nil {
		h.t.Error(err)
	}
}

func TestWhatComesIn(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		flow := p.local.Flow()
		h.invite(flow, 1, "") // no Contact: no dialog can come of it
		h.expectResponse(400)
		h.invite(flow, 2, "Contact: <sip:gw@gw.test>\r\nx-tandem-offer: o1\r\n")
		in := want[Incoming](t, p)
		if in.From != "+491" || in.Display != `B "x` || in.Headers["X-Tandem-Offer"] != "o1" || in.SDP != "" {
			t.Errorf("%+v", in)
		}
		must(t, p.Reject(in.Call, 486))
		h.expectResponse(486)
		want[Ended](t, p)
		for _, c := range []struct {
			line   string
			status int
		}{{"OPTIONS", 200}, {"MESSAGE", 405}, {"SUBSCRIBE", 405}, {"NONSENSE", 501}} {
			h.e.Write(flow, []byte(fmt.Sprintf("%s sip:anna@x SIP/2.0\r\nVia: SIP/2.0/LOCAL gw.test;branch=z9hG4bK%s\r\nMax-Forwards: 70\r\nFrom: <sip:gw@x>;tag=1\r\nTo: <sip:anna@x>\r\nCall-ID: %s\r\nCSeq: 1 %s\r\n\r\n",
				c.line, c.line, c.line, c.line)))
			h.expectResponse(c.status)
		}
		h.e.Write(flow, []byte("BYE sip:anna@x SIP/2.0\r\nVia: SIP/2.0/LOCAL gw.test;branch=z9hG4bKbye\r\nMax-Forwards: 70\r\nFrom: <sip:gw@x>;tag=1\r\nTo: <sip:anna@x>;tag=nobody\r\nCall-ID: bye\r\nCSeq: 1 BYE\r\n\r\n"))
		h.expectResponse(481)
		for _, junk := range []string{"junk", "\r\n", "SIP/2.0 200 OK\r\n\r\n", strings.Repeat("x", 70000)} {
			if err := h.e.Write(flow, []byte(junk)); err != nil {
				t.Error(err)
			}
		}
		silent(t, p)
	})
}

// TestNobodyAnswers: a page that neither answers nor refuses; the caller goes after a while, or the watchdog comes.
func TestNobodyAnswers(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		h.invite(p.local.Flow(), 1, "Contact: <sip:gw@gw.test>\r\n")
		want[Incoming](t, p)
		time.Sleep(4 * time.Minute)
		h.expectResponse(100)
		h.expectResponse(500)
		if ev := want[Ended](t, p); ev.By == "local" {
			t.Errorf("%+v", ev)
		}
		silent(t, p)
	})
}

func TestStartAgainWhileLeaving(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		hold := make(chan struct{})
		p.mail(pause{hold})
		must(t, p.Unregister())
		must(t, p.Register())
		close(hold)
		if ev := want[Registered](t, p); !ev.OK {
			t.Errorf("%+v", ev)
		}
		if n := len(h.reg.Lookup("anna@tandem.test", time.Now())); n != 1 {
			t.Errorf("%d bindings", n)
		}
		silent(t, p)
	})
}

// TestServeEnds: the gateway shuts down under its phones.
func TestServeEnds(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		talk(t, h, a, b)
		h.stop()
		for _, p := range []*Phone{a, b} {
			want[Ended](t, p)
			if ev := want[Closed](t, p); !errors.Is(ev.Err, ErrFlow) {
				t.Errorf("%+v", ev)
			}
		}
		if _, err := s.Open(Options{User: "carl"}); !errors.Is(err, transport.ErrNotServed) {
			t.Errorf("got %v", err)
		}
	})
}

// TestManyHands: commands of many goroutines at once; the race detector looks on.
func TestManyHands(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ended := map[*Phone]int{}
		var mu sync.Mutex
		var readers, hands sync.WaitGroup
		for _, p := range []*Phone{a, b} {
			readers.Go(func() {
				for ev := range p.Events() {
					switch ev := ev.(type) {
					case Incoming:
						p.Answer(ev.Call, sdpB)
					case Ended:
						mu.Lock()
						ended[p]++
						mu.Unlock()
					}
				}
			})
		}
		for range 4 {
			hands.Go(func() {
				for range 10 {
					if id, err := a.Dial(Dialling{To: "bert", SDP: sdpA}); err == nil {
						a.Renegotiate(id, sdpA)
						a.SendDigit(id, '5', 0)
						a.Hangup(id)
					}
				}
			})
		}
		hands.Wait()
		synctest.Wait()
		a.Close()
		b.Close()
		readers.Wait()
		if ended[a] == 0 {
			t.Error("no call ended")
		}
	})
}
