package store

import (
	"fmt"
	"time"

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
	MaxDocument   = 256 << 10
	MaxDocuments  = 200_000
	MaxUses       = 1000 // of one token
	MaxTokenLife  = 366 * 24 * time.Hour
	MaxMerged     = 64 // customers that are one
	MaxLeases     = 1024
	MaxLease      = time.Hour
	OnceKept      = 8 * 24 * time.Hour // how long a Batch.Once is known
	FeedKept      = 100_000            // events that Follow can go back
)

// Validate tells why a batch cannot be stored, or nil. Append calls it.
func (b Batch) Validate() error {
	if n := len(b.Events) + len(b.Updates) + len(b.Work) + len(b.Bindings) + len(b.Tokens) + len(b.Threads) +
		len(b.Documents) + len(b.Merges) + len(b.Erase); n > MaxBatch {
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
	if err := b.validateBlobs(); err != nil {
		return err
	}
	return b.validateShared()
}

// validateShared looks at what came with other channels and other nodes.
func (b Batch) validateShared() error {
	for _, t := range b.Tokens {
		if err := t.validate(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	ids := []string{b.Once}
	if b.Fence != nil {
		ids = append(ids, b.Fence.Name)
	}
	for _, t := range b.Threads {
		ids = append(ids, t.Ref, t.Record)
	}
	for _, m := range b.Merges {
		ids = append(ids, m.A, m.B, m.By, m.Reason)
		if m.A == "" || m.B == "" || m.A == m.B || m.At.IsZero() {
			return fmt.Errorf("%w: merge of %q and %q", ErrInvalid, m.A, m.B)
		}
	}
	for _, x := range b.Erase {
		ids = append(ids, x.Customer, x.By)
		if x.Customer == "" || x.At.IsZero() {
			return fmt.Errorf("%w: erasure of %q without a time or a customer", ErrInvalid, x.Customer)
		}
	}
	for _, id := range ids {
		if id != "" {
			if err := journey.ValidateID("id", id); err != nil {
				return fmt.Errorf("%w: %w", ErrInvalid, err)
			}
		}
	}
	for _, d := range b.Documents {
		if err := checkBlob("document", d.Key, len(d.Body), MaxDocument); err != nil {
			return err
		}
	}
	return nil
}

func (t Token) validate() error {
	switch {
	case len(t.Text) < 22 || len(t.Text) > journey.MaxID:
		return fmt.Errorf("token of %d characters: NewToken makes one", len(t.Text))
	case t.At.IsZero() || !t.Expires.After(t.At) || t.Expires.Sub(t.At) > MaxTokenLife:
		return fmt.Errorf("token that lives from %v to %v", t.At, t.Expires)
	case t.Uses < 0 || t.Uses > MaxUses:
		return fmt.Errorf("token with %d uses, at most %d", t.Uses, MaxUses)
	case t.Strength < journey.Claimed || t.Strength > journey.Authenticated:
		return fmt.Errorf("token of strength %d", t.Strength)
	}
	if t.Identity != nil {
		if err := t.Identity.Validate(); err != nil {
			return err
		}
	}
	return journey.ValidateID("record", t.Record)
}

// Validate tells why a lease cannot be asked for, or nil. Lease calls it.
func (a LeaseAsk) Validate() error {
	if err := journey.ValidateID("lease", a.Name); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if err := journey.ValidateID("holder", a.Holder); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if !a.Release && (a.TTL < time.Millisecond || a.TTL > MaxLease) {
		return fmt.Errorf("%w: lease of %v", ErrInvalid, a.TTL)
	}
	return nil
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
	for _, c := range u.Consent {
		if c != journey.OptIn && c != journey.OptOut {
			return fmt.Errorf("consent %q", c)
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
	if len(c.Token) > journey.MaxID || len(c.Thread) > journey.MaxID {
		return fmt.Errorf("%w: token or thread of more than %d bytes", ErrInvalid, journey.MaxID)
	}
	if c.Topic != "" {
		return journey.ValidateID("topic", c.Topic)
	}
	return nil
}
