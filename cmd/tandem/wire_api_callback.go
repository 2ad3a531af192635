package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tandem/acd"
	"tandem/digital/api"
	"tandem/digital/callback"
)

// apiCallbacks is promised calls: live items of the medium callback.
type apiCallbacks struct{ g *site }

// callbackStates are an item's states as a callback's.
var callbackStates = map[acd.ItemState]string{acd.ItemQueued: "waiting", acd.ItemOffered: "offered", acd.ItemConnecting: "dialling", acd.ItemActive: "active", acd.ItemWrapUp: "done"}

func apiCallback(v acd.ItemView) api.Callback {
	state := callbackStates[v.State]
	if state == "" {
		state = "waiting"
	}
	first := "agent"
	if v.Item.Data["callback-mode"] == string(callback.CustomerFirst) {
		first = "customer"
	}
	return api.Callback{ID: v.Item.ID, State: state, Number: v.Item.Customer, Name: v.Item.Data["name"], Queue: v.Item.Queue, Item: v.Item.ID, Record: v.Item.Record,
		First: first, Asked: v.T0, From: v.Item.From, Until: v.Item.Until, Attempts: v.Item.Tried, Position: v.Position}
}

// RequestCallback implements api.Callbacks.
func (c apiCallbacks) RequestCallback(ctx context.Context, r api.CallbackRequest) (api.Callback, error) {
	if r.Queue != "" && c.g.cfg.Queues[r.Queue] == nil {
		return api.Callback{}, api.Refuse(fmt.Errorf("queue %q: %w", r.Queue, api.ErrInvalid), "body.queue", "name a configured queue")
	}
	ask := callback.Request{Number: r.Number, Queue: r.Queue, Record: r.Record, From: r.From, Until: r.Until, Source: callback.ByAPI, Data: map[string]string{"caller": r.Number, "name": r.Name, "topic": r.Topic}}
	for k, v := range r.Data {
		ask.Data[k] = v
	}
	if r.First != "" {
		ask.Mode = callbackMode(r.First)
	}
	done, err := c.g.askCallback(ctx, ask)
	var refused callback.RefusedError
	switch {
	case errors.As(err, &refused) && refused.Reason == callback.RefusedDuplicate:
		return c.find(ctx, done.Number)
	case errors.As(err, &refused):
		return api.Callback{}, api.Refuse(fmt.Errorf("%s: %w", refusedWords[refused.Reason], api.ErrInvalid), "body.number", "give a number in E.164 that an outbound rule covers")
	case err != nil:
		return api.Callback{}, fmt.Errorf("%v: %w", err, api.ErrDown)
	}
	return api.Callback{ID: done.ID, State: "waiting", Number: done.Number, Name: r.Name, Queue: done.Queue, Item: done.ID, Record: done.Record, First: strings.TrimSuffix(string(done.Mode), "-first"),
		From: done.From, Until: done.Until}, nil
}

func (c apiCallbacks) items(ctx context.Context, queue string) ([]acd.ItemView, error) {
	views, err := c.g.dispatcher.Items(ctx, queue, maxListed)
	if err != nil {
		return nil, apiError(err)
	}
	var list []acd.ItemView
	for _, v := range views {
		if v.Item.Media == acd.Callback {
			list = append(list, v)
		}
	}
	return list, nil
}

// find gives the callback that a number has already.
func (c apiCallbacks) find(ctx context.Context, number string) (api.Callback, error) {
	list, err := c.items(ctx, "")
	if err != nil {
		return api.Callback{}, err
	}
	for _, v := range list {
		if v.Item.Customer == number {
			out := apiCallback(v)
			out.Again = true
			return out, nil
		}
	}
	return api.Callback{}, fmt.Errorf("this number has a callback that ends just now: %w", api.ErrConflict)
}

// ListCallbacks implements api.Callbacks. The cursor is a callback's ID.
func (c apiCallbacks) ListCallbacks(ctx context.Context, queue string, p api.Page) ([]api.Callback, string, error) {
	views, err := c.items(ctx, queue)
	if err != nil {
		return nil, "", err
	}
	part, next := pageOf(views, p, func(v acd.ItemView) string { return v.Item.ID })
	list := make([]api.Callback, 0, len(part))
	for _, v := range part {
		list = append(list, apiCallback(v))
	}
	return list, next, nil
}

// ShowCallback implements api.Callbacks.
func (c apiCallbacks) ShowCallback(ctx context.Context, id string) (api.Callback, error) {
	v, ok, err := c.g.dispatcher.Item(ctx, id)
	if err != nil {
		return api.Callback{}, apiError(err)
	}
	if !ok || v.Item.Media != acd.Callback {
		return api.Callback{}, noSuch("callback", id)
	}
	return apiCallback(v), nil
}

// CancelCallback implements api.Callbacks. It returns when the end is durable.
func (c apiCallbacks) CancelCallback(ctx context.Context, id, reason string) error {
	b, err := c.ShowCallback(ctx, id)
	if err != nil {
		return err
	}
	if b.State == "active" || b.State == "done" {
		return fmt.Errorf("callback %s: customer and agent have been connected: %w", id, api.ErrConflict)
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTime)
	defer cancel()
	ask := func() error { return c.g.callbacks.owner.Post(callback.Cancel{Item: id, By: "api"}) }
	for live := true; live && err == nil; ask = func() error { return nil } { // it may be offered just before it ends
		live, err = c.g.callbacks.decided(ctx, id, "", ask)
	}
	if err != nil {
		return fmt.Errorf("callback %s is not cancelled: %v: %w", id, err, api.ErrConflict)
	}
	return nil
}
