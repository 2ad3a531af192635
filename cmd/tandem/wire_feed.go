package main

import (
	"context"
	"errors"
	"time"

	"tandem/digital/api/feed"
	"tandem/store"
	"tandem/store/journey"
)

// feedSource is the store's events in the order in which they became durable.
type feedSource struct{ store store.Store }

// feedKept is how many of the newest events are kept in memory for readers.
const feedKept = 4096

// Follow implements feed.Source.
func (f feedSource) Follow(ctx context.Context, after uint64, fn func(uint64, journey.Event) error) error {
	err := f.store.Follow(ctx, after, func(e store.FeedEvent) error { return fn(e.Order, e.Event) })
	if errors.Is(err, store.ErrGone) {
		return feed.ErrGone
	}
	return err
}

// Head implements feed.Source.
func (f feedSource) Head() (newest, oldest uint64, err error) { return f.store.FeedHead() }

// serveWebhooks delivers events until ctx ends. A store that is ill when they begin is asked again: they are no reason to end calls.
func (g *site) serveWebhooks(ctx context.Context) error {
	for {
		err := g.webhooks.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		g.log.Error("webhooks not begun, trying again", "err", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(webhooksAgain):
		}
	}
}

// webhooksAgain is how long after a failure webhooks begin again.
const webhooksAgain = time.Second
