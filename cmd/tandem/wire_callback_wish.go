package main

import (
	"context"
	"errors"
	"time"

	"tandem/acd"
	"tandem/digital/callback"
	"tandem/sip/b2bua"
)

// callbackTime bounds how long a waiting caller's wish may take, callbackLook is how often the dispatcher is asked meanwhile.
const (
	callbackTime = 5 * time.Second
	callbackLook = 5 * time.Millisecond
)

// bookCallback makes the item of a waiting caller a callback in its place, and tells the call.
func (g *site) bookCallback(w b2bua.CallbackWish) {
	ctx, cancel := context.WithTimeout(context.Background(), callbackTime)
	defer cancel()
	answer := b2bua.CallbackAnswer{Item: w.Item, Booked: true}
	v, ok, err := g.dispatcher.Item(ctx, w.Item)
	if err == nil && ok {
		_, err = g.askCallback(ctx, callback.Request{ID: w.Item, Waiting: true, Record: w.Record, Interaction: w.Item, Number: w.Number, Queue: v.Item.Queue,
			Source: callback.ByIVR, Data: map[string]string{"caller": w.Number}})
	}
	if err == nil && ok {
		ok, err = g.converted(ctx, w.Item)
	}
	var refused callback.RefusedError
	switch {
	case errors.As(err, &refused):
		answer.Booked, answer.Why = false, refused.Reason
	case err != nil || !ok:
		answer.Booked, answer.Why = false, "failed"
	}
	if !g.calls.Post(w.Call, answer) && answer.Booked {
		g.log.Info("caller left before the callback was told", "call", w.Call, "item", w.Item)
	}
}

// converted waits until the dispatcher has taken or rejected what the planner has booked: it may have offered the caller to an agent
// before, or the caller has left.
func (g *site) converted(ctx context.Context, item string) (bool, error) {
	look := time.NewTicker(callbackLook)
	defer look.Stop()
	for {
		v, ok, err := g.dispatcher.Item(ctx, item)
		switch {
		case err != nil || !ok || !g.callbacks.owns(item):
			return false, err
		case v.Item.Media == acd.Callback:
			return true, nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}
