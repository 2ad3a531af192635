package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/cmd/tandem/node"
)

// stage is a part of the site that serves until its context ends.
type stage struct {
	name  string
	serve func(context.Context) error
}

// stages are all parts in the order in which they start; they end in the reverse order, so that calls can still be hung up and
// journaled when nobody can call any more.
func (g *site) stages() []stage {
	list := []stage{{"media engine", g.engine.Serve}, {"browsers", g.browsers.Serve}}
	if g.shared != nil {
		list = append(list, stage{"tenure", g.shared.untilLost}, stage{"sip", g.ownSIP})
	} else {
		for _, l := range g.layers {
			list = append(list, stage{"sip", l.Serve})
		}
	}
	list = append(list, g.smsStages()...)
	return append(list,
		stage{"dispatcher", g.dispatcher.Run},
		stage{"calls", g.calls.Run},
		stage{"callbacks", g.serveCallbacks},
		stage{"trunks", g.keeper.Run},
		stage{"house", g.keepHouse},
		stage{"desk door", g.deskDoor.serve},
		stage{"phones of pages", g.keepPages},
		stage{"desk", g.desk.Serve},
		stage{"chat", g.chat.Serve},
		stage{"users", g.access.ServeWanted},
		stage{"events", g.feed.Run},
		stage{"webhooks", g.serveWebhooks},
		stage{"control", g.serveControl},
		stage{"http", g.serveHTTP},
	)
}

// Run serves until ctx ends or a part fails; then it drains: no new calls, and those in progress end by themselves or at the limit.
func (g *site) Run(ctx context.Context, drain time.Duration) error {
	failed := make(chan error, 1)
	var stops []func()
	for _, s := range g.stages() {
		stops = append(stops, s.start(failed))
	}
	g.log.Info("ready", "sip", fmt.Sprint(g.cfg.SIP.Listen), "http", g.http.Addr().String())
	var fault error
	select {
	case <-ctx.Done():
	case fault = <-failed:
	}
	switch {
	case errors.Is(fault, node.ErrDeposed):
		g.log.Warn("the calls are not ours any more", "err", fault)
		drain = 0 // they are another node's to tell of
	case fault != nil:
		g.log.Error("a part of the gateway has failed", "err", fault)
	}
	g.drain(drain)
	for _, stop := range slices.Backward(stops) {
		stop()
	}
	g.close()
	return fault
}

// start runs a stage; the function that it returns ends the stage and waits for it.
func (s stage) start(failed chan<- error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.serve(ctx); err != nil && ctx.Err() == nil {
			select {
			case failed <- fmt.Errorf("%s: %w", s.name, err):
			default: // another was first
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// drain refuses new calls and waits for those in progress.
func (g *site) drain(limit time.Duration) {
	g.log.Info("draining", "calls", g.calls.Calls())
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := g.calls.Drain(ctx); err != nil {
		g.log.Warn("calls left at the end of draining are hung up", "calls", g.calls.Calls())
	}
}

// Intervals of the house keeping.
const (
	expireEvery   = time.Second
	snapshotEvery = 5 * time.Minute
)

// keepHouse lets registrations expire and stores the dispatcher's image from time to time.
func (g *site) keepHouse(ctx context.Context) error {
	expire, snapshot := time.NewTicker(expireEvery), time.NewTicker(snapshotEvery)
	defer expire.Stop()
	defer snapshot.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-expire.C:
			if events := g.registrar.Expire(now); len(events) > 0 {
				g.bindings.Changed(events)
			}
			g.journal.tick()
			if g.calls.Calls() > 0 {
				showLife(g.cfg.Store.Path, now)
			}
		case <-snapshot.C:
			im, err := g.dispatcher.Image(ctx)
			if err == nil {
				err = g.work.Snapshot(im)
			}
			if err != nil && ctx.Err() == nil {
				g.log.Error("work snapshot not stored", "err", err)
			}
		}
	}
}

// wordsClose bounds how long the end waits for conversations and pages' phones.
const wordsClose = 5 * time.Second

// keepPages ends the phones of pages, and conversations, when ctx ends.
func (g *site) keepPages(ctx context.Context) error {
	g.wakeWords(ctx)
	<-ctx.Done()
	limit, cancel := context.WithTimeout(context.Background(), wordsClose)
	defer cancel()
	g.visits.close()
	g.pages.close(limit) // and the set of both
	g.visits.work.Wait()
	if err := g.hub.Close(limit); err != nil {
		g.log.Warn("conversations not ended in time", "err", err)
	}
	return nil
}
