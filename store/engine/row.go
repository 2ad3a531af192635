package engine

import (
	"encoding/json"
	"errors"
	"fmt"

	"tandem/store"
	"tandem/store/journey"
)

// putRecord writes the part of a record that does not change with every event, its attributes sealed. Only the writer calls it.
func (e *Engine) putRecord(tx Tx, r journey.Record) error {
	private := r.Attributes
	r.Seq, r.Attributes = 0, nil
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if len(private) > 0 {
		s, err := e.sealFor(tx, e.head(tx, r.ID))
		if err != nil {
			return err
		}
		hidden, err := json.Marshal(private)
		if err != nil {
			return err
		}
		raw = s.close(raw, hidden, r.ID)
	}
	return tx.Put(records, []byte(r.ID), raw)
}

// loadRecord gives a record with its head as it was written, or ErrNotFound.
func loadRecord(tx Tx, id string) (journey.Record, error) {
	raw := tx.Get(records, []byte(id))
	if raw == nil {
		return journey.Record{}, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
	}
	var r journey.Record
	var private map[string]string
	if err := (&opener{tx: tx}).open(raw, id, &r, &private); err != nil && !errors.Is(err, errDestroyed) {
		return r, fmt.Errorf("record %s: %w", id, err)
	}
	r.Attributes = private
	seq, touched := unpair(tx.Get(heads, []byte(id)))
	r.Seq = seq
	r.Touched = fromNano(touched)
	return r, nil
}

// plainRecord is loadRecord without the attributes, which cost a data key.
func plainRecord(tx Tx, id string) (journey.Record, error) {
	var r journey.Record
	raw, _, _ := split(tx.Get(records, []byte(id)))
	if len(raw) == 0 {
		return r, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("record %s: %w: %w", id, store.ErrCorrupt, err)
	}
	seq, touched := unpair(tx.Get(heads, []byte(id)))
	r.Seq, r.Touched = seq, fromNano(touched)
	return r, nil
}

// readRecord is loadRecord as it is shown: with the customer that stands for all that were merged.
func readRecord(tx Tx, id string) (journey.Record, error) {
	r, err := loadRecord(tx, id)
	r.Customer = rootOf(tx, r.Customer)
	return r, err
}

// customerRow is what is sealed of a customer.
type customerRow struct {
	Name       string                              `json:"name,omitempty"`
	Language   string                              `json:"language,omitempty"`
	Identities []journey.Identity                  `json:"identities,omitempty"`
	Consent    map[journey.Channel]journey.Consent `json:"consent,omitempty"`
}

// loadCustomer gives one customer without what was merged with it.
func loadCustomer(tx Tx, id string) (journey.Customer, error) {
	raw := tx.Get(customers, []byte(id))
	if raw == nil || id == "" {
		return journey.Customer{}, fmt.Errorf("customer %s: %w", id, store.ErrNotFound)
	}
	var c journey.Customer
	var row customerRow
	if err := (&opener{tx: tx}).open(raw, id, &c, &row); err != nil && !errors.Is(err, errDestroyed) {
		return c, fmt.Errorf("customer %s: %w", id, err)
	}
	c.Name, c.Language, c.Identities, c.Consent = row.Name, row.Language, row.Identities, row.Consent
	return c, nil
}

// putCustomer writes one customer, sealed under a key of its own.
func putCustomer(tx Tx, c journey.Customer) error {
	hidden, err := json.Marshal(customerRow{c.Name, c.Language, c.Identities, c.Consent})
	if err != nil {
		return err
	}
	raw, err := json.Marshal(journey.Customer{ID: c.ID, Erased: c.Erased})
	if err != nil {
		return err
	}
	if c.Erased.IsZero() {
		_, slot, _ := split(tx.Get(customers, []byte(c.ID)))
		s, err := sealOf(tx, slot)
		if err != nil {
			return err
		}
		raw = s.close(raw, hidden, c.ID)
	}
	return tx.Put(customers, []byte(c.ID), raw)
}

func notFound(err error) bool { return errors.Is(err, store.ErrNotFound) }
