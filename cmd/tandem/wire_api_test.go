package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"tandem/acd"
	"tandem/digital/access"
	"tandem/digital/api"
	"tandem/store"
	"tandem/store/journey"
)

func TestPages(t *testing.T) {
	list := []string{"a", "b", "c", "d"}
	for _, c := range []struct {
		after string
		limit int
		want  string
		next  string
	}{{"", 2, "[a b]", "b"}, {"b", 2, "[c d]", ""}, {"", 4, "[a b c d]", ""}, {"d", 2, "[]", ""}, {"gone", 3, "[a b c]", "c"}, {"c", 9, "[d]", ""}} {
		part, next := pageOf(list, api.Page{After: c.after, Limit: c.limit}, func(s string) string { return s })
		if fmt.Sprint(part) != c.want || next != c.next {
			t.Errorf("after %q, %d: got %v %q, want %s %q", c.after, c.limit, part, next, c.want, c.next)
		}
	}
}

func TestItemsAndAgentsThroughTheAPI(t *testing.T) {
	inHouse(t, func(h *floor) {
		ctx, w := context.Background(), apiWork{h.g}
		h.post(acd.DeviceUsable{Agent: "anna", Device: acd.Phone, Usable: true})
		if a, err := w.SignInAgent(ctx, "anna", true); err != nil || a.State != "available" {
			t.Fatalf("got %+v, %v, want what has come of it", a, err)
		}
		if a, err := w.SetAgentState(ctx, api.AgentState{Agent: "anna", Reason: "lunch"}); err != nil || a.State != "away" || a.Reason != "lunch" {
			t.Fatalf("got %+v, %v", a, err)
		}
		if a, err := w.SignOutAgent(ctx, "anna", "x"); err != nil || a.State != "offline" {
			t.Fatalf("got %+v, %v", a, err)
		}
		q := queueDoor{dispatcher: h.g.dispatcher}
		for n := range 3 {
			if err := enqueue(q, fmt.Sprintf("c_%d-1", n)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		first, next, err := w.ListItems(ctx, "support", api.Page{Limit: 2})
		if err != nil || len(first) != 2 || next != "c_1-1" {
			t.Fatalf("got %+v, %q, %v", first, next, err)
		}
		rest, next, err := w.ListItems(ctx, "support", api.Page{Limit: 2, After: next})
		if err != nil || len(rest) != 1 || rest[0].ID != "c_2-1" || next != "" {
			t.Fatalf("got %+v, %q, %v", rest, next, err)
		}
		if d, err := w.ShowQueue(ctx, "support", 10); err != nil || d.Waiting != 3 || len(d.Items) != 3 {
			t.Errorf("got %+v, %v", d, err)
		}
		if x, err := w.WhyItem(ctx, "c_0-1"); err != nil || x.Waiting == "" {
			t.Errorf("got %+v, %v", x, err)
		}
		for what, err := range map[string]error{
			"queue": second(w.ShowQueue(ctx, "none", 1)), "agent": second(w.ShowAgent(ctx, "none")), "item": second(w.ShowItem(ctx, "none")), "why": second(w.WhyItem(ctx, "none")),
			"cancel": w.CancelItem(ctx, "none", ""), "transfer": second(w.TransferItem(ctx, api.ItemTransfer{Item: "none"})), "state": second(w.SetAgentState(ctx, api.AgentState{Agent: "none"})),
		} {
			if !errors.Is(err, api.ErrNotFound) {
				t.Errorf("%s: got %v, want %v", what, err, api.ErrNotFound)
			}
		}
		for _, x := range []api.ItemTransfer{{Item: "c_0-1", Queue: "none"}, {Item: "c_0-1", Agent: "nobody"}} {
			if _, err := w.TransferItem(ctx, x); !errors.Is(err, api.ErrInvalid) {
				t.Errorf("%+v: got %v, want %v", x, err, api.ErrInvalid)
			}
		}
		if err := w.CancelItem(ctx, "c_0-1", "wrong number"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if h.calls.ended["c_0-1"] != acd.ItemCancelled {
			t.Errorf("got %v", h.calls.ended)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestConversationsThroughTheAPI(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		v := h.chat("hello")
		h.accepted("anna")
		w := apiWords{h.g}
		as := func(role access.Role, agent string) context.Context {
			return access.With(context.Background(), access.Principal{User: agent, Role: role, Agent: agent})
		}
		for what, c := range map[string]struct {
			ctx  context.Context
			want error
		}{"her own": {as(access.Agent, "anna"), nil}, "another's": {as(access.Agent, "ben"), api.ErrDenied}, "of nobody": {as(access.Agent, ""), api.ErrDenied},
			"an integrator": {as(access.Integrator, ""), nil}, "the house": {context.Background(), nil}} {
			if _, err := w.Messages(c.ctx, v.ID, 0, 10); !errors.Is(err, c.want) {
				t.Errorf("%s: read: got %v, want %v", what, err, c.want)
			}
			if _, err := w.SendMessage(c.ctx, api.NewMessage{Conversation: v.ID, ID: what, From: "agent", Text: "hi"}); !errors.Is(err, c.want) {
				t.Errorf("%s: write: got %v, want %v", what, err, c.want)
			}
		}
		for want, f := range map[int]api.ConversationFilter{1: {Agent: "anna", Channel: "chat"}, 0: {Agent: "ben"}} {
			if list, _, err := w.ListConversations(context.Background(), f, api.Page{Limit: 10}); err != nil || len(list) != want {
				t.Errorf("%+v: got %+v, %v, want %d", f, list, err, want)
			}
		}
		if _, err := w.ShowConversation(context.Background(), "v_none"); !errors.Is(err, api.ErrNotFound) {
			t.Errorf("got %v, want %v", err, api.ErrNotFound)
		}
		opened, err := w.OpenConversation(context.Background(), api.OpenConversation{Channel: "chat", Name: "Dora", Address: map[string]string{"tel": "+4930123456"}, Text: "first words", Actor: "crm"})
		if err != nil {
			t.Fatal(err)
		}
		h.settle()
		if list, err := w.Messages(context.Background(), opened.ID, 0, 10); err != nil || len(list) == 0 {
			t.Errorf("got %+v, %v", list, err)
		}
		if _, err := w.OpenConversation(context.Background(), api.OpenConversation{Channel: "chat", Address: map[string]string{"tel": "anna"}}); !errors.Is(err, api.ErrInvalid) {
			t.Errorf("got %v, want %v", err, api.ErrInvalid)
		}
		if err := w.CloseConversation(context.Background(), opened.ID, "over"); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if c, err := w.ShowConversation(context.Background(), opened.ID); err != nil || c.State != "closed" {
			t.Errorf("got %+v, %v, want it closed", c, err)
		}
	})
}

func TestMattersThroughTheAPI(t *testing.T) {
	st, ctx := openMemory(t), context.Background()
	found, err := store.ResolveWait(ctx, st, store.Contact{Channel: journey.SMS, At: time.Now(), Identities: []journey.Identity{{Type: journey.Tel, Value: "+4930123456", Strength: journey.Attested}}})
	if err != nil {
		t.Fatal(err)
	}
	m := apiMatters{&site{store: st, cfg: floorConfig(), log: discard}}
	r, err := m.SetAttributes(ctx, api.AttributeChange{Record: found.Record, Set: map[string]string{"topic": "bill"}, By: "crm"})
	if err != nil || r.Attributes["topic"] != "bill" {
		t.Fatalf("got %+v, %v", r, err)
	}
	if _, err := m.SetAttributes(ctx, api.AttributeChange{Record: found.Record, Seq: r.Seq + 7, Set: map[string]string{"topic": "x"}}); !errors.Is(err, api.ErrVersion) {
		t.Errorf("got %v, want %v", err, api.ErrVersion)
	}
	won := 0
	var work sync.WaitGroup
	results := make(chan error, 8)
	for i := range cap(results) { // all have read the same version
		work.Go(func() {
			_, err := m.SetAttributes(ctx, api.AttributeChange{Record: found.Record, Seq: r.Seq, Set: map[string]string{"who": strconv.Itoa(i)}, By: "crm"})
			results <- err
		})
	}
	work.Wait()
	for range cap(results) {
		switch err := <-results; {
		case err == nil:
			won++
		case !errors.Is(err, api.ErrVersion):
			t.Errorf("got %v, want %v", err, api.ErrVersion)
		}
	}
	if won != 1 {
		t.Errorf("%d of those who had read the same version have written, want 1", won)
	}
	if e, err := m.Timeline(ctx, found.Record, 0, 10); err != nil || len(e) == 0 || e[len(e)-1].Actor != "crm" {
		t.Errorf("got %+v, %v", e, err)
	}
	link, err := m.IssueLink(ctx, api.NewLink{Record: found.Record, Purpose: "message", Strength: "attested"})
	if err != nil || link.Uses != 1 || time.Until(link.Expires) > store.TokenForMessage {
		t.Fatalf("got %+v, %v", link, err)
	}
	again, err := store.ResolveWait(ctx, st, store.Contact{Channel: journey.Chat, At: time.Now(), Token: link.Token})
	if err != nil || again.Record != found.Record {
		t.Errorf("the link leads to %+v, %v", again, err)
	}
	if x, err := m.ExportCustomer(ctx, found.Customer, "admin"); err != nil || len(x.Data) < 3 || x.Data[0] != '[' {
		t.Errorf("got %s, %v", x.Data, err)
	}
	if r, err := m.CloseRecord(ctx, api.RecordClose{Record: found.Record, Outcome: "solved", Note: "n", By: "anna"}); err != nil || r.State != string(journey.Closed) || r.Outcome != "solved" {
		t.Errorf("got %+v, %v", r, err)
	}
	for what, err := range map[string]error{
		"record": second(m.ShowRecord(ctx, "r_none")), "timeline": second(m.Timeline(ctx, "r_none", 0, 1)), "attributes": second(m.SetAttributes(ctx, api.AttributeChange{Record: "r_none"})),
		"close": second(m.CloseRecord(ctx, api.RecordClose{Record: "r_none"})), "customer": second(m.ShowCustomer(ctx, "k_none")), "erase": second(m.EraseCustomer(ctx, "k_none", "")),
		"merge": second(m.MergeCustomers(ctx, api.Merge{Into: "k_none", Other: "k_none2"})), "link": second(m.IssueLink(ctx, api.NewLink{Record: "r_none"})),
	} {
		if !errors.Is(err, api.ErrNotFound) {
			t.Errorf("%s: got %v, want %v", what, err, api.ErrNotFound)
		}
	}
	for word, want := range map[string]journey.Strength{"attested": journey.Attested, "authenticated": journey.Authenticated, "claimed": journey.Claimed, "": journey.Claimed, "x": journey.Claimed} {
		if got := strengthOf(word); got != want {
			t.Errorf("%q: got %v, want %v", word, got, want)
		}
	}
}
