package main

import (
	"slices"
	"testing"

	"tandem/acd"
)

func TestWhoOwnsAnItem(t *testing.T) {
	calls, others := &notedCalls{}, &words{}
	house := houseDoor{calls: calls, callbacks: &callbackDoor{live: map[string]string{}}, words: others}
	house.callbacks.add("c_9-1") // a call that became a callback
	for item, want := range map[string]acd.Connector{"c_1-1": calls, "b_1": house.callbacks, "c_9-1": house.callbacks, "v_1-1": others, "m_1-1": others, "": others} {
		if got := house.owner(item); got != want {
			t.Errorf("%q: got %T, want %T", item, got, want)
		}
	}
	house.callbacks.drop("c_9-1")
	if got := house.owner("c_9-1"); got != acd.Connector(calls) {
		t.Errorf("got %T, want the calls again", got)
	}
}

func TestTheHouseTellsTheOwnerAndTheDesk(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		q := queueDoor{dispatcher: h.g.dispatcher}
		h.taken(q, "c_1-1", "anna")
		h.post(acd.End{Item: "c_1-1", By: "customer"}, acd.WrapUpDone{Item: "c_1-1", Disposition: "solved"})
		if want := []string{"offer c_1-1", "connect c_1-1", "ended c_1-1"}; !slices.Equal(h.calls.told, want) {
			t.Errorf("the calls heard %v, want %v", h.calls.told, want)
		}
		if offers, items, _ := h.held("anna"); len(offers)+len(items) != 0 {
			t.Errorf("the page still shows %v %v", offers, items)
		}
		h.calls.told = nil
		v := h.chat("hello")
		if len(h.calls.told) != 0 {
			t.Errorf("the calls heard of a conversation: %v", h.calls.told)
		}
		if offers, _, _ := h.held("anna"); len(offers) != 1 || offers[0].Item != v.Item {
			t.Errorf("got offers %v, want the conversation's", offers)
		}
	})
}
