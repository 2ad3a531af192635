package store

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"

	"tandem/store/journey"
)

// Thread binds a provider's thread, or a message of ours that may be answered, to a record.
type Thread struct {
	Ref    string // adapter and the provider's reference, as "sms:+491…/+492…"
	Record string
}

// Merge says that two customers are one, or with Undo takes that back. It is an edge between the two: the order of merges
// does not matter, records are never rewritten, and the lowest id of all that hang together stands for them.
type Merge struct {
	A, B   string
	By     string // an actor
	Reason string
	At     time.Time
	Record string // where merged or unmerged is written; empty: the newest record of each of the two
	Undo   bool
}

// Erasure makes everything personal of a customer, merged ones included, unreadable for ever: keys are destroyed, identities
// forgotten, and erased is written into every record. Times, queues and outcomes stay under the bare ids.
type Erasure struct {
	Customer string
	By       string // an actor
	At       time.Time
}

// UseTokenWait is UseToken for a caller that may wait.
func UseTokenWait(ctx context.Context, s Store, u Use) (Used, error) {
	got := make(chan Used, 1)
	if err := s.UseToken(u, func(x Used) { got <- x }); err != nil {
		return Used{Err: err}, err
	}
	select {
	case x := <-got:
		return x, x.Err
	case <-ctx.Done():
		return Used{Err: ctx.Err()}, ctx.Err()
	}
}

// Export writes everything that is known of a customer as lines of JSON, each {"customer": …}, {"record": …} or
// {"event": …}: records oldest first, each followed by its events. It reads page by page and needs no memory for the whole.
func Export(s Store, customer string, w io.Writer) error {
	out := json.NewEncoder(w)
	c, err := s.Customer(customer)
	if err != nil {
		return err
	}
	if err := out.Encode(map[string]any{"customer": c}); err != nil {
		return err
	}
	records, err := recordsOf(s, c.ID)
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(records) {
		if err := out.Encode(map[string]any{"record": r}); err != nil {
			return err
		}
		if err := exportEvents(s, r, out); err != nil {
			return err
		}
	}
	return nil
}

func recordsOf(s Store, customer string) (all []journey.Record, err error) {
	for q := (Query{Customer: customer, Limit: MaxRead}); ; {
		page, err := s.Search(q)
		if err != nil || len(page) == 0 {
			return all, err
		}
		all = append(all, page...)
		q.Before = page[len(page)-1].ID
	}
}

func exportEvents(s Store, r journey.Record, out *json.Encoder) error {
	for after := uint64(0); ; {
		page, err := s.Timeline(r.ID, after, MaxRead)
		if err != nil {
			return err
		}
		for _, e := range page {
			if err := out.Encode(map[string]any{"event": e}); err != nil {
				return err
			}
			after = e.Seq
		}
		if len(page) < MaxRead {
			return nil
		}
	}
}
