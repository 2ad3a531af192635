package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/digital"
	"tandem/ivr/flow"
	"tandem/store"
	"tandem/store/journey"
)

// caller is the record of somebody who has called.
func (h *floor) caller(number string) string {
	h.t.Helper()
	ctx := context.Background()
	id := journey.Identity{Type: journey.Tel, Value: number, Strength: journey.Attested, Source: "sip"}
	r, err := store.ResolveWait(ctx, h.g.store, store.Contact{Channel: journey.Voice, At: time.Now(), Identities: []journey.Identity{id}})
	if err != nil {
		h.t.Fatal(err)
	}
	ev := journey.Event{Record: r.Record, At: time.Now(), Kind: journey.InteractionStarted, Channel: journey.Voice, Interaction: "c_1", Actor: "caller", Data: map[string]string{"called": "1000"}}
	if _, err := store.AppendWait(ctx, h.g.store, store.Batch{Events: []journey.Event{ev}, Now: true}); err != nil {
		h.t.Fatal(err)
	}
	return r.Record
}

// linked is the token in the last text that went to a customer of a record.
func (h *floor) linked(record string) (token string) {
	h.t.Helper()
	h.settle()
	events, err := h.g.store.Timeline(record, 0, store.MaxRead)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, ev := range events {
		if _, after, ok := strings.Cut(ev.Data[journey.DataText], "/chat#token="); ok {
			token, _, _ = strings.Cut(after, " ")
		}
	}
	return token
}

// opens opens a chat with a token, and tells whose record it is.
func (h *floor) opens(token string) string {
	h.t.Helper()
	opened := make(chan digital.Opened, 1)
	visitor := journey.Identity{Type: journey.Web, Value: "w_" + store.NewToken(), Strength: journey.Claimed}
	if err := h.g.hub.Open(digital.Opening{Channel: journey.Chat, Token: token, Identities: []journey.Identity{visitor}}, func(o digital.Opened) { opened <- o }); err != nil {
		h.t.Fatal(err)
	}
	o := <-opened
	if o.Err != nil {
		h.t.Fatal(o.Err)
	}
	h.settle()
	return o.Record
}

// TestALinkOpensTheChatOfACall in the record of the caller, with what has happened in it, once.
func TestALinkOpensTheChatOfACall(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.g.cfg.HTTP.Public = "https://tandem.example"
		h.g.optedOut = func(string) bool { return false }
		record := h.caller("+4930123456")
		if err := h.g.sendLink(link{record: record, to: "030 123456", text: "Go on here: {link} "}); err != nil {
			t.Fatal(err)
		}
		token := h.linked(record)
		if token == "" {
			t.Fatal("no text with a link is in the record")
		}
		if got := h.opens(token); got != record {
			t.Errorf("the chat is of record %s, want %s", got, record)
		}
		events, err := h.g.store.Timeline(record, 0, store.MaxRead)
		if err != nil {
			t.Fatal(err)
		}
		var story []string
		for _, ev := range events {
			switch ev.Kind {
			case journey.InteractionStarted, journey.TokenIssued, journey.TokenUsed, journey.MessageOut, journey.ConversationOpened:
				story = append(story, string(ev.Channel)+" "+string(ev.Kind))
			}
		}
		if got := strings.Join(story, ", "); !strings.HasPrefix(got, "voice interaction-started") || !strings.Contains(got, "sms message-out") ||
			!strings.Contains(got, "chat conversation-opened") {
			t.Errorf("the record tells %s", got)
		}
		if got := h.opens(token); got == record {
			t.Error("a link is good twice")
		}
	})
}

func TestALinkThatIsNotSent(t *testing.T) {
	inHouse(t, func(h *floor) {
		record := h.caller("+4930123456")
		for _, c := range []struct {
			name, to string
			opted    func(string) bool
			want     string
		}{
			{"no texts", "+4930123456", nil, flow.ExitFailed},
			{"no number", "anonymous", func(string) bool { return false }, flow.ExitFailed},
			{"wants none", "+4930123456", func(n string) bool { return n == "+4930123456" }, flow.ExitNoConsent},
		} {
			h.g.optedOut = c.opted
			err := h.g.sendLink(link{record: record, to: c.to, text: "{link}"})
			if err == nil || linkWord(err) != c.want {
				t.Errorf("%s: got %v, want %s", c.name, err, c.want)
			}
		}
		if token := h.linked(record); token != "" {
			t.Error("a text went out")
		}
		h.g.optedOut = func(string) bool { return false }
		for range linkLimits.number {
			if err := h.g.links.take("+4930123457", "", time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.g.sendLink(link{record: record, to: "+4930123457", text: "{link}"}); !errors.Is(err, errTextRate) || linkWord(err) != flow.ExitFailed {
			t.Errorf("got %v, want %v", err, errTextRate)
		}
		if err := h.g.sendLink(link{record: "r_none", to: "+4930123456", text: "{link}"}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("got %v, want %v", err, store.ErrNotFound)
		}
	})
}
