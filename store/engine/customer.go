package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// edge is what is kept of a merge, under both of its ends.
type edge struct {
	By     string    `json:"by,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`
}

// rootOf gives the customer that stands for one.
func rootOf(tx Tx, customer string) string {
	if customer == "" {
		return ""
	}
	if root := tx.Get(roots, []byte(customer)); root != nil {
		return string(root)
	}
	return customer
}

// membersOf gives all customers that are one with a customer, the standing one among them, ascending.
func membersOf(tx Tx, customer string) (list []string) {
	root := rootOf(tx, customer)
	if root == "" || tx.Get(roots, []byte(root)) == nil {
		return []string{root} // never merged: the usual case
	}
	prefix := under(root)
	tx.Scan(members, Range{Prefix: prefix}, func(k, _ []byte) bool {
		list = append(list, string(k[len(prefix):]))
		return true
	})
	return list
}

// whole gives a customer with everything of those that were merged with it, but for which identities are shared.
func whole(tx Tx, id string) (journey.Customer, error) {
	list := membersOf(tx, id)
	fetch(tx, customers, list)
	c, err := loadCustomer(tx, list[0])
	if err != nil {
		return c, err
	}
	for _, other := range list[1:] {
		x, err := loadCustomer(tx, other)
		if err != nil {
			return c, err
		}
		c.Merged = append(c.Merged, other)
		absorb(&c, x)
	}
	return c, nil
}

// absorb adds what is known of x to c. Who opted out once has opted out.
func absorb(c *journey.Customer, x journey.Customer) {
	if c.Name == "" {
		c.Name = x.Name
	}
	if c.Language == "" {
		c.Language = x.Language
	}
	for _, id := range x.Identities {
		i := slices.IndexFunc(c.Identities, func(y journey.Identity) bool { return y.Type == id.Type && y.Value == id.Value })
		if i < 0 {
			c.Identities = append(c.Identities, id)
			continue
		}
		y := &c.Identities[i]
		y.Strength, y.Shared = max(y.Strength, id.Strength), y.Shared || id.Shared
		if id.First.Before(y.First) {
			y.First = id.First
		}
		if id.Last.After(y.Last) {
			y.Last = id.Last
		}
	}
	for ch, said := range x.Consent {
		if c.Consent == nil {
			c.Consent = map[journey.Channel]journey.Consent{}
		}
		if c.Consent[ch] != journey.OptOut {
			c.Consent[ch] = said
		}
	}
}

// checkMerges refuses what cannot be merged before anything is written.
func checkMerges(tx Tx, list []store.Merge) error {
	for _, m := range list {
		for _, id := range []string{m.A, m.B} {
			c, err := loadCustomer(tx, id)
			if err != nil {
				return err
			}
			if !c.Erased.IsZero() {
				return fmt.Errorf("%w: %s", store.ErrErased, id)
			}
		}
		if m.Undo && tx.Get(edges, join(m.A, m.B)) == nil {
			return fmt.Errorf("merge of %s and %s: %w", m.A, m.B, store.ErrNotFound)
		}
		if n := len(membersOf(tx, m.A)) + len(membersOf(tx, m.B)) + len(list) - 1; !m.Undo && n > store.MaxMerged {
			return fmt.Errorf("%w: %d customers would be one", store.ErrLimit, n)
		}
	}
	return nil
}

func (a *appendOp) writeMerges(e *Engine, tx Tx) error {
	for _, m := range a.batch.Merges {
		if err := e.merge(tx, m); err != nil {
			return err
		}
	}
	return nil
}

var mergeCounter = []byte("merges")

// merge writes or removes an edge and works out who stands for whom. The counter lets two processes do so one after the other.
func (e *Engine) merge(tx Tx, m store.Merge) error {
	n, _ := unpair(tx.Get(meta, mergeCounter))
	if err := tx.Put(meta, mergeCounter, pair(n+1, 0)); err != nil {
		return err
	}
	raw, err := json.Marshal(edge{m.By, m.Reason, m.At})
	if err != nil {
		return err
	}
	for _, k := range [][]byte{join(m.A, m.B), join(m.B, m.A)} {
		if m.Undo {
			err = tx.Delete(edges, k)
		} else {
			err = tx.Put(edges, k, raw)
		}
		if err != nil {
			return err
		}
	}
	for _, end := range []string{m.A, m.B} {
		if err := settle(tx, connected(tx, end)); err != nil {
			return err
		}
	}
	return e.noteMerge(tx, m)
}

// connected gives all customers that edges lead to, ascending.
func connected(tx Tx, from string) []string {
	list := []string{from}
	for i := 0; i < len(list); i++ {
		prefix := under(list[i])
		tx.Scan(edges, Range{Prefix: prefix}, func(k, _ []byte) bool {
			if other := string(k[len(prefix):]); !slices.Contains(list, other) {
				list = append(list, other)
			}
			return true
		})
	}
	slices.Sort(list)
	return list
}

// settle lets the lowest id stand for the whole list.
func settle(tx Tx, list []string) error {
	root := list[0]
	for _, id := range list {
		if err := tx.Delete(members, join(rootOf(tx, id), id)); err != nil {
			return err
		}
		var err error
		if len(list) == 1 {
			err = tx.Delete(roots, []byte(id))
		} else {
			err = tx.Put(roots, []byte(id), []byte(root))
		}
		if err == nil && len(list) > 1 {
			err = tx.Put(members, join(root, id), []byte{1})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) noteMerge(tx Tx, m store.Merge) error {
	kind := journey.Merged
	if m.Undo {
		kind = journey.Unmerged
	}
	for _, end := range [][2]string{{m.A, m.B}, {m.B, m.A}} {
		where := []string{m.Record}
		if m.Record == "" {
			where = recordsOf(tx, end[:1], "", 1)
		}
		for _, record := range where {
			ev := journey.Event{Record: record, At: m.At, Kind: kind, Actor: m.By,
				Data: map[string]string{journey.DataCustomer: end[1], journey.DataReason: m.Reason}}
			if err := e.note(tx, ev); err != nil {
				return err
			}
		}
		if m.Record != "" {
			return nil
		}
	}
	return nil
}

// recordsOf gives the ids of the records of customers, newest first, older than before if that is set.
func recordsOf(tx Tx, owners []string, before string, limit int) (list []string) {
	for _, c := range owners {
		n, prefix := 0, under(c)
		from := Range{Prefix: prefix, Reverse: true}
		if before != "" {
			from.From = join(c, before)
		}
		tx.Scan(byCustomer, from, func(k, _ []byte) bool {
			if id := string(k[len(prefix):]); id != before {
				list = append(list, id)
				n++
			}
			return n < limit
		})
	}
	if len(owners) > 1 {
		slices.Sort(list)
		slices.Reverse(list)
	}
	list = list[:min(len(list), limit)]
	fetchRecords(tx, list)
	return list
}
