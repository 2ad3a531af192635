package engine

import (
	"encoding/json"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// resolveOp is a Contact that was decided and is to be written.
type resolveOp struct {
	contact store.Contact
	done    func(store.Resolution) // nil when it was called already
	res     store.Resolution
	e       *Engine
}

func (r *resolveOp) size() int { return 512 }

func (r *resolveOp) urgent() bool { return r.done != nil }

func (r *resolveOp) finish(groupErr error) {
	r.e.arrived(r)
	if groupErr != nil {
		r.res = store.Resolution{Err: groupErr}
	}
	if r.done != nil {
		r.done(r.res)
	}
}

// Resolve implements store.Store. It decides at once, from what is written and what is on its way; the writer writes what was
// decided, before anything that is appended later.
func (e *Engine) Resolve(c store.Contact, done func(store.Resolution)) error {
	if err := c.Validate(); err != nil {
		e.met.refused.WithLabelValues("invalid").Inc()
		return err
	}
	r := &resolveOp{contact: c, done: done, e: e}
	if c.Early {
		r.done = nil
	}
	res, err := e.decide(r)
	if err == nil && c.Early && done != nil {
		done(res)
	}
	return err
}

// decide resolves a contact and queues what is to be written. One at a time: so two calls of one unknown number agree.
func (e *Engine) decide(r *resolveOp) (store.Resolution, error) {
	e.deciding.Lock()
	defer e.deciding.Unlock()
	if err := e.view(func(tx Tx) error { r.decide(e, tx); return nil }); err != nil {
		return store.Resolution{}, err
	}
	res := r.res
	for _, id := range r.contact.Identities {
		e.onTheWay[string(join(string(id.Type), id.Value))] = r
	}
	if err := e.post(r); err != nil {
		e.arrivedLocked(r)
		return store.Resolution{}, err
	}
	return res, nil
}

// arrived forgets an op that is written, or never will be.
func (e *Engine) arrived(r *resolveOp) {
	e.deciding.Lock()
	defer e.deciding.Unlock()
	e.arrivedLocked(r)
}

func (e *Engine) arrivedLocked(r *resolveOp) {
	for _, id := range r.contact.Identities {
		if key := string(join(string(id.Type), id.Value)); e.onTheWay[key] == r {
			delete(e.onTheWay, key)
		}
	}
}

// decide is the resolution algorithm: the first match wins.
func (r *resolveOp) decide(e *Engine, tx Tx) {
	var forced journey.Record
	known := false
	if r.contact.Record != "" {
		var err error
		forced, err = loadRecord(tx, r.contact.Record)
		known = err == nil
	}
	if known && forced.Customer != "" {
		r.res.Customer = forced.Customer
	} else {
		r.match(tx)
	}
	before := r.follow(e)
	if r.res.Customer == "" && len(r.contact.Identities) > 0 {
		r.res.Customer, r.res.NewCustomer = newID("cu", r.contact.At), true
	}
	r.rate(tx, before != nil)
	rec, found := forced, known
	switch {
	case !known && before != nil && before.contact.Topic == r.contact.Topic:
		r.res.Record = before.res.Record
		return
	case !known:
		rec, found = r.findRecord(tx)
	}
	if found {
		r.res.Record, r.res.Reopened = rec.ID, rec.State == journey.Closed
		return
	}
	r.res.Record, r.res.NewRecord = newID("r", r.contact.At), true
}

// follow takes the customer of a contact with the same identity that is decided and not yet written.
func (r *resolveOp) follow(e *Engine) *resolveOp {
	if r.res.Customer != "" {
		return nil
	}
	for _, id := range r.contact.Identities {
		if before := e.onTheWay[string(join(string(id.Type), id.Value))]; before != nil && !id.Shared {
			r.res.Customer = before.res.Customer
			return before
		}
	}
	return nil
}

// rate tells how strongly the match is known: by the identities that are the customer's own.
func (r *resolveOp) rate(tx Tx, followed bool) {
	for _, id := range r.contact.Identities {
		row := loadIdentity(tx, id.Type, id.Value)
		if !row.shared() && (followed || r.res.NewCustomer || row.has(r.res.Customer)) {
			r.res.Strength = max(r.res.Strength, id.Strength)
		}
	}
}

// apply writes what was decided.
func (r *resolveOp) apply(e *Engine, tx Tx) error {
	if err := r.keepCustomer(tx); err != nil {
		return err
	}
	if !r.res.NewRecord {
		if rec, err := e.record(tx, r.res.Record); err == nil {
			return r.attach(e, tx, rec)
		}
	}
	return r.create(e, tx)
}

// match looks the identities up: the strongest, then newest link of an identity that is not shared wins.
func (r *resolveOp) match(tx Tx) {
	var best link
	for _, id := range r.contact.Identities {
		row := loadIdentity(tx, id.Type, id.Value)
		if row.shared() || id.Shared {
			continue
		}
		for _, l := range row.Links {
			if best.Customer != "" && l.Customer != best.Customer {
				r.res.Ambiguous = true
			}
			if best.Customer == "" || l.Strength > best.Strength || l.Strength == best.Strength && l.Last.After(best.Last) {
				best = l
			}
		}
	}
	r.res.Customer = best.Customer
}

// keepCustomer writes the customer if it is new, and links the identities to it. A caller who shows no identity has no customer.
func (r *resolveOp) keepCustomer(tx Tx) error {
	if r.res.Customer == "" {
		return nil
	}
	c := journey.Customer{ID: r.res.Customer}
	if !r.res.NewCustomer {
		var err error
		if c, err = loadCustomer(tx, c.ID); err != nil {
			return nil // the link outlived its customer; the record is attached all the same
		}
	}
	changed := r.res.NewCustomer
	for _, id := range r.contact.Identities {
		row := loadIdentity(tx, id.Type, id.Value)
		if !row.link(c.ID, id, r.contact.At) {
			continue
		}
		if err := saveIdentity(tx, id.Type, id.Value, row); err != nil {
			return err
		}
		changed = noteIdentity(&c, id, r.contact.At) || changed
	}
	if !changed {
		return nil
	}
	return putCustomer(tx, c)
}

// maxLooked is how many of a customer's newest records are looked at for one that goes on.
const maxLooked = 100

// findRecord gives the record that goes on: open in its window first, else one closed a short time ago.
func (r *resolveOp) findRecord(tx Tx) (rec journey.Record, found bool) {
	if r.res.Customer == "" || r.res.NewCustomer {
		return rec, false
	}
	window := r.contact.Window
	if window <= 0 {
		window = journey.ContinuityWindow(r.contact.Channel)
	}
	looked := 0
	var closed journey.Record
	tx.Scan(byCustomer, Range{Prefix: under(r.res.Customer), Reverse: true}, func(k, _ []byte) bool {
		looked++
		x, err := loadRecord(tx, string(k[len(r.res.Customer)+1:]))
		if err == nil && x.Topic == r.contact.Topic {
			if x.State != journey.Closed && r.contact.At.Sub(x.Touched) <= window {
				rec, found = x, true
			} else if x.State == journey.Closed && closed.ID == "" && r.contact.At.Sub(x.Closed) <= journey.ReopenWindow {
				closed = x
			}
		}
		return !found && looked < maxLooked
	})
	if !found && closed.ID != "" {
		return closed, true
	}
	return rec, found
}

// attach lets a record go on.
func (r *resolveOp) attach(e *Engine, tx Tx, rec journey.Record) error {
	e.touch(e.head(tx, rec.ID), r.contact.At)
	old := rec.Customer
	if rec.State == journey.Open && (old != "" || r.res.Customer == "") {
		return nil
	}
	rec.State, rec.Closed = journey.Open, time.Time{}
	if old == "" {
		rec.Customer = r.res.Customer
	}
	if err := putRecord(tx, rec); err != nil {
		return err
	}
	return moveRecord(tx, rec, old)
}

func (r *resolveOp) create(e *Engine, tx Tx) error {
	rec := journey.Record{ID: r.res.Record, Customer: r.res.Customer, Topic: r.contact.Topic,
		State: journey.Open, Opened: r.contact.At.UTC()}
	if err := e.openRecord(tx, rec); err != nil {
		return err
	}
	if rec.Customer == "" {
		return nil
	}
	return moveRecord(tx, rec, "")
}

// link ties an identity to a customer.
type link struct {
	Customer string           `json:"customer"`
	Strength journey.Strength `json:"strength"`
	First    time.Time        `json:"first"`
	Last     time.Time        `json:"last"`
}

// maxLinks bounds the customers of one identity; beyond it the weakest, then oldest link gives way.
const maxLinks = 8

type identityRow struct {
	Shared bool   `json:"shared,omitempty"`
	Links  []link `json:"links,omitempty"`
}

// shared tells whether the identity identifies nobody: it was marked, or enough customers have proven it theirs.
func (r *identityRow) shared() bool {
	proven := 0
	for _, l := range r.Links {
		if l.Strength == journey.Authenticated {
			proven++
		}
	}
	return r.Shared || proven >= journey.SharedAfter
}

func (r *identityRow) has(customer string) bool {
	for _, l := range r.Links {
		if l.Customer == customer {
			return true
		}
	}
	return false
}

// link adds or renews a link. An identity that belongs to somebody else gets a second owner only when it is proven.
func (r *identityRow) link(customer string, id journey.Identity, at time.Time) bool {
	r.Shared = r.Shared || id.Shared
	for i := range r.Links {
		if l := &r.Links[i]; l.Customer == customer {
			l.Strength = max(l.Strength, id.Strength)
			if at.After(l.Last) {
				l.Last = at
			}
			return true
		}
	}
	if len(r.Links) > 0 && !r.Shared && id.Strength < journey.Authenticated {
		return false
	}
	r.Links = append(r.Links, link{customer, id.Strength, at, at})
	if len(r.Links) > maxLinks {
		r.drop()
	}
	return true
}

func (r *identityRow) drop() {
	weakest := 0
	for i, l := range r.Links[:len(r.Links)-1] {
		w := r.Links[weakest]
		if l.Strength < w.Strength || l.Strength == w.Strength && l.Last.Before(w.Last) {
			weakest = i
		}
	}
	r.Links = append(r.Links[:weakest], r.Links[weakest+1:]...)
}

func loadIdentity(tx Tx, t journey.IdentityType, value string) *identityRow {
	row := &identityRow{}
	if raw := tx.Get(identities, join(string(t), value)); raw != nil {
		_ = json.Unmarshal(raw, row) // an unreadable row counts as unknown and is written anew
	}
	return row
}

func saveIdentity(tx Tx, t journey.IdentityType, value string, row *identityRow) error {
	raw, err := json.Marshal(row)
	if err != nil {
		return err
	}
	return tx.Put(identities, join(string(t), value), raw)
}

// maxCustomerIdentities bounds what one customer can collect.
const maxCustomerIdentities = 64

// noteIdentity keeps an identity in its customer.
func noteIdentity(c *journey.Customer, id journey.Identity, at time.Time) bool {
	for i := range c.Identities {
		if x := &c.Identities[i]; x.Type == id.Type && x.Value == id.Value {
			x.Strength, x.Last, x.Shared = max(x.Strength, id.Strength), at, x.Shared || id.Shared
			return true
		}
	}
	if len(c.Identities) >= maxCustomerIdentities {
		return false
	}
	id.First, id.Last = at, at
	c.Identities = append(c.Identities, id)
	return true
}
