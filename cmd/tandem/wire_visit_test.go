package main

import (
	"encoding/json"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/webchat"
	"tandem/sip/softphone"
)

// visits makes the visitors' phones of a floor; what pages would be told goes to a room without sockets.
func (h *floor) visits(target string) *visitPhones {
	h.t.Helper()
	room, err := webchat.New(webchat.Defaults(), webchat.Parts{Hub: h.g.hub, Sessions: visitSessions{documents{h.g.store}}, Files: visitFiles{h.t.TempDir()},
		Metrics: webchat.NewMetrics(nil), Log: discard})
	if err != nil {
		h.t.Fatal(err)
	}
	return newVisitPhones(&visitPhones{set: h.g.pages.set, room: func() *webchat.Room { return room }, hub: func() *digital.Hub { return h.g.hub },
		target: func(digital.View) string { return target }, tokens: h.g.tokens, log: discard})
}

// end closes the phones and sees that nothing is left.
func (p *visitPhones) end(h *floor) {
	h.t.Helper()
	p.close()
	p.work.Wait()
	if len(p.visits) != 0 {
		h.t.Errorf("left: %v", p.visits)
	}
}

func frame(sdp string) json.RawMessage {
	raw, _ := json.Marshal(voiceFrame{SDP: sdp})
	return raw
}

func (p *visitPhones) state(conversation string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.visits[conversation]; x != nil {
		return x.state
	}
	return "no phone"
}

func TestAVisitorCalls(t *testing.T) {
	inHouse(t, func(h *floor) {
		far, p := h.far("far"), h.visits("far")
		defer p.end(h)
		v := h.chat("hello")
		visit := webchat.Visit{Conversation: v.ID, Socket: 1}
		p.Frame(visit, "call.start", json.RawMessage("{"))
		p.Frame(visit, "call.start", frame(""))
		h.wait()
		if got := p.state(v.ID); got != "" {
			t.Fatalf("a call without a description is %s", got)
		}
		p.Frame(visit, "call.start", frame(sdpOne))
		in := next[softphone.Incoming](h, far)
		if record, ok := h.g.tokens.take(in.Headers[tokenHeader]); !ok || record != v.Record || in.From != visitorUser+v.ID {
			t.Errorf("the call of %s belongs to %q, %v, want %s", in.From, record, ok, v.Record)
		}
		p.Frame(webchat.Visit{Conversation: v.ID, Socket: 2}, "call.start", frame(sdpOne)) // another page of his
		if err := far.Answer(in.Call, sdpTwo); err != nil {
			t.Fatal(err)
		}
		h.wait()
		for len(far.Events()) > 0 {
			if ev, again := (<-far.Events()).(softphone.Incoming); again {
				t.Errorf("two pages of a visitor call twice: %+v", ev)
			}
		}
		if got := p.state(v.ID); got != "up" {
			t.Fatalf("the call is %q", got)
		}
		p.Frame(visit, "call.hangup", frame(""))
		next[softphone.Ended](h, far)
		if got := p.state(v.ID); got != "" {
			t.Fatalf("the call is %q after its end", got)
		}
	})
}

// TestAVisitorsCallThatFailsAtOnce leaves him free to try again.
func TestAVisitorsCallThatFailsAtOnce(t *testing.T) {
	inHouse(t, func(h *floor) {
		p := h.visits("nobody")
		defer p.end(h)
		v := h.chat("hello")
		for range 50 {
			p.Frame(webchat.Visit{Conversation: v.ID, Socket: 1}, "call.start", frame(sdpOne))
			h.wait()
			if got := p.state(v.ID); got != "" {
				t.Fatalf("the call is %q, though nobody was there", got)
			}
		}
		p.Frame(webchat.Visit{Conversation: "v_none", Socket: 1}, "call.start", frame(sdpOne))
		h.wait()
	})
}

func TestAVisitorIsRung(t *testing.T) {
	inHouse(t, func(h *floor) {
		far, p := h.far("far"), h.visits("far")
		defer p.end(h)
		v := h.chat("hello")
		visit := webchat.Visit{Conversation: v.ID, Socket: 1}
		if h.ex.registered(visitorUser + v.ID) {
			t.Fatal("a phone without a page")
		}
		p.Frame(visit, "call.here", frame(""))
		h.wait()
		if !h.ex.registered(visitorUser + v.ID) {
			t.Fatal("the visitor has no phone")
		}
		for _, c := range []struct {
			kind   string
			status int
		}{{"call.hangup", 603}, {"call.answer", 200}} {
			call, err := far.Dial(softphone.Dialling{To: visitorUser + v.ID, SDP: sdpOne})
			if err != nil {
				t.Fatal(err)
			}
			h.wait()
			if got := p.state(v.ID); got != "ringing" {
				t.Fatalf("the call is %q", got)
			}
			p.Frame(visit, c.kind, frame(sdpTwo))
			h.wait()
			if c.status == 603 {
				if e := next[softphone.Ended](h, far); e.Call != call || e.Status != 603 {
					t.Errorf("got %+v, want 603", e)
				}
				continue
			}
			if a := next[softphone.Answered](h, far); a.Call != call || a.SDP != sdpTwo {
				t.Errorf("got %+v", a)
			}
		}
		if _, err := far.Dial(softphone.Dialling{To: visitorUser + v.ID, SDP: sdpOne}); err != nil {
			t.Fatal(err)
		}
		if e := next[softphone.Ended](h, far); e.Status != 486 {
			t.Errorf("a second call: got %+v, want 486", e)
		}
	})
}

func TestAVisitorsPhoneEndsAfterItsPage(t *testing.T) {
	inHouse(t, func(h *floor) {
		p := h.visits("far")
		defer p.end(h)
		v := h.chat("hello")
		old, now := webchat.Visit{Conversation: v.ID, Socket: 1}, webchat.Visit{Conversation: v.ID, Socket: 2}
		p.Frame(old, "call.here", frame(""))
		p.Frame(now, "call.here", frame(""))
		p.Gone(old) // the page was loaded again
		time.Sleep(2 * pageGrace)
		h.wait()
		if got := p.state(v.ID); got != "" {
			t.Fatalf("%s, though a page is there", got)
		}
		p.Gone(now)
		p.Gone(webchat.Visit{Conversation: "v_none"})
		time.Sleep(2 * pageGrace)
		h.wait()
		if got := p.state(v.ID); got != "no phone" || h.ex.registered(visitorUser+v.ID) {
			t.Fatalf("%s, though no page is there", got)
		}
		p.Frame(now, "call.here", frame(""))
		h.wait()
		if got := p.state(v.ID); got != "" {
			t.Fatalf("%s for the page that came back", got)
		}
		p.close()
		if p.Frame(webchat.Visit{Conversation: "v_late"}, "call.here", frame("")); p.state("v_late") != "no phone" {
			t.Error("a phone is opened at the end")
		}
	})
}
