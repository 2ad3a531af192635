package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tandem/acd"
	"tandem/sip/b2bua"
	"tandem/sip/registrar"
	"tandem/sip/transport"
	"tandem/sip/trunk"
	"tandem/store"
	"tandem/store/journey"
)

// workDomain names the routing domain of a single node; entryForm the form of its journal entries.
const (
	workDomain = "main"
	entryForm  = 1
)

// topicAttribute is the attribute by which a flow says what the matter is about.
const topicAttribute = "topic"

// recordsDoor finds the record of a caller by his number.
type recordsDoor struct {
	store   store.Store
	country string
	skip    func(b2bua.Arrival) bool // calls that are nobody's matter: an agent's star codes, a supervisor who listens
	tokens  *pageTokens              // of calls that pages place
	log     *slog.Logger
}

// Identify implements b2bua.Records. While the store is ill a call gets a record of its own that knows no customer: its events
// are held until the store is well.
func (d *recordsDoor) Identify(a b2bua.Arrival, done func(b2bua.Identity)) error {
	if d.skip(a) {
		done(b2bua.Identity{})
		return nil
	}
	c := store.Contact{Channel: journey.Voice, At: a.At, Early: true, Identities: d.identities(a)}
	if record, ok := d.tokens.take(a.Token); ok {
		c.Record, c.Identities = record, nil // who dials is not whom it is about
	} else {
		c.Token = a.Token
	}
	stranger := func(err error) {
		id := b2bua.Identity{Record: "r_" + strings.ToLower(rand.Text())}
		d.log.Error("caller not looked up", "call", a.Call, "record", id.Record, "err", err)
		done(id)
	}
	err := d.store.Resolve(c, func(r store.Resolution) {
		if r.Err != nil {
			stranger(r.Err)
			return
		}
		id := b2bua.Identity{Record: r.Record, Customer: r.Customer}
		if !r.NewRecord {
			if rec, err := d.store.Record(r.Record); err == nil {
				id.Attributes = rec.Attributes
			}
		}
		done(id)
	})
	if err != nil && !errors.Is(err, store.ErrClosed) {
		stranger(err)
		return nil
	}
	return err
}

// identities is what a caller's number says about him: an unsigned caller number is only a claim.
func (d *recordsDoor) identities(a b2bua.Arrival) []journey.Identity {
	if a.Caller == "" || a.Caller == "anonymous" {
		return nil
	}
	id := journey.Identity{Type: journey.SIP, Value: strings.ToLower(a.Caller) + "@local", Strength: journey.Claimed, First: a.At, Last: a.At}
	if a.Endpoint != "" {
		id.Strength, id.Source, id.Value = journey.Authenticated, "digest", a.Endpoint+"@local"
		return []journey.Identity{id}
	}
	if a.Trunk != nil {
		id.Source = a.Trunk.Name()
	}
	if trunk.IsE164(a.Caller) {
		id.Type, id.Value = journey.Tel, a.Caller
	} else if n := trunk.ReadNumber(a.Caller, d.country); n.Kind == trunk.GlobalNumber && n.Valid {
		id.Type, id.Value = journey.Tel, n.E164
	}
	return []journey.Identity{id}
}

// workJournal makes the dispatcher's entries durable in order, with the lines they leave in their records. One batch is on its
// way at a time; what comes meanwhile goes together in the next. A store that refuses is asked again with the same batch: the
// dispatcher waits meanwhile, and its full mailbox tells callers.
type workJournal struct {
	store store.Store
	log   *slog.Logger

	mu      sync.Mutex
	waiting []workBatch   // guarded by mu
	busy    bool          // guarded by mu
	closed  bool          // guarded by mu
	idle    chan struct{} // guarded by mu: closed when nothing waits any more; nil: nobody wants to know
}

// workBatch is entries and who waits for them.
type workBatch struct {
	batch store.Batch
	done  []func(error)
}

// Bounds of the work journal: how long after a refusal the store is asked again, and how many entries go together. Each entry
// may bring an event, and both count against store.MaxBatch.
const (
	retryWork = 250 * time.Millisecond
	mergeWork = store.MaxBatch / 2
)

// Append implements acd.Journal. Many entries go in several batches, in order; done hears of the last, or of the first fault.
func (j *workJournal) Append(entries []acd.Entry, done func(error)) {
	told := false // the store answers batches one after the other
	for len(entries) > mergeWork {
		batch, err := batchOf(entries[:mergeWork])
		if err != nil {
			done(err)
			return
		}
		entries = entries[mergeWork:]
		j.add(workBatch{batch, []func(error){func(err error) {
			if err != nil && !told {
				told = true
				done(err)
			}
		}}})
	}
	batch, err := batchOf(entries)
	if err != nil {
		done(err)
		return
	}
	j.add(workBatch{batch, []func(error){func(err error) {
		if !told {
			done(err)
		}
	}}})
}

// Snapshot stores an image behind the entries it follows from; those are forgotten.
func (j *workJournal) Snapshot(im acd.Image) error {
	body, err := json.Marshal(im)
	if err != nil {
		return err
	}
	s := store.WorkSnapshot{Domain: workDomain, Order: im.Seq, Version: entryForm, Body: body, Trim: im.Seq}
	j.add(workBatch{batch: store.Batch{Snapshot: &s}})
	return nil
}

// Close ends the trying again and waits for what is decided to be durable, for at most closeTime. Nothing may be appended any more.
func (j *workJournal) Close() {
	j.mu.Lock()
	j.closed = true
	idle := make(chan struct{})
	if j.busy {
		j.idle = idle
	} else {
		close(idle)
	}
	j.mu.Unlock()
	select {
	case <-idle:
	case <-time.After(closeTime):
		j.log.Error("work journal not written to its end: what was decided last is decided again at the next start")
	}
}

func (j *workJournal) add(b workBatch) {
	j.mu.Lock()
	j.waiting = append(j.waiting, b)
	first := !j.busy
	j.busy = true
	j.mu.Unlock()
	if first {
		j.next()
	}
}

// next sends what waits.
func (j *workJournal) next() {
	j.mu.Lock()
	if len(j.waiting) == 0 {
		j.busy = false
		if j.idle != nil {
			close(j.idle)
			j.idle = nil
		}
		j.mu.Unlock()
		return
	}
	b := j.mergeLocked()
	j.mu.Unlock()
	j.write(b)
}

// mergeLocked takes batches from the front, up to mergeWork entries; a snapshot goes alone.
func (j *workJournal) mergeLocked() workBatch {
	b := j.waiting[0]
	n := 1
	for ; n < len(j.waiting) && b.batch.Snapshot == nil; n++ {
		more := j.waiting[n]
		if more.batch.Snapshot != nil || len(b.batch.Work)+len(more.batch.Work) > mergeWork {
			break
		}
		b.batch.Work = append(b.batch.Work, more.batch.Work...)
		b.batch.Events = append(b.batch.Events, more.batch.Events...)
		b.done = append(b.done, more.done...)
	}
	j.waiting = append(j.waiting[:0:0], j.waiting[n:]...)
	return b
}

func (j *workJournal) write(b workBatch) {
	if err := j.store.Append(b.batch, func(r store.Receipt) { j.written(b, r.Err) }); err != nil {
		j.written(b, err)
	}
}

// written passes a success on. After a failure the same batch is tried again: the dispatcher's state has gone on already.
func (j *workJournal) written(b workBatch, err error) {
	j.mu.Lock()
	closed := j.closed
	j.mu.Unlock()
	if err != nil && !closed && !errors.Is(err, store.ErrClosed) && !errors.Is(err, store.ErrInvalid) {
		j.log.Error("work journal not written, trying again", "err", err)
		time.AfterFunc(retryWork, func() { j.write(b) })
		return
	}
	for _, done := range b.done {
		done(err)
	}
	j.next()
}

func batchOf(entries []acd.Entry) (batch store.Batch, err error) {
	for _, e := range entries {
		body, err := json.Marshal(e)
		if err != nil {
			return batch, fmt.Errorf("work entry %d: %w", e.Seq, err)
		}
		batch.Work = append(batch.Work, store.WorkEntry{Domain: workDomain, Item: e.Item, Version: entryForm, Body: body})
		if ev, ok := e.Event(); ok {
			batch.Events = append(batch.Events, ev)
		}
	}
	return batch, nil
}

// restoreWork reads the dispatcher's journal back.
func restoreWork(st store.Store) (acd.Restore, error) {
	var r acd.Restore
	snapshot, err := st.Work(workDomain, func(w store.WorkEntry) error {
		var e acd.Entry
		if err := json.Unmarshal(w.Body, &e); err != nil {
			return fmt.Errorf("work entry %d: %w", w.Order, err)
		}
		r.Entries = append(r.Entries, e)
		return nil
	})
	if err != nil {
		return r, err
	}
	if snapshot.Order > 0 {
		r.Image = &acd.Image{}
		if err := json.Unmarshal(snapshot.Body, r.Image); err != nil {
			return r, fmt.Errorf("work snapshot at %d: %w", snapshot.Order, err)
		}
	}
	return r, nil
}

// pageContact is in the contact of every phone that is a page's.
const pageContact = ";transport=local"

// bindingDoor keeps registrations over a restart, and tells the dispatcher whose phone can be reached.
type bindingDoor struct {
	store     store.Store
	registrar *registrar.Registrar
	usable    func(endpoint string, usable bool)
	log       *slog.Logger
}

// Changed implements b2bua.Bindings.
func (d bindingDoor) Changed(events []registrar.Event) {
	var batch store.Batch
	for _, e := range events {
		name := endpointOf(e.Binding.AOR)
		if strings.Contains(e.Binding.Contact, pageContact) { // it lives in this process and ends with it
			d.usable(name, len(d.registrar.Lookup(e.Binding.AOR, e.At)) > 0)
			d.log.Debug("page's binding "+e.Kind.String(), "endpoint", name)
			continue
		}
		b := store.Binding{Key: bindingKey(e.Binding), Expires: e.Binding.Expires}
		if e.Kind == registrar.Registered || e.Kind == registrar.Refreshed {
			body, err := json.Marshal(e.Binding)
			if err != nil {
				d.log.Error("binding not stored", "err", err)
				continue
			}
			b.Body = body
		}
		batch.Bindings = append(batch.Bindings, b)
		d.usable(name, len(d.registrar.Lookup(e.Binding.AOR, e.At)) > 0)
		d.log.Info("binding "+e.Kind.String(), "endpoint", name, "contact", e.Binding.Contact)
	}
	if len(batch.Bindings) == 0 {
		return
	}
	err := d.store.Append(batch, func(r store.Receipt) {
		if r.Err != nil {
			d.log.Error("bindings not stored", "err", r.Err)
		}
	})
	if err != nil {
		d.log.Error("bindings not stored", "err", err)
	}
}

func endpointOf(aor string) string {
	name, _, _ := strings.Cut(aor, "@")
	return name
}

// bindingKey tells a registration from all others, within what a key may be long.
func bindingKey(b registrar.Binding) string {
	key := b.AOR + " " + b.Contact
	if b.Instance != "" {
		key = fmt.Sprintf("%s %s %d", b.AOR, b.Instance, b.RegID)
	}
	if len(key) <= journey.MaxID {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "long " + hex.EncodeToString(sum[:])
}

// restoreBindings gives the registrar what was registered before a restart. here tells the flow of a Path through this node, as it was
// while another one owned the calls; nil where there are no nodes.
func restoreBindings(st store.Store, reg *registrar.Registrar, here func(path string) (transport.Flow, bool), now time.Time) ([]registrar.Binding, error) {
	stored, err := st.Bindings(now)
	if err != nil {
		return nil, err
	}
	var list []registrar.Binding
	for _, s := range stored {
		if strings.HasPrefix(s.Key, liveMark) || strings.HasPrefix(s.Key, dueMark) {
			continue
		}
		var b registrar.Binding
		if err := json.Unmarshal(s.Body, &b); err != nil {
			return nil, fmt.Errorf("binding %s: %w", s.Key, err)
		}
		if len(b.Path) > 0 && here != nil {
			if flow, ok := here(b.Path[0]); ok {
				b.Path, b.Received, b.Transport = b.Path[1:], flow.Remote, strings.ToLower(flow.Transport)
				if flow.Reliable() {
					b.Flow = flow.String()
				}
			}
		}
		list = append(list, b)
	}
	reg.Restore(now, list)
	return list, nil
}
