package acd

import (
	"context"
	"time"
)

// ask has the owner's goroutine read the state between two steps and waits for the copy.
func ask[T any](ctx context.Context, d *Dispatcher, read func(*State) T) (T, error) {
	answer := make(chan T, 1)
	var none T
	select {
	case d.reads <- func(s *State) { answer <- read(s) }:
	case <-d.stopped:
		return none, ErrStopped
	case <-ctx.Done():
		return none, ctx.Err()
	}
	select {
	case got := <-answer:
		return got, nil
	case <-d.stopped:
		return none, ErrStopped
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Queues copies what every queue is doing.
func (d *Dispatcher) Queues(ctx context.Context) ([]QueueView, error) {
	return ask(ctx, d, func(s *State) []QueueView { return s.Queues(time.Now()) })
}

// Agents copies what every agent is doing, by ID.
func (d *Dispatcher) Agents(ctx context.Context) ([]AgentView, error) {
	return ask(ctx, d, (*State).Agents)
}

// Items copies at most limit live items of a queue (all queues: empty), by first arrival.
func (d *Dispatcher) Items(ctx context.Context, queue string, limit int) ([]ItemView, error) {
	return ask(ctx, d, func(s *State) []ItemView { return s.Items(queue, limit) })
}

// OfMedia copies all live items of a medium, by ID. It walks over all items: for the time after a restart, not for a wallboard.
func (d *Dispatcher) OfMedia(ctx context.Context, m Media) ([]ItemView, error) {
	return ask(ctx, d, func(s *State) []ItemView { return s.OfMedia(m) })
}

// Item copies one live item; ok is false when there is none of that ID.
func (d *Dispatcher) Item(ctx context.Context, id string) (view ItemView, ok bool, err error) {
	type found struct {
		view ItemView
		ok   bool
	}
	got, err := ask(ctx, d, func(s *State) found {
		v, ok := s.Item(id)
		return found{v, ok}
	})
	return got.view, got.ok, err
}

// Why explains how an item was routed.
func (d *Dispatcher) Why(ctx context.Context, id string) (Explanation, error) {
	return ask(ctx, d, func(s *State) Explanation { return s.Why(id) })
}

// Image copies the durable part of the state, to be stored in stead of the entries up to its Seq. It may be ahead of what
// the journal has acknowledged; store it after the entries up to its Seq.
func (d *Dispatcher) Image(ctx context.Context) (Image, error) {
	return ask(ctx, d, (*State).Image)
}
