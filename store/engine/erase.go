package engine

import (
	"fmt"

	"tandem/store"
	"tandem/store/journey"
)

func checkErasures(tx Tx, list []store.Erasure) error {
	for _, x := range list {
		if _, err := loadCustomer(tx, x.Customer); err != nil {
			return err
		}
	}
	return nil
}

func (a *appendOp) writeErasures(e *Engine, tx Tx) error {
	for _, x := range a.batch.Erase {
		for _, id := range membersOf(tx, x.Customer) {
			if err := e.eraseCustomer(tx, id, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// eraseCustomer destroys the data keys of a customer and of his records, and forgets his identities.
func (e *Engine) eraseCustomer(tx Tx, id string, x store.Erasure) error {
	c, err := loadCustomer(tx, id)
	if err != nil {
		return err
	}
	if !c.Erased.IsZero() {
		return e.eraseRecords(tx, id, x) // what came after the first time
	}
	for _, i := range c.Identities {
		if err := e.forgetIdentity(tx, i, id); err != nil {
			return err
		}
	}
	if err := destroy(tx, tx.Get(customers, []byte(id))); err != nil {
		return err
	}
	if err := putCustomer(tx, journey.Customer{ID: id, Erased: x.At}); err != nil {
		return err
	}
	return e.eraseRecords(tx, id, x)
}

func (e *Engine) eraseRecords(tx Tx, customer string, x store.Erasure) error {
	for _, record := range recordsOf(tx, []string{customer}, "", store.MaxEvents) {
		if err := e.eraseRecord(tx, record, x); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) forgetIdentity(tx Tx, id journey.Identity, customer string) error {
	row := e.loadIdentity(tx, id.Type, id.Value)
	kept := row.Links[:0]
	for _, l := range row.Links {
		if l.Customer != customer {
			kept = append(kept, l)
		}
	}
	row.Links = kept
	return e.saveIdentity(tx, id.Type, id.Value, row)
}

// destroy deletes the data key that a value is sealed with.
func destroy(tx Tx, value []byte) error {
	_, slot, _ := split(value)
	if slot == 0 {
		return nil
	}
	return tx.Delete(vault, numbered(nil, slot))
}

func (e *Engine) eraseRecord(tx Tx, id string, x store.Erasure) error {
	r, err := e.record(tx, id)
	if err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	h := e.head(tx, id)
	if !r.Erased.IsZero() && h.slot == 0 {
		return nil
	}
	if h.slot != 0 {
		if err := tx.Delete(vault, numbered(nil, h.slot)); err != nil {
			return err
		}
	}
	h.slot, h.seal = 0, nil
	e.soil(h)
	r.Attributes, r.Erased = nil, x.At
	if err := e.putRecord(tx, r); err != nil {
		return err
	}
	return e.note(tx, journey.Event{Record: id, At: x.At, Kind: journey.Erased, Actor: x.By})
}
