package sms

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tandem/digital"
)

// Several is a Carrier over others, each for the senders whose names lead to it. Ids of its providers get the name of the carrier in
// front, so that those of two are never the same.
type Several struct {
	carriers map[string]Carrier // by name
	names    map[string]string  // of the carrier, by sender
}

// NewSeveral makes an empty one.
func NewSeveral() *Several {
	return &Several{carriers: map[string]Carrier{}, names: map[string]string{}}
}

// Add gives a sender's messages to a carrier. To be called before Run.
func (s *Several) Add(name, sender string, c Carrier) { s.carriers[name], s.names[sender] = c, name }

// errNoCarrier means that a sender is nobody's.
var errNoCarrier = errors.New("no carrier has this sender")

// Submit implements Carrier.
func (s *Several) Submit(t Text, done func(digital.Result)) error {
	name, ok := s.names[t.From]
	if !ok {
		return fmt.Errorf("%q: %w", t.From, errNoCarrier)
	}
	return s.carriers[name].Submit(t, func(r digital.Result) {
		if r.External != "" {
			r.External = name + "/" + r.External
		}
		done(r)
	})
}

// Idempotent implements Carrier.
func (s *Several) Idempotent(sender string) bool {
	c := s.carriers[s.names[sender]]
	return c != nil && c.Idempotent(sender)
}

// Run works until ctx ends or one of the carriers does.
func (s *Several) Run(ctx context.Context, up Upward) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var running sync.WaitGroup
	ends := make(chan error, len(s.carriers))
	for name, c := range s.carriers {
		running.Go(func() {
			defer cancel()
			ends <- c.Run(ctx, named{up, name + "/"})
		})
	}
	running.Wait()
	close(ends)
	var all []error
	for err := range ends {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// named is what a carrier hands up, with its name.
type named struct {
	Upward
	prefix string
}

// Arrived implements Upward.
func (n named) Arrived(a Arrival, done func(error)) {
	a.External = n.prefix + a.External
	n.Upward.Arrived(a, done)
}

// Fared implements Upward.
func (n named) Fared(r digital.Report) {
	r.External = n.prefix + r.External
	n.Upward.Fared(r)
}
