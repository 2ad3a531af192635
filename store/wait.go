package store

import (
	"context"
)

// AppendWait is Append for a caller that may wait: until the receipt or the end of ctx. A batch whose wait was given up may
// still become durable.
func AppendWait(ctx context.Context, s Store, b Batch) (Receipt, error) {
	got := make(chan Receipt, 1)
	b.Now = true
	if err := s.Append(b, func(r Receipt) { got <- r }); err != nil {
		return Receipt{Err: err}, err
	}
	select {
	case r := <-got:
		return r, r.Err
	case <-ctx.Done():
		return Receipt{Err: ctx.Err()}, ctx.Err()
	}
}

// ResolveWait is Resolve for a caller that may wait.
func ResolveWait(ctx context.Context, s Store, c Contact) (Resolution, error) {
	got := make(chan Resolution, 1)
	if err := s.Resolve(c, func(r Resolution) { got <- r }); err != nil {
		return Resolution{Err: err}, err
	}
	select {
	case r := <-got:
		return r, r.Err
	case <-ctx.Done():
		return Resolution{Err: ctx.Err()}, ctx.Err()
	}
}
