package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"tandem/digital"
	"tandem/digital/access"
	"tandem/digital/api"
	"tandem/store"
	"tandem/store/journey"
)

// threadKept is how long an integrator's own id of a thread is known after it was used.
const threadKept = 30 * 24 * time.Hour

// threadKey is the document that says which conversation an integrator's thread is. Each has ids of his own.
func threadKey(o api.OpenConversation) string {
	sum := sha256.Sum256([]byte(o.Actor + "\x00" + o.Channel + "\x00" + o.Thread))
	return "api/thread/" + hex.EncodeToString(sum[:20])
}

// inThread gives the conversation of an integrator's thread: the one that is still open, or one that open begins. Of two who begin at
// once, both get the same.
func (w apiWords) inThread(ctx context.Context, o api.OpenConversation, open func() (string, error)) (string, error) {
	docs := documents{w.g.store}
	key := threadKey(o)
	doc, err := docs.Get(ctx, key)
	switch {
	case err == nil:
		if c, err := w.ShowConversation(ctx, string(doc.Body)); err == nil && c.State != "closed" {
			return c.ID, nil
		} else if err != nil && !errors.Is(err, api.ErrNotFound) {
			return "", err
		}
	case !errors.Is(err, access.ErrNotFound):
		return "", storeAPI(err, "thread", o.Thread)
	}
	id, err := open()
	if err != nil {
		return "", err
	}
	_, err = docs.Put(ctx, access.Document{Key: key, Version: doc.Version, Expires: time.Now().Add(threadKept), Body: []byte(id)})
	if !errors.Is(err, access.ErrVersion) {
		return id, storeAPI(err, "thread", o.Thread)
	}
	_ = w.g.hub.Post(id, digital.EndConversation{By: "system", Why: "twice"}) // nobody has written in it: it ends by itself too
	if doc, err = docs.Get(ctx, key); err != nil {
		return "", storeAPI(err, "thread", o.Thread)
	}
	return string(doc.Body), nil
}

// queuesOf are the queues of the live items.
func (w apiWords) queuesOf(ctx context.Context) (map[string]string, error) {
	items, err := w.g.dispatcher.Items(ctx, "", maxListed)
	if err != nil {
		return nil, apiError(err)
	}
	queues := make(map[string]string, len(items))
	for _, v := range items {
		queues[v.Item.ID] = v.Item.Queue
	}
	return queues, nil
}

// useLink takes a use of a link token and gives its record.
func (g *site) useLink(ctx context.Context, token, actor string, channel journey.Channel) (string, error) {
	got := make(chan store.Used, 1)
	if err := g.store.UseToken(store.Use{Text: token, Channel: channel, At: time.Now(), Actor: actor}, func(u store.Used) { got <- u }); err != nil {
		return "", storeAPI(err, "token", "")
	}
	select {
	case u := <-got:
		if errors.Is(u.Err, store.ErrUsed) {
			return "", api.Refuse(fmt.Errorf("the link token cannot be used: %s: %w", u.State, api.ErrInvalid), "body.token", "issue a new one: POST /v1/links")
		}
		return u.Record, storeAPI(u.Err, "token", "")
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
