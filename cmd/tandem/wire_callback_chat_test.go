package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/api"
	"tandem/ivr"
	"tandem/ivr/flow"
	"tandem/sip/b2bua"
	"tandem/store/journey"
)

const callMeBack = `flow: chat
start: wait
steps:
  wait:
    queue: {name: support, max_wait: 30m, callback: "1", announce: {position: false, wait: false}}
    exits: {ended: bye, timeout: bye, refused: bye, closed: bye, callback: booked}
  booked: {play: callback/booked, then: bye}
  bye: {hangup: 16}
`

// chatting lets conversations be answered by a flow; numbers of Germany can be called.
func (h *floor) chatting(text string) {
	h.t.Helper()
	plan, faults := flow.Load([]flow.File{{Name: "chat.yaml", Data: []byte(text)}}, flow.World{})
	if faults.Failed() {
		h.t.Fatal(faults)
	}
	h.g.callbacks.dial = func(number string) (b2bua.Destination, bool) {
		return b2bua.Destination{Number: number}, strings.HasPrefix(number, "+49")
	}
	h.g.router.set = &ivr.Set{Modules: plan.Modules}
	h.g.cfg.Chat.Flow = "chat"
	h.flow = chatRouter{h.g, digital.Defaults().Notices}.Route
}

// visitor is a conversation of a test.
type visitor struct {
	*floor
	conversation string
	said         int
}

// visit opens a chat.
func (h *floor) visit() *visitor {
	h.t.Helper()
	opened := make(chan digital.Opened, 1)
	if err := h.g.hub.Open(digital.Opening{Channel: journey.Chat, Identities: []journey.Identity{{Type: journey.Web, Value: "w_carla", Strength: journey.Claimed}}},
		func(o digital.Opened) { opened <- o }); err != nil {
		h.t.Fatal(err)
	}
	o := <-opened
	if o.Err != nil {
		h.t.Fatal(o.Err)
	}
	h.settle()
	return &visitor{floor: h, conversation: o.Conversation}
}

// writes sends a message.
func (v *visitor) writes(text string) {
	v.t.Helper()
	v.said++
	got := make(chan digital.Receipt, 1)
	in := digital.Inbound{Channel: journey.Chat, Conversation: v.conversation, External: "m" + string(rune('a'+v.said)), Text: text}
	if err := v.g.hub.Receive(in, func(r digital.Receipt) { got <- r }); err != nil {
		v.t.Fatal(err)
	}
	if r := <-got; r.Err != nil {
		v.t.Fatal(r.Err)
	}
	v.settle()
}

// reads are the messages of the house.
func (v *visitor) reads() (list []string) {
	v.t.Helper()
	got := make(chan []digital.Message, 1)
	if err := v.g.hub.Transcript(v.conversation, 0, 100, func(m []digital.Message, err error) { got <- m }); err != nil {
		v.t.Fatal(err)
	}
	for _, m := range <-got {
		if m.From != digital.Customer {
			list = append(list, m.Text)
		}
	}
	return list
}

// TestAChatBecomesACallback: a visitor waits, asks to be called, is asked for a number until it is one, hears when, and keeps place, time and
// record; nobody rings him as a chat any more.
func TestAChatBecomesACallback(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.chatting(callMeBack)
		v := h.visit()
		view, _ := h.g.hub.View(v.conversation)
		before := h.item(view.Item)
		v.writes("Call me back")
		v.writes("my number is in the book")
		v.writes("+44 20 7946 0000") // no trunk goes there
		v.writes("030 / 12 34 56")
		texts := v.reads()
		if want := []string{promptWaiting, promptNumber, promptWrong, promptWrong, "We will call you at +4930123456 as soon as somebody is free: you are next.", "callback/booked"}; !slices.Equal(texts, want) {
			t.Errorf("the visitor reads\n%q, want\n%q", texts, want)
		}
		after := h.item(view.Item)
		if after.Item.Media != acd.Callback || after.Item.Customer != "+4930123456" || !after.T0.Equal(before.T0) || after.Item.Record != view.Record {
			t.Fatalf("the item was %+v\nis %+v", before, after)
		}
		if list, _, err := (apiCallbacks{h.g}).ListCallbacks(context.Background(), "", api.Page{Limit: 10}); err != nil || len(list) != 1 || list[0].Record != view.Record {
			t.Errorf("the list shows %+v, %v", list, err)
		}
		if now, ok := h.g.hub.View(v.conversation); ok && now.Item != "" {
			t.Errorf("the conversation still has %+v", now)
		}
		h.post(acd.Cancel{Item: view.Item})
		if len(h.g.callbacks.live) != 0 {
			t.Errorf("the door remembers %v", h.g.callbacks.live)
		}
	})
}

// TestAChatThatCannotBecomeACallback goes on waiting: no number, a number that has one, an agent who is faster.
func TestAChatThatCannotBecomeACallback(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.chatting(callMeBack)
		v := h.visit()
		view, _ := h.g.hub.View(v.conversation)
		v.writes("1")
		for range maxNumbers {
			v.writes("no")
		}
		if texts := v.reads(); texts[len(texts)-1] != "callback/refused" {
			t.Errorf("the visitor reads %q", texts)
		}
		if _, err := (apiCallbacks{h.g}).RequestCallback(context.Background(), api.CallbackRequest{Number: "+4930123456", Queue: "support"}); err != nil {
			t.Fatal(err)
		}
		h.wait()
		v.writes("1")
		v.writes("+4930123456")
		if texts := v.reads(); !slices.Contains(texts, "You have asked for a callback already. We will call you.") || texts[len(texts)-1] != "callback/refused" {
			t.Errorf("the visitor reads %q", texts)
		}
		if it := h.item(view.Item); it.Item.Media != acd.Chat || it.State != acd.ItemQueued {
			t.Errorf("the item is %+v", it)
		}
		v.writes("1") // he has thought of it, and an agent comes
		h.signIn("anna", "chat")
		if it := h.item(view.Item); it.State != acd.ItemOffered {
			t.Fatalf("the item is %s, want it offered", it.State)
		}
		v.writes("+4930999999")
		if it := h.item(view.Item); it.Item.Media != acd.Chat {
			t.Errorf("an offered chat is %+v", it)
		}
		if h.g.callbacks.owns(view.Item) {
			t.Error("the callbacks have an item that is a chat")
		}
	})
}

// TestASMSNumberIsKnown: who writes a text is called at the number that he writes from.
func TestASMSNumberIsKnown(t *testing.T) {
	s := &chatScript{known: "+4930123456"}
	if got := s.askCallback(7); got != (digital.RequestCallback{ID: 7, Number: "+4930123456", Known: true}) || s.asked != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestWishesAreBounded: more wishes than places are refused at once.
func TestWishesAreBounded(t *testing.T) {
	inHouse(t, func(h *floor) {
		block, w := make(chan struct{}), wishes{h.g}
		for range wishesMost {
			if err := w.later("d_1", func() digital.WishDone { <-block; return digital.WishDone{} }); !errors.Is(err, digital.ErrLater) {
				t.Fatal(err)
			}
		}
		if err := w.CallbackWanted(digital.CallbackWanted{Conversation: "d_1"}); err == nil || errors.Is(err, digital.ErrLater) {
			t.Errorf("got %v, want it refused", err)
		}
		close(block)
		h.wait()
		if err := w.CallbackWanted(digital.CallbackWanted{Conversation: "d_1"}); !errors.Is(err, digital.ErrLater) {
			t.Errorf("got %v, want %v", err, digital.ErrLater)
		}
		h.wait()
	})
}
