package softphone

import (
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

// dialGW makes a call of a phone to the script.
func dialGW(t *testing.T, h *hub, p *Phone) (CallID, *sip.Request, transport.Flow) {
	t.Helper()
	id, err := p.Dial(Dialling{To: "gw", SDP: sdpA})
	must(t, err)
	inv, flow := h.expect(sip.INVITE)
	h.reply(inv, flow, 200, sdpB)
	h.expect(sip.ACK)
	want[Answered](t, p)
	return id, inv, flow
}

func notify(h *hub, inv *sip.Request, flow transport.Flow, seq int, frag, state string) {
	h.say(inv, flow, sip.NOTIFY, seq, frag, "Event", "refer", "Subscription-State", state, "Content-Type", "message/sipfrag")
}

func TestReferBlind(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, inv, flow := dialGW(t, h, p)
		must(t, p.Refer(id, "200"))
		refer, _ := h.expect(sip.REFER)
		to, err := sip.ReferToOf(refer)
		if err != nil || to.Attended() || to.URI.String() != "sip:200@tandem.test" {
			t.Errorf("Refer-To %+v, %v", to, err)
		}
		if by, ok := sip.ReferredBy(refer); !ok || by.URI.String() != "sip:anna@tandem.test" {
			t.Errorf("Referred-By %v", by)
		}
		h.reply(refer, flow, 202, "")
		if ev := want[Referred](t, p); ev.Call != id || ev.Status != 202 || ev.Done {
			t.Errorf("%+v", ev)
		}
		must(t, p.Refer(id, "201")) // one at a time
		if ev := want[Referred](t, p); ev.Status != sip.StatusRequestPending || ev.Done {
			t.Errorf("%+v", ev)
		}
		notify(h, inv, flow, 1, "SIP/2.0 100 Trying\r\n", "active;expires=60")
		h.expectResponse(200)
		if ev := want[Referred](t, p); ev.Status != 100 || ev.Done {
			t.Errorf("%+v", ev)
		}
		notify(h, inv, flow, 2, "SIP/2.0 200 OK\r\n", "terminated;reason=noresource")
		h.expectResponse(200)
		if ev := want[Referred](t, p); ev.Status != 200 || !ev.Done {
			t.Errorf("%+v", ev)
		}
		bye, _ := h.expect(sip.BYE) // the phone leaves by itself
		h.reply(bye, flow, 200, "")
		if ev := want[Ended](t, p); ev.By != "local" {
			t.Errorf("%+v", ev)
		}
		h.golden("refer_blind")
	})
}

func TestReferFails(t *testing.T) {
	for name, c := range map[string]struct {
		play func(h *hub, inv, refer *sip.Request, flow transport.Flow)
		want int
	}{
		"refused": {func(h *hub, _, refer *sip.Request, f transport.Flow) { h.reply(refer, f, 603, "") }, 603},
		"busy": {func(h *hub, inv, refer *sip.Request, f transport.Flow) {
			h.reply(refer, f, 202, "")
			notify(h, inv, f, 1, "SIP/2.0 486 Busy Here\r\n", "terminated;reason=noresource")
		}, 486},
		"notify overtakes the answer": {func(h *hub, inv, refer *sip.Request, f transport.Flow) {
			notify(h, inv, f, 1, "SIP/2.0 503 Service Unavailable", "terminated")
			h.reply(refer, f, 202, "")
		}, 503},
		"ends without a word": {func(h *hub, inv, refer *sip.Request, f transport.Flow) {
			h.reply(refer, f, 202, "")
			notify(h, inv, f, 1, "what", "terminated;reason=noresource")
		}, 487},
		"silence": {func(h *hub, _, refer *sip.Request, f transport.Flow) {
			h.reply(refer, f, 202, "")
			time.Sleep(referTime + time.Second)
		}, 408},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(h *hub, s *Set) {
				p := h.open(s, "anna")
				id, inv, flow := dialGW(t, h, p)
				must(t, p.Refer(id, "sip:200@elsewhere.test"))
				refer, _ := h.expect(sip.REFER)
				c.play(h, inv, refer, flow)
				for {
					ev := want[Referred](t, p)
					if !ev.Done {
						continue
					}
					if ev.Status != c.want {
						t.Errorf("%+v", ev)
					}
					break
				}
				silent(t, p) // the call goes on
				must(t, p.SendDigit(id, '1', 0))
			})
		})
	}
}

func TestReferReplaces(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		first, _, flow := dialGW(t, h, p)
		second, inv2, _ := dialGW(t, h, p)
		must(t, p.ReferReplaces(first, "c99"))
		if ev := want[Referred](t, p); ev.Status != sip.StatusCallDoesNotExist || !ev.Done {
			t.Errorf("%+v", ev)
		}
		must(t, p.ReferReplaces(first, second))
		refer, _ := h.expect(sip.REFER)
		to, err := sip.ReferToOf(refer)
		want := sip.Replaces{CallID: inv2.CallID().Value(), ToTag: "gwtag", FromTag: sip.FromTag(inv2)}
		if err != nil || to.Replaces != want || to.URI.String() != "sip:gw@gw.test" {
			t.Errorf("Refer-To %+v, %v", to, err)
		}
		h.reply(refer, flow, 202, "")
		// The far side replaces the second call and ends the first.
	})
}

func TestReferEndsWithTheCall(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		id, inv, flow := dialGW(t, h, p)
		must(t, p.Refer(id, "200"))
		refer, _ := h.expect(sip.REFER)
		h.reply(refer, flow, 202, "")
		want[Referred](t, p)
		h.say(inv, flow, sip.BYE, 1, "", "Reason", `Q.850;cause=16;text="moved"`)
		h.expectResponse(200)
		if ev := want[Referred](t, p); !ev.Done || ev.Status != sip.StatusRequestTerminated {
			t.Errorf("%+v", ev)
		}
		if ev := want[Ended](t, p); ev.By != "remote" || ev.Cause != 16 || ev.Reason != "moved" {
			t.Errorf("%+v", ev)
		}
	})
}

func TestRequestsInDialog(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		_, inv, flow := dialGW(t, h, p)
		h.say(inv, flow, sip.OPTIONS, 1, "")
		h.expectResponse(200)
		h.say(inv, flow, sip.INFO, 2, "Signal=1\r\n", "Content-Type", "application/dtmf-relay")
		h.expectResponse(200)
		h.say(inv, flow, sip.NOTIFY, 3, "", "Event", "presence", "Subscription-State", "active")
		h.expectResponse(489)
		notify(h, inv, flow, 4, "SIP/2.0 200 OK\r\n", "active") // of a transfer that nobody asked for
		h.expectResponse(200)
		h.say(inv, flow, sip.REFER, 5, "", "Refer-To", "<sip:200@tandem.test>")
		h.expectResponse(405)
		silent(t, p)
	})
}
