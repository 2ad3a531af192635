package main

import (
	"errors"
	"slices"
	"testing"

	"tandem/acd"
	"tandem/digital/desk"
)

// accepted lets an agent take a conversation from his page.
func (h *floor) accepted(agent string) desk.Item {
	h.t.Helper()
	offers, _, _ := h.held(agent)
	if len(offers) != 1 {
		h.t.Fatalf("%s is offered %+v, want one", agent, offers)
	}
	if err := h.rooms().Accept(agent, offers[0].Offer, ""); err != nil {
		h.t.Fatal(err)
	}
	h.settle()
	_, items, _ := h.held(agent)
	if len(items) != 1 || items[0].State != "active" {
		h.t.Fatalf("%s has %+v, want it active", agent, items)
	}
	return items[0]
}

// TestAnAgentTouchesOnlyWhatIsHis lets ben try everything with a conversation that anna has.
func TestAnAgentTouchesOnlyWhatIsHis(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		v := h.chat("hello")
		it, r := h.accepted("anna"), h.rooms()
		h.signIn("ben", "page")
		ben := desk.Person{User: "ben", Agent: "ben", Role: desk.RoleAgent}
		for what, try := range map[string]func() error{
			"say":        func() error { return r.Say("ben", v.ID, "x1", "mine", "") },
			"typing":     func() error { return r.Typing("ben", v.ID, true) },
			"read":       func() error { return r.Read("ben", v.ID, 1) },
			"transcript": func() error { _, err := r.Transcript(ben, v.ID, 0); return err },
			"nobody":     func() error { _, err := r.Transcript(desk.Person{Role: desk.RoleAgent}, v.ID, 0); return err },
			"old words":  func() error { _, err := r.Transcript(ben, "v_elsewhere", 0); return err },
			"story":      func() error { _, err := r.Story(ben, v.Record); return err },
			"end":        func() error { return r.EndItem("ben", it.Item) },
			"move":       func() error { return r.MoveItem("ben", it.Item, "queue:sales") },
			"wrap-up":    func() error { return r.WrapUp("ben", it.Item, "solved", "") },
			"note":       func() error { return r.Note("ben", v.Record, "x") },
			"text":       func() error { return r.SMS("ben", v.Record, "+4930123456", "x2", "hi") },
			"ring":       func() error { _, err := r.Dial("ben", "conv:"+v.ID, "", sdpOne); return err },
			"ring phone": func() error { _, err := r.Dial("ben", "visitor-"+v.ID, "", sdpOne); return err },
			"record":     func() error { _, err := r.Dial("ben", "1000", v.Record, sdpOne); return err },
		} {
			if err := try(); !errors.Is(err, desk.ErrDenied) {
				t.Errorf("%s: got %v, want %v", what, err, desk.ErrDenied)
			}
		}
		anna := desk.Person{User: "anna", Agent: "anna", Role: desk.RoleAgent}
		for what, try := range map[string]func() error{
			"say":        func() error { return r.Say("anna", v.ID, "x1", "good morning", "") },
			"typing":     func() error { return r.Typing("anna", v.ID, true) },
			"read":       func() error { return r.Read("anna", v.ID, 1) },
			"transcript": func() error { _, err := r.Transcript(anna, v.ID, 0); return err },
			"watch":      func() error { _, err := r.Transcript(desk.Person{Role: desk.RoleSupervisor}, v.ID, 0); return err },
			"story":      func() error { _, err := r.Story(anna, v.Record); return err },
			"all":        func() error { _, err := r.Story(desk.Person{Role: desk.RoleAdmin}, v.Record); return err },
			"note":       func() error { return r.Note("anna", v.Record, "x") },
			"ring":       func() error { _, err := r.Dial("anna", "conv:"+v.ID, v.Record, sdpOne); return err },
		} {
			if err := try(); err != nil {
				t.Errorf("anna: %s: %v", what, err)
			}
		}
	})
}

func TestAConversationFromOfferToOutcome(t *testing.T) {
	inHouse(t, func(h *floor) {
		v := h.chat("hello")
		h.signIn("anna", "page")
		if offers, _, _ := h.held("anna"); len(offers) != 1 || !slices.ContainsFunc(offers[0].Last, func(m desk.Message) bool { return m.Text == "hello" }) || offers[0].Record != v.Record {
			t.Fatalf("got %+v, want the offer with its words", offers)
		}
		it, r := h.accepted("anna"), h.rooms()
		if it.Conversation != v.ID {
			t.Errorf("got %+v, want conversation %s", it, v.ID)
		}
		if err := r.Say("anna", v.ID, "a1", "good morning", ""); err != nil {
			t.Fatal(err)
		}
		list, err := r.Transcript(desk.Person{Agent: "anna"}, v.ID, 0)
		if err != nil || list[len(list)-1].Text != "good morning" {
			t.Fatalf("got %+v, %v", list, err)
		}
		if err := r.EndItem("anna", it.Item); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if _, items, _ := h.held("anna"); len(items) != 1 || items[0].State != "wrap-up" {
			t.Fatalf("got %+v, want wrap-up", items)
		}
		if err := r.WrapUp("anna", it.Item, "no such code", "n"); !errors.Is(err, desk.ErrInvalid) {
			t.Errorf("got %v, want %v", err, desk.ErrInvalid)
		}
		if err := r.WrapUp("anna", it.Item, "solved", "was easy"); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if _, items, _ := h.held("anna"); len(items) != 0 {
			t.Fatalf("left: %+v", items)
		}
		if err := r.WrapUp("anna", it.Item, "solved", ""); !errors.Is(err, desk.ErrGone) {
			t.Errorf("got %v, want %v", err, desk.ErrGone)
		}
		if _, err := r.Transcript(desk.Person{Agent: "anna", Role: desk.RoleAgent}, v.ID, 0); !errors.Is(err, desk.ErrDenied) && !ownsStill(h, v.ID) {
			t.Errorf("got %v, want %v once it is over", err, desk.ErrDenied)
		}
	})
}

func ownsStill(h *floor, conversation string) bool {
	v, _ := h.g.hub.View(conversation)
	return v.Agent == "anna"
}

func TestARejectedOfferLeavesThePage(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		h.chat("hello")
		offers, _, _ := h.held("anna")
		if err := h.rooms().Reject("ben", offers[0].Offer); !errors.Is(err, desk.ErrGone) {
			t.Errorf("ben rejects anna's offer: %v", err)
		}
		if err := h.rooms().Accept("ben", offers[0].Offer, ""); !errors.Is(err, desk.ErrGone) {
			t.Errorf("ben accepts anna's offer: %v", err)
		}
		if err := h.rooms().Reject("anna", offers[0].Offer); err != nil {
			t.Fatal(err)
		}
		now, _, _ := h.held("anna")
		for _, o := range now {
			if o.Offer == offers[0].Offer {
				t.Errorf("the page still shows %+v", o)
			}
		}
	})
}

func TestAVoiceOfferIsAnsweredAtItsPhone(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		if err := enqueue(queueDoor{dispatcher: h.g.dispatcher}, "c_1-1"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if err := h.rooms().Accept("anna", h.calls.offers["c_1-1"].ID.String(), sdpOne); !errors.Is(err, desk.ErrRefused) {
			t.Errorf("got %v, want %v where nothing rings", err, desk.ErrRefused)
		}
	})
}

func TestStatesOfAnAgent(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.post(acd.DeviceUsable{Agent: "anna", Device: acd.Phone, Usable: true})
		for _, c := range []struct{ set, reason, want string }{{"away", "", "away"}, {"available", "", "available"}, {"away", "lunch", "away"},
			{"available", "", "available"}, {"offline", "", "offline"}, {"available", "", "available"}} {
			if err := h.rooms().SetState("anna", c.set, c.reason); err != nil {
				t.Fatal(err)
			}
			h.wait()
			if v, ok := h.rooms().view("anna"); !ok || v.State != c.want || c.reason != "" && v.Reason != c.reason {
				t.Errorf("%s %s: got %+v", c.set, c.reason, v)
			}
		}
		if err := h.rooms().SetState("anna", "sleeping", ""); !errors.Is(err, desk.ErrInvalid) {
			t.Errorf("got %v, want %v", err, desk.ErrInvalid)
		}
		queues, agents, err := h.rooms().Board()
		if err != nil || len(queues) != 2 || len(agents) != 2 || queues[0].Level != -1 {
			t.Errorf("got %+v %+v %v", queues, agents, err)
		}
	})
}

func TestTransferTargets(t *testing.T) {
	for to, want := range map[string]acd.Transfer{"queue:sales": {Item: "i", Queue: "sales", Keep: true}, "agent:ben": {Item: "i", Agent: "ben", Keep: true}} {
		if got, err := transferOf("i", to); err != nil || got != want {
			t.Errorf("%q: got %+v, %v", to, got, err)
		}
	}
	for _, to := range []string{"", "queue:", "agent:", "ben", "+4930123"} {
		if _, err := transferOf("i", to); !errors.Is(err, desk.ErrInvalid) {
			t.Errorf("%q: got %v, want %v", to, err, desk.ErrInvalid)
		}
	}
}
