package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tandem/acd"
	"tandem/digital/callback"
	"tandem/sip/b2bua"
)

// callbackTime bounds how long a waiting caller's wish may take.
const callbackTime = 5 * time.Second

// Why a wish is not fulfilled, beside the planner's reasons.
const (
	wishFailed = "failed" // the dispatcher did not take it: an agent was faster, or the caller has left
	wishLate   = "late"   // the dispatcher has not decided in time
)

// wish is a waiting caller who wants to be called back and has had no answer.
type wish struct {
	call    string
	decided chan bool // of one: the item is a callback, or will not be one
	late    bool      // he was told that it takes too long
}

// wishCallback books a callback beside the call, which goes on waiting meanwhile and is answered.
func (g *site) wishCallback(w b2bua.CallbackWish) error {
	return g.callbacks.wishes.run(func() { g.bookCallback(w) })
}

// bookCallback makes the item of a waiting caller a callback in its place, and tells the call.
func (g *site) bookCallback(w b2bua.CallbackWish) {
	ctx, cancel := context.WithTimeout(context.Background(), callbackTime)
	defer cancel()
	answer := b2bua.CallbackAnswer{Item: w.Item, Booked: true}
	ok, err := g.callbacks.wished(ctx, w, func(v acd.ItemView) error {
		_, err := g.askCallback(ctx, callback.Request{ID: w.Item, Waiting: true, Record: w.Record, Interaction: w.Item, Number: w.Number, Queue: v.Item.Queue,
			Source: callback.ByIVR, Held: true, Data: map[string]string{"caller": w.Number}})
		return err
	})
	var refused callback.RefusedError
	switch {
	case errors.As(err, &refused):
		answer.Booked, answer.Why = false, refused.Reason
	case errors.Is(err, context.DeadlineExceeded):
		answer.Booked, answer.Why = false, wishLate
		g.log.Error("callback of a waiting caller not booked", "call", w.Call, "item", w.Item, "err", err)
	case err != nil:
		answer.Booked, answer.Why = false, wishFailed
		g.log.Warn("callback of a waiting caller not booked", "call", w.Call, "item", w.Item, "err", err)
	case !ok:
		answer.Booked, answer.Why = false, wishFailed
	}
	if !g.callbacks.answer(w.Call, answer) && answer.Booked {
		g.log.Info("caller left before the callback was told", "call", w.Call, "item", w.Item)
		g.callbacks.tell(callback.WisherGone{Item: w.Item})
	}
}

// wished asks for a waiting item to become a callback and waits for the dispatcher's decision: it may have offered the caller to an
// agent before, or the caller has left. One that comes after ctx has ended is still told to the call, by decide.
func (d *callbackDoor) wished(ctx context.Context, w b2bua.CallbackWish, ask func(acd.ItemView) error) (bool, error) {
	v, ok, err := d.queue().Item(ctx, w.Item)
	if err != nil || !ok {
		return false, err
	}
	return d.decided(ctx, w.Item, w.Call, func() error { return ask(v) })
}

// decided asks for an item to be a callback and waits until it is durably one, or will not be one. call is who waits; "": nobody.
func (d *callbackDoor) decided(ctx context.Context, item, call string, ask func() error) (bool, error) {
	mine := &wish{call: call, decided: make(chan bool, 1)}
	before, ok := d.wish(item, mine)
	if !ok {
		return false, fmt.Errorf("item %s: its callback is being booked: %w", item, acd.ErrBusy)
	}
	if err := ask(); err != nil && ctx.Err() == nil {
		d.forgo(item, before)
		return false, err
	}
	select {
	case ok := <-mine.decided:
		return ok, nil
	case <-ctx.Done():
		return d.late(mine, fmt.Errorf("item %s: not decided within %v: %w", item, callbackTime, ctx.Err()))
	}
}

// wish notes a wish in place of one that came to nothing in time; false if there is one that is waited for.
func (d *callbackDoor) wish(item string, w *wish) (before *wish, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if before = d.wanted[item]; before != nil && !before.late {
		return nil, false
	}
	if d.wanted == nil {
		d.wanted = map[string]*wish{}
	}
	d.wanted[item] = w
	return before, true
}

// forgo forgets a wish that is refused; the one before it may still be decided.
func (d *callbackDoor) forgo(item string, before *wish) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if before == nil {
		delete(d.wanted, item)
		return
	}
	d.wanted[item] = before
}

// late gives up waiting, unless the decision has just come.
func (d *callbackDoor) late(w *wish, why error) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case ok := <-w.decided:
		return ok, nil
	default:
		w.late = true
		return false, why
	}
}

// decide tells who wishes that his item is a callback now, or will not be one.
func (d *callbackDoor) decide(item string, booked bool) {
	d.mu.Lock()
	w := d.wanted[item]
	delete(d.wanted, item)
	late := w != nil && w.late
	if w != nil && !late {
		w.decided <- booked
	}
	d.mu.Unlock()
	if late && booked && w.call != "" {
		d.answer(w.call, b2bua.CallbackAnswer{Item: item, Booked: true})
	}
}
