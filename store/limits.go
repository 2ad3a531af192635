package store

import (
	"fmt"

	"tandem/store/journey"
)

// Limits of the contract.
const (
	MaxBatch      = 512     // events, updates, work entries and bindings of one batch together
	MaxBody       = 1 << 20 // bytes of a work entry or binding
	MaxSnapshot   = 64 << 20
	MaxEvents     = 100_000 // events of one record
	MaxBindings   = 200_000
	MaxIdentities = 16   // of one Contact
	MaxRead       = 1000 // rows of one read
)

// Validate tells why a batch cannot be stored, or nil. Append calls it.
func (b Batch) Validate() error {
	if n := len(b.Events) + len(b.Updates) + len(b.Work) + len(b.Bindings); n > MaxBatch {
		return fmt.Errorf("%w: %d entries, at most %d", ErrInvalid, n, MaxBatch)
	}
	for _, e := range b.Events {
		if err := e.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	for _, u := range b.Updates {
		if err := u.validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return b.validateBlobs()
}

func (b Batch) validateBlobs() error {
	for _, w := range b.Work {
		if err := checkBlob("domain", w.Domain, len(w.Body), MaxBody); err != nil {
			return err
		}
		if w.Item != "" && journey.ValidateID("item", w.Item) != nil {
			return fmt.Errorf("%w: item %q", ErrInvalid, w.Item)
		}
	}
	for _, x := range b.Bindings {
		if err := checkBlob("binding key", x.Key, len(x.Body), MaxBody); err != nil {
			return err
		}
	}
	if s := b.Snapshot; s != nil {
		if s.Trim > s.Order || s.Order == 0 {
			return fmt.Errorf("%w: snapshot at %d trims to %d", ErrInvalid, s.Order, s.Trim)
		}
		return checkBlob("domain", s.Domain, len(s.Body), MaxSnapshot)
	}
	return nil
}

func checkBlob(name, key string, size, limit int) error {
	if err := journey.ValidateID(name, key); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if size > limit {
		return fmt.Errorf("%w: %s %q: %d bytes, at most %d", ErrInvalid, name, key, size, limit)
	}
	return nil
}

func (u Update) validate() error {
	if err := journey.ValidateID("record", u.Record); err != nil {
		return err
	}
	switch u.State {
	case "", journey.Open, journey.Dormant, journey.Closed:
	default:
		return fmt.Errorf("record state %q", u.State)
	}
	for _, s := range []string{u.Customer, u.Topic, u.Outcome, u.Name, u.Language} {
		if s != "" {
			if err := journey.ValidateID("update", s); err != nil {
				return err
			}
		}
	}
	for k, v := range u.Set {
		if err := journey.ValidateID("attribute", k); err != nil {
			return err
		}
		if len(v) > journey.MaxAttribute {
			return fmt.Errorf("attribute %q of %d bytes, at most %d", k, len(v), journey.MaxAttribute)
		}
	}
	return nil
}

// Validate tells why a contact cannot be resolved, or nil. Resolve calls it.
func (c Contact) Validate() error {
	if c.At.IsZero() {
		return fmt.Errorf("%w: contact without a time", ErrInvalid)
	}
	if len(c.Identities) > MaxIdentities {
		return fmt.Errorf("%w: %d identities, at most %d", ErrInvalid, len(c.Identities), MaxIdentities)
	}
	for _, i := range c.Identities {
		if err := i.Validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	if c.Topic != "" {
		return journey.ValidateID("topic", c.Topic)
	}
	return nil
}
