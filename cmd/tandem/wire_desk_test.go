package main

import (
	"testing"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/desk"
	"tandem/sip/b2bua"
)

func TestOnePageShowsAnItemAtATime(t *testing.T) {
	inHouse(t, func(h *floor) {
		q := queueDoor{dispatcher: h.g.dispatcher}
		h.signIn("anna", "page")
		if err := q.Enqueue(b2bua.WorkItem{ID: "c_1-1", Call: "c_1", Queue: "support", Caller: "+4930123456", Attributes: map[string]string{"topic": "bill"}}); err != nil {
			t.Fatal(err)
		}
		offers, _, _ := h.held("anna")
		if len(offers) != 1 || offers[0].Who != "+4930123456" || offers[0].Facts["topic"] != "bill" || offers[0].Facts["caller"] != "" || offers[0].Queue != "support" {
			t.Fatalf("got %+v", offers)
		}
		h.post(acd.Accept{Offer: h.calls.offers["c_1-1"].ID, Agent: "anna"})
		if err := q.MediaUp("c_1-1", h.calls.offers["c_1-1"].ID.Epoch); err != nil {
			t.Fatal(err)
		}
		offers, items, _ := h.held("anna")
		if len(offers) != 0 || len(items) != 1 || items[0].State != "active" || items[0].Call != "c_1" || len(items[0].Codes) != 2 {
			t.Fatalf("got %+v %+v, want the item in hand", offers, items)
		}
		h.signIn("ben", "page")
		h.post(acd.Transfer{Item: "c_1-1", Agent: "ben", Keep: true})
		if _, items, _ := h.held("anna"); len(items) != 0 {
			t.Fatalf("anna still shows %+v", items)
		}
		offers, _, _ = h.held("ben")
		if len(offers) != 1 {
			t.Fatalf("ben is offered %+v", offers)
		}
		h.post(acd.Decline{Offer: h.calls.offers["c_1-1"].ID, Agent: "ben", Reason: acd.ReasonReject})
		if offers, _, _ := h.held("ben"); len(offers) == 1 && offers[0].Item == "c_1-1" && h.item("c_1-1").Agent != "ben" {
			t.Fatalf("ben still shows %+v", offers)
		}
		h.post(acd.Cancel{Item: "c_1-1"})
		h.wait()
		for _, agent := range []string{"anna", "ben"} {
			if offers, items, _ := h.held(agent); len(offers)+len(items) != 0 {
				t.Errorf("%s still shows %v %v", agent, offers, items)
			}
		}
		if len(h.g.deskDoor.items) != 0 {
			t.Errorf("the door remembers %v", h.g.deskDoor.items)
		}
	})
}

// TestEachItemIsShownInItsState has an agent with two chats of which one is parted with in two ways: what the dispatcher tells is enough
// for page and conversation.
func TestEachItemIsShownInItsState(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		states := func() map[string]string {
			got := map[string]string{}
			_, items, _ := h.held("anna")
			for _, i := range items {
				got[i.Item] = i.State
			}
			return got
		}
		one, two := h.chat("one"), h.chat("two")
		for _, v := range []digital.View{one, two} {
			h.post(acd.Accept{Offer: acd.OfferID{Item: v.Item, Epoch: 1}, Agent: "anna"})
		}
		if got := states(); len(got) != 2 || got[one.Item] != "active" || got[two.Item] != "active" {
			t.Fatalf("got %v, want both active", got)
		}
		h.post(acd.End{Item: one.Item, By: "customer"})
		if got := states(); got[one.Item] != "wrap-up" || got[two.Item] != "active" {
			t.Errorf("got %v, want one in wrap-up", got)
		}
		h.post(acd.WrapUpDone{Item: one.Item, Disposition: "solved"}, acd.SetState{Agent: "anna"}, acd.AgentLost{Item: two.Item})
		if v, _ := h.g.hub.View(callOfItem(two.Item)); v.Agent != "" || v.State != "waiting" {
			t.Errorf("the conversation is %s at %q, its agent is lost", v.State, v.Agent)
		}
		if got := states(); len(got) != 0 || len(h.g.deskDoor.items) != 0 {
			t.Errorf("still shown: %v, remembered: %v", got, h.g.deskDoor.items)
		}
	})
}

// TestAgentSeesWhoHasLeft: the agent need not write to nobody.
func TestAgentSeesWhoHasLeft(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		v := h.chat("one")
		h.post(acd.Accept{Offer: acd.OfferID{Item: v.Item, Epoch: 1}, Agent: "anna"})
		for n, there := range []bool{true, false, true} {
			if err := h.g.hub.Post(v.ID, digital.CustomerPresent{On: there}); err != nil {
				t.Fatal(err)
			}
			h.wait()
			if _, items, _ := h.held("anna"); len(items) != 1 || items[0].Away == there {
				t.Errorf("%d: got %+v, the customer is there: %v", n, items, there)
			}
		}
	})
}

// TestDeskDoorHearsOfAgentsItemsOnly: what waits is many, and on nobody's page.
func TestDeskDoorHearsOfAgentsItemsOnly(t *testing.T) {
	d := newDeskDoor(deskDoor{log: discard})
	for _, c := range []struct {
		change acd.ItemChanged
		told   int
	}{
		{acd.ItemChanged{State: acd.ItemQueued}, 0}, {acd.ItemChanged{State: acd.ItemDormant}, 0}, {acd.ItemChanged{State: acd.ItemOffered, Agent: "anna"}, 0},
		{acd.ItemChanged{State: acd.ItemConnecting, Agent: "anna"}, 0}, {acd.ItemChanged{State: acd.ItemQueued, Left: "anna"}, 1},
		{acd.ItemChanged{State: acd.ItemWrapUp, Agent: "anna"}, 1},
	} {
		before := len(d.told)
		if d.tellChange(c.change); len(d.told)-before != c.told {
			t.Errorf("%+v: %d told, want %d", c.change, len(d.told)-before, c.told)
		}
	}
}

func TestDeskDoorNeverWaits(t *testing.T) {
	d := newDeskDoor(deskDoor{log: discard})
	for range deskMail + 10 {
		d.tell(acd.ItemChanged{Item: "c_1"})
	}
	if len(d.told) != deskMail {
		t.Errorf("%d wait, want %d", len(d.told), deskMail)
	}
}

func TestWhoIsShown(t *testing.T) {
	d := &deskDoor{}
	for _, c := range []struct {
		it   acd.Item
		want string
	}{
		{acd.Item{Data: map[string]string{"name": "Carla", "caller": "+49301"}}, "Carla"},
		{acd.Item{Data: map[string]string{"caller": "+49301"}, Customer: "k_1"}, "+49301"},
		{acd.Item{Customer: "w_abc"}, "Website visitor"},
		{acd.Item{Data: map[string]string{"caller": visitorUser + "v_1"}}, "Website visitor"},
		{acd.Item{}, ""},
	} {
		if got := d.who(c.it); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.it, got, c.want)
		}
	}
}

var _ desk.Rooms = deskRooms{}
