package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/callback"
	"tandem/digital/wording"
	"tandem/sip/b2bua"
)

// callable reads a number that a customer has written, in E.164; false if it is none, or none that a trunk takes.
func (g *site) callable(text string) (number string, ok bool) {
	number, err := e164(digits(text, "+0123456789"), g.cfg.Country)
	if err != nil {
		return "", false
	}
	_, ok = g.callbacks.dial(number)
	return number, ok
}

// bookConversation books what a conversation wishes: its waiting item becomes a callback in its place, or there is a new one.
func (g *site) bookConversation(w digital.CallbackWanted) digital.WishDone {
	ctx, cancel := context.WithTimeout(context.Background(), callbackTime)
	defer cancel()
	done := digital.WishDone{ID: w.ID, Item: w.Item}
	if err := g.proveChat(ctx, w); err != nil {
		done.Err, done.Text = err, g.say.In(w.Language, notBooked(err))
		if w.Code == "" && errors.Is(err, errProve) {
			done.Text = wording.Fill(g.say.In(w.Language, wording.CodeSent), "number", w.Number)
		}
		return done
	}
	r := callback.Request{Record: w.Record, Number: w.Number, Queue: w.Queue, From: w.From, Until: w.Until, Source: callback.ByChat,
		Data: map[string]string{"caller": w.Number}}
	var err error
	ask := func() error {
		r, err = g.askCallback(ctx, r)
		return err
	}
	if w.Item == "" {
		err = ask()
	} else {
		booked := false
		booked, err = g.callbacks.wished(ctx, b2bua.CallbackWish{Item: w.Item}, func(v acd.ItemView) error {
			r.ID, r.Waiting, r.Interaction, r.Queue = w.Item, true, w.Item, v.Item.Queue
			return ask()
		})
		if err == nil && !booked {
			err = digital.ErrFenced // an agent was faster
		}
	}
	if err != nil {
		done.Err, done.Text = err, g.say.In(w.Language, notBooked(err))
		return done
	}
	done.Text = g.promise(ctx, r, w.Language)
	return done
}

// proveChat wants proof of a number that a visitor has written: errProve says that a code is on its way, or was wrong.
func (g *site) proveChat(ctx context.Context, w digital.CallbackWanted) error {
	switch {
	case w.Known || g.cfg.Callbacks.Prove != proveSMS:
		return nil
	case w.Code != "":
		return g.proofs.show(w.Conversation, w.Number, w.Code, time.Now())
	}
	if err := g.sendCode(ctx, w.Conversation, w.Number, w.Conversation, w.Language); err != nil {
		return err
	}
	return errProve
}

// promise says to a customer when he will be called.
func (g *site) promise(ctx context.Context, r callback.Request, language string) string {
	text, pairs := wording.CallTurn, []string{"number", r.Number}
	v, ok, err := g.dispatcher.Item(ctx, r.ID)
	switch {
	case r.From.After(time.Now().Add(time.Minute)):
		text, pairs = wording.CallFrom, append(pairs, "time", r.From.Local().Format("2006-01-02 15:04 MST"))
	case err == nil && ok && v.Estimate.Known && v.Free == 0:
		text, pairs = wording.CallIn, append(pairs, "minutes", strconv.Itoa(max(1, int((v.Estimate.P50+30*time.Second)/time.Minute))))
	case err == nil && ok && v.Position == 1:
		text = wording.CallNext
	case err == nil && ok && v.Position > 1:
		text, pairs = wording.CallPlace, append(pairs, "position", strconv.Itoa(v.Position))
	}
	return wording.Fill(g.say.In(language, text), pairs...)
}
