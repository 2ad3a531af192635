package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tandem/digital"
	"tandem/ivr/flow"
	"tandem/sip/b2bua"
	"tandem/store"
	"tandem/store/journey"
)

// This file is links that a flow sends by text message: whoever opens one goes on in the chat of the same record.

// link is what is to be sent.
type link struct{ record, to, text string }

// Why no link was sent.
var (
	errNoConsent = errors.New("the customer wants no messages")
	errNoTexts   = errors.New("no text messages are configured")
)

// linkWord is such a reason as a flow knows it.
func linkWord(err error) string {
	if errors.Is(err, errNoConsent) {
		return flow.ExitNoConsent
	}
	return flow.ExitFailed
}

// linkLimits bounds the links that flows send: a caller's number may be anybody's.
var linkLimits = textLimits{number: 5, asker: 5, all: 3000}

// chatURL opens the chat with a token.
func (g *site) chatURL(token string) string { return g.public() + "/chat#token=" + token }

// sendLink issues a token and sends it. The text is durable, and with the adapter, when it returns nil.
func (g *site) sendLink(l link) error {
	number, err := e164(l.to, g.cfg.Country)
	switch {
	case err != nil:
		return err
	case g.optedOut == nil:
		return errNoTexts
	case g.optedOut(number):
		return errNoConsent
	}
	now := time.Now()
	if err := g.links.take(number, l.record, now); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), callbackTime)
	defer cancel()
	t := store.Token{Text: store.NewToken(), Record: l.record, Channels: []journey.Channel{journey.Chat}, Strength: journey.Claimed,
		Expires: now.Add(store.TokenForMessage), Uses: 1, By: "flow", At: now}
	if _, err := store.AppendWait(ctx, g.store, store.Batch{Tokens: []store.Token{t}, Now: true}); err != nil {
		return fmt.Errorf("token of record %s: %w", l.record, err)
	}
	out := digital.Outreach{
		Channel: journey.SMS, To: journey.Identity{Type: journey.Tel, Value: number, Strength: journey.Claimed, Source: "flow"}, From: g.sender(number),
		Record: l.record, ID: store.TokenName(t.Text), Text: strings.Replace(l.text, flow.LinkMark, g.chatURL(t.Text), 1),
	}
	r, err := answered(func(done func(digital.Receipt)) error { return g.hub.Start(out, done) })
	if err == nil {
		err = r.Err
	}
	return err
}

// linkDoor sends links for calls.
type linkDoor struct{ g *site }

// Link implements b2bua.Links: it is sent beside the call, and as many at once as wishes for callbacks.
func (d linkDoor) Link(w b2bua.LinkWish) error {
	return d.g.callbacks.wishes.run(func() { // bounded by callbackTime
		answer := b2bua.LinkAnswer{ID: w.ID}
		if err := d.g.sendLink(link{record: w.Record, to: w.To, text: w.Text}); err != nil {
			answer.Why = linkWord(err)
			d.g.log.Warn("link not sent", "call", w.Call, "record", w.Record, "err", err)
		}
		d.g.calls.Post(w.Call, answer)
	})
}
