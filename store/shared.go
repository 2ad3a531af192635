package store

import (
	"context"
	"time"

	"tandem/store/journey"
)

// LeaseAsk takes a lease, renews it while it is the holder's, or gives it back.
type LeaseAsk struct {
	Name    string
	Holder  string
	TTL     time.Duration // 1 ms to 1 h
	Release bool          // give it back; whoever asks next gets it at once
}

// Leased is a lease as it stands. Epoch grows by one with every change of holder, and after each release. A holder that was late to
// renew and finds that nobody has taken it keeps its epoch: Holder must name one life of one process.
type Leased struct {
	Err     error // ErrHeld: somebody else has it, and the other fields tell who
	Name    string
	Holder  string // empty after a release
	Epoch   uint64
	Expires time.Time // by the clock of the store; a holder should count from before it asked
}

// Fence ties a batch to a lease: it is refused as soon as somebody else took the lease, or it was given back.
type Fence struct {
	Name  string
	Epoch uint64
}

// AnyVersion writes a document whatever its version is.
const AnyVersion = ^uint64(0)

// Document is a small durable value under a key, with compare-and-set: users, sessions, opt-outs, positions of webhooks.
// An empty body removes it. It is not encrypted: what is personal and must be erasable belongs to a customer.
type Document struct {
	Key     string    // MaxID bytes at most; a prefix tells whose it is: "user/", "session/"
	Version uint64    // when written: the expected one, 0 for "there is none", or AnyVersion; when read: of the body
	Body    []byte    // at most MaxDocument bytes
	Expires time.Time // zero: never
}

// FeedEvent is an event with its place in the order of the whole site.
type FeedEvent struct {
	Order uint64 // grows by one; a cursor for Follow
	Event journey.Event
}

// LeaseWait is Lease for a caller that may wait.
func LeaseWait(ctx context.Context, s Store, a LeaseAsk) (Leased, error) {
	got := make(chan Leased, 1)
	if err := s.Lease(a, func(l Leased) { got <- l }); err != nil {
		return Leased{Err: err}, err
	}
	select {
	case l := <-got:
		return l, l.Err
	case <-ctx.Done():
		return Leased{Err: ctx.Err()}, ctx.Err()
	}
}
