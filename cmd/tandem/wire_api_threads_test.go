package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"tandem/digital/api"
	"tandem/sip/b2bua"
	"tandem/store"
	"tandem/store/journey"
)

// TestWhatAnOpenerAsksFor: his thread, topic and queue count, or he hears that they cannot.
func TestWhatAnOpenerAsksFor(t *testing.T) {
	inHouse(t, func(h *floor) {
		w, ctx := apiWords{h.g}, context.Background()
		open := func(o api.OpenConversation) api.Conversation {
			t.Helper()
			o.Channel, o.Actor, o.Address = "chat", "token:crm", map[string]string{"tel": "+4930123456"}
			c, err := w.OpenConversation(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			h.settle()
			if c, err = w.ShowConversation(ctx, c.ID); err != nil {
				t.Fatal(err)
			}
			return c
		}
		var queues []string
		for name := range h.g.cfg.Queues {
			queues = append(queues, name)
		}
		for _, queue := range queues {
			c := open(api.OpenConversation{Topic: "bill " + queue, Queue: queue})
			if c.Queue != queue {
				t.Errorf("opened for %s, waits in %q: %+v", queue, c.Queue, c)
			}
			if r, err := h.g.store.Record(c.Record); err != nil || r.Topic != "bill "+queue {
				t.Errorf("got %+v, %v, want the topic", r, err)
			}
			list, _, err := w.ListConversations(ctx, api.ConversationFilter{Queue: queue}, api.Page{Limit: 10})
			if err != nil || len(list) != 1 || list[0].ID != c.ID || list[0].Queue != queue {
				t.Errorf("in %s are %+v, %v", queue, list, err)
			}
		}
		if list, _, err := w.ListConversations(ctx, api.ConversationFilter{Queue: "none"}, api.Page{Limit: 10}); err != nil || len(list) != 0 {
			t.Errorf("in no queue are %+v, %v", list, err)
		}
		first := open(api.OpenConversation{Thread: "ticket 7", Text: "hello"})
		if again := open(api.OpenConversation{Thread: "ticket 7", Text: "hello"}); again.ID != first.ID || again.Seq <= first.Seq {
			t.Errorf("the thread goes on as %+v, was %+v", again, first)
		}
		if other := open(api.OpenConversation{Thread: "ticket 8"}); other.ID == first.ID {
			t.Error("two threads are one conversation")
		}
		if err := w.CloseConversation(ctx, first.ID, "over"); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if next := open(api.OpenConversation{Thread: "ticket 7"}); next.ID == first.ID {
			t.Error("a closed thread goes on")
		}
		for what, o := range map[string]api.OpenConversation{"queue": {Channel: "chat", Queue: "none"}, "data": {Channel: "chat", Data: map[string]string{"": "x"}}} {
			if _, err := w.OpenConversation(ctx, o); !errors.Is(err, api.ErrInvalid) {
				t.Errorf("%s: got %v, want %v", what, err, api.ErrInvalid)
			}
		}
	})
}

// TestALinkTokenIsUsed: it gives its record once, over its address alone.
func TestALinkTokenIsUsed(t *testing.T) {
	st, ctx := openMemory(t), context.Background()
	g := &site{store: st, cfg: floorConfig(), log: discard}
	found, err := store.ResolveWait(ctx, st, store.Contact{Channel: journey.SMS, At: time.Now(), Identities: []journey.Identity{{Type: journey.Tel, Value: "+4930123456"}}})
	if err != nil {
		t.Fatal(err)
	}
	link, err := apiMatters{g}.IssueLink(ctx, api.NewLink{Record: found.Record, Purpose: "call"})
	if err != nil {
		t.Fatal(err)
	}
	if record, err := g.useLink(ctx, link.Token, "token:crm", journey.Voice); err != nil || record != found.Record {
		t.Errorf("got %q, %v, want %q", record, err, found.Record)
	}
	for _, token := range []string{link.Token, store.NewToken()} {
		if _, err := g.useLink(ctx, token, "token:crm", journey.Voice); !errors.Is(err, api.ErrInvalid) {
			t.Errorf("used and unknown: got %v, want %v", err, api.ErrInvalid)
		}
	}
	bound, err := apiMatters{g}.IssueLink(ctx, api.NewLink{Record: found.Record, Purpose: "call", Identity: "+4930123456"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.useLink(ctx, bound.Token, "token:crm", journey.Voice); !errors.Is(err, api.ErrInvalid) {
		t.Errorf("a bound link is taken from anybody: %v", err)
	}
	if _, err := (apiMatters{g}).IssueLink(ctx, api.NewLink{Record: found.Record, Identity: "anna"}); !errors.Is(err, api.ErrInvalid) {
		t.Errorf("got %v, want %v", err, api.ErrInvalid)
	}
}

// TestWhatIsShownWithAnItem: what a click-to-call brings stands in its item.
func TestWhatIsShownWithAnItem(t *testing.T) {
	for _, a := range (shownScript{queueScript{"sales", "music"}, map[string]string{"page": "/cart"}}).Step(b2bua.Answered{}, time.Time{}) {
		if e, ok := a.(b2bua.Enqueue); ok && e.Queue == "sales" && e.Attributes["page"] == "/cart" {
			return
		}
	}
	t.Error("the item does not have it")
}
