package engine

import (
	"fmt"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// updateSet is a batch's updates, checked and folded, ready to be written.
type updateSet struct {
	records   []journey.Record
	old       []string // customer of each record before
	at        []time.Time
	customers []journey.Customer
	told      []journey.Event // that follow from the updates
}

// checkUpdates folds updates in order. opened are the records that the batch's events open.
func (e *Engine) checkUpdates(tx Tx, list []store.Update, opened map[string]uint64) (*updateSet, error) {
	set := &updateSet{}
	for _, u := range list {
		if seq := e.head(tx, u.Record).seq; u.Seq != 0 && u.Seq != seq {
			return nil, fmt.Errorf("%w: record %s is at %d, not at %d", store.ErrConflict, u.Record, seq, u.Seq)
		}
		i, err := set.find(e, tx, u, opened)
		if err != nil {
			return nil, err
		}
		if err := set.fold(tx, i, u); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func (s *updateSet) find(e *Engine, tx Tx, u store.Update, opened map[string]uint64) (int, error) {
	for i, r := range s.records {
		if r.ID == u.Record {
			return i, nil
		}
	}
	r, err := e.record(tx, u.Record)
	if notFound(err) && opened[u.Record] > 0 {
		r, err = journey.Record{ID: u.Record, State: journey.Open, Opened: u.At}, nil
	}
	if err != nil {
		return 0, err
	}
	s.records, s.old, s.at = append(s.records, r), append(s.old, r.Customer), append(s.at, u.At)
	return len(s.records) - 1, nil
}

func (s *updateSet) fold(tx Tx, i int, u store.Update) error {
	r := &s.records[i]
	for _, f := range []struct {
		to   *string
		from string
	}{{&r.Topic, u.Topic}, {&r.Outcome, u.Outcome}, {&r.Customer, u.Customer}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	switch {
	case u.State == journey.Closed && r.State != journey.Closed:
		r.State, r.Closed = journey.Closed, u.At
	case u.State != "" && u.State != journey.Closed:
		r.State, r.Closed = u.State, time.Time{}
	}
	if err := setAttributes(r, u.Set); err != nil {
		return err
	}
	return s.foldCustomer(tx, r, u)
}

func (s *updateSet) foldCustomer(tx Tx, r *journey.Record, u store.Update) error {
	if u.Customer == "" && u.Name == "" && u.Language == "" && len(u.Consent) == 0 {
		return nil
	}
	if r.Customer == "" {
		return fmt.Errorf("%w: record %s has no customer to name", store.ErrInvalid, r.ID)
	}
	c, err := s.customer(tx, rootOf(tx, r.Customer))
	if err != nil {
		return err
	}
	if !c.Erased.IsZero() {
		return fmt.Errorf("%w: %s", store.ErrErased, c.ID)
	}
	if u.Name != "" {
		c.Name = u.Name
	}
	if u.Language != "" {
		c.Language = u.Language
	}
	for ch, said := range u.Consent {
		if c.Consent == nil {
			c.Consent = map[journey.Channel]journey.Consent{}
		}
		c.Consent[ch] = said
		at := u.At
		if at.IsZero() {
			at = r.Touched
		}
		s.told = append(s.told, journey.Event{Record: r.ID, At: at, Kind: journey.ConsentChanged, Channel: ch, Actor: "system",
			Data: map[string]string{journey.DataConsent: string(said)}})
	}
	return nil
}

func (s *updateSet) customer(tx Tx, id string) (*journey.Customer, error) {
	for i := range s.customers {
		if s.customers[i].ID == id {
			return &s.customers[i], nil
		}
	}
	c, err := loadCustomer(tx, id)
	if err != nil {
		return nil, err
	}
	s.customers = append(s.customers, c)
	return &s.customers[len(s.customers)-1], nil
}

func setAttributes(r *journey.Record, set map[string]string) error {
	if len(set) == 0 {
		return nil
	}
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}
	bytes := 0
	for k, v := range set {
		if v == "" {
			delete(r.Attributes, k)
		} else {
			r.Attributes[k] = v
		}
	}
	for k, v := range r.Attributes {
		bytes += len(k) + len(v)
	}
	if len(r.Attributes) > journey.MaxAttributes || bytes > journey.MaxAttrBytes {
		return fmt.Errorf("%w: record %s would hold %d attributes of %d bytes", store.ErrLimit, r.ID, len(r.Attributes), bytes)
	}
	return nil
}

func (s *updateSet) write(e *Engine, tx Tx) error {
	for i, r := range s.records {
		if !s.at[i].IsZero() {
			e.touch(e.head(tx, r.ID), s.at[i])
		}
		if err := e.putRecord(tx, r); err != nil {
			return err
		}
		if err := moveRecord(tx, r, s.old[i]); err != nil {
			return err
		}
	}
	for _, c := range s.customers {
		if err := putCustomer(tx, c); err != nil {
			return err
		}
	}
	for _, ev := range s.told {
		if err := e.note(tx, ev); err != nil {
			return err
		}
	}
	return nil
}

// moveRecord keeps the index from customers to records right.
func moveRecord(tx Tx, r journey.Record, old string) error {
	if old == r.Customer {
		return nil
	}
	if old != "" {
		if err := tx.Delete(byCustomer, join(old, r.ID)); err != nil {
			return err
		}
	}
	return tx.Put(byCustomer, join(r.Customer, r.ID), []byte{1})
}
