package engine

import (
	"maps"
	"slices"
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
	forced  bool             // a use of its token is taken: it finds room in a full queue
	proven  journey.Strength // by its token
	join    [][2]string      // customers that were proven to be one
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
	if c.Token != "" {
		return e.post(e.redeem(c, done))
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

// redeem takes a use of a contact's token first, and resolves with what came of it.
func (e *Engine) redeem(c store.Contact, done func(store.Resolution)) *useOp {
	return &useOp{e: e, use: store.Use{Text: c.Token, Channel: c.Channel, Identities: c.Identities, At: c.At}, done: func(u store.Used) {
		if u.State == "" { // the store's own fault
			answer(done, store.Resolution{Err: u.Err})
			return
		}
		c.Early = false
		r := &resolveOp{contact: c, done: done, e: e, forced: true, res: store.Resolution{Token: u.State}}
		if u.State == store.TokenGood {
			r.contact.Record, r.contact.Thread, r.proven = u.Record, "", u.Strength
		}
		if _, err := e.decide(r); err != nil {
			answer(done, store.Resolution{Err: err})
		}
	}}
}

func answer(done func(store.Resolution), r store.Resolution) {
	if done != nil {
		done(r)
	}
}

// decide resolves a contact and queues what is to be written. One at a time: so two calls of one unknown number agree.
func (e *Engine) decide(r *resolveOp) (store.Resolution, error) {
	e.deciding.Lock()
	defer e.deciding.Unlock()
	if err := e.Health(); err != nil {
		return store.Resolution{}, err
	}
	if err := e.view(func(tx Tx) error { r.decide(e, tx); return nil }); err != nil {
		return store.Resolution{}, err
	}
	res := r.res
	for _, id := range r.contact.Identities {
		e.onTheWay[string(join(string(id.Type), id.Value))] = r
	}
	post := e.post
	if r.forced {
		post = e.postAlways
	}
	if err := post(r); err != nil {
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
	e.fetchContact(tx, r.contact)
	if r.contact.Thread != "" {
		if bound := tx.Get(threads, e.code("thread", r.contact.Thread)); bound != nil {
			r.contact.Record = string(bound)
		}
	}
	var forced journey.Record
	known := false
	if r.contact.Record != "" {
		var err error
		forced, err = plainRecord(tx, r.contact.Record)
		forced.Customer = rootOf(tx, forced.Customer)
		known = err == nil && forced.Erased.IsZero()
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
	if r.res.Token == store.TokenGood {
		r.res.Strength = r.proven
	}
	for _, id := range r.contact.Identities {
		row := r.e.loadIdentity(tx, id.Type, id.Value)
		if !row.shared() && (followed || r.res.NewCustomer || row.has(r.res.Customer)) {
			r.res.Strength = max(r.res.Strength, id.Strength)
		}
	}
}

// apply writes what was decided.
func (r *resolveOp) apply(e *Engine, tx Tx) error {
	raced, err := r.keepCustomer(tx)
	if err != nil {
		return err
	}
	rec, err := e.record(tx, r.res.Record)
	switch {
	case err == nil:
		err = r.attach(e, tx, rec)
	case notFound(err):
		err = r.create(e, tx)
	}
	for _, x := range r.join {
		if err == nil && len(membersOf(tx, x[0]))+len(membersOf(tx, x[1])) <= store.MaxMerged {
			err = e.merge(tx, store.Merge{A: x[0], B: x[1], By: "system", Reason: "proven together", At: r.contact.At, Record: r.res.Record})
		}
	}
	if err == nil && raced != "" {
		err = e.merge(tx, store.Merge{A: raced, B: r.res.Customer, By: "system", Reason: "born together", At: r.contact.At, Record: r.res.Record})
	}
	return err
}

// match looks the identities up: the strongest, then newest link of an identity that is not shared wins.
func (r *resolveOp) match(tx Tx) {
	var best link
	proven := map[string]bool{}
	for _, id := range r.contact.Identities {
		row := r.e.loadIdentity(tx, id.Type, id.Value)
		if row.shared() || id.Shared {
			continue
		}
		for _, l := range row.Links {
			if id.Strength == journey.Authenticated && l.Strength == journey.Authenticated {
				proven[l.root] = true
			}
			if best.Customer != "" && l.root != best.root {
				r.res.Ambiguous = true
			}
			if best.Customer == "" || l.Strength > best.Strength || l.Strength == best.Strength && l.Last.After(best.Last) {
				best = l
			}
		}
	}
	r.res.Customer = best.root
	if len(proven) < 2 {
		return
	}
	list := slices.Sorted(maps.Keys(proven))
	for _, other := range list[1:] {
		r.join = append(r.join, [2]string{list[0], other})
	}
	r.res.Customer, r.res.Merged = list[0], true
	r.res.Ambiguous = r.res.Ambiguous && !proven[best.root]
}

// keepCustomer writes the customer if it is new, and links the identities to it. A caller who shows no identity has no customer.
// raced is the customer that another process made of the same identity since the new one was decided: they are one.
func (r *resolveOp) keepCustomer(tx Tx) (raced string, err error) {
	if r.res.Customer == "" {
		return "", nil
	}
	keep := map[string]*journey.Customer{}
	if r.res.NewCustomer {
		keep[r.res.Customer] = &journey.Customer{ID: r.res.Customer}
	}
	for _, id := range r.contact.Identities {
		row := r.e.loadIdentity(tx, id.Type, id.Value)
		if r.res.NewCustomer && len(row.Links) > 0 && !row.shared() && !row.has(r.res.Customer) {
			raced = row.Links[0].Customer
		}
		owner := row.link(r.res.Customer, id, r.contact.At)
		if owner == "" {
			continue
		}
		if keep[owner] == nil {
			c, err := loadCustomer(tx, owner)
			if err != nil || !c.Erased.IsZero() {
				continue // the link outlived its customer; the record is attached all the same
			}
			keep[owner] = &c
		}
		if err := r.e.saveIdentity(tx, id.Type, id.Value, row); err != nil {
			return raced, err
		}
		noteIdentity(keep[owner], id, r.contact.At)
	}
	for _, c := range keep {
		if err := putCustomer(tx, *c); err != nil {
			return raced, err
		}
	}
	return raced, nil
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
	var closed journey.Record
	for _, id := range recordsOf(tx, membersOf(tx, r.res.Customer), "", maxLooked) {
		x, err := plainRecord(tx, id)
		if err != nil || x.Topic != r.contact.Topic || !x.Erased.IsZero() {
			continue
		}
		if x.State != journey.Closed && r.contact.At.Sub(x.Touched) <= window {
			return x, true
		}
		if x.State == journey.Closed && closed.ID == "" && r.contact.At.Sub(x.Closed) <= journey.ReopenWindow {
			closed = x
		}
	}
	return closed, closed.ID != ""
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
	if err := e.putRecord(tx, rec); err != nil {
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
