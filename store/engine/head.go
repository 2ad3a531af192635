package engine

import (
	"time"

	"tandem/store/journey"
)

// maxHeads is how many records' heads the writer remembers before it begins anew.
const maxHeads = 1 << 16

// head is what changes of a record with every event. It is kept apart from the record so that an event costs one small write.
type head struct {
	id      string
	seq     uint64
	touched int64  // Unix nanoseconds
	slot    uint64 // of the record's data key; 0: none yet
	seal    *seal  // nil until it is needed
	known   bool   // the record exists
	dirty   bool
}

// touch notes that a head changed, to be written with the group.
func (e *Engine) touch(h *head, at time.Time) {
	h.touched = max(h.touched, at.UnixNano())
	e.soil(h)
}

// soil notes that a head is to be written with the group.
func (e *Engine) soil(h *head) {
	if !h.dirty {
		h.dirty = true
		e.dirty = append(e.dirty, h)
	}
}

// head gives the remembered head of a record, read from tx the first time. Only the writer calls it.
func (e *Engine) head(tx Tx, record string) *head {
	if h := e.heads[record]; h != nil {
		return h
	}
	h := &head{id: record}
	if v := tx.Get(heads, []byte(record)); v != nil {
		seq, touched := unpair(v)
		h.seq, h.touched, h.known = seq, int64(touched), true
		if len(v) >= 24 {
			h.slot = number(v)
		}
	}
	e.heads[record] = h
	return h
}

// domainHead is the newest order of a routing domain's journal, and up to where it was trimmed.
type domainHead struct {
	order, trimmed uint64
	dirty          bool
}

func (e *Engine) domain(tx Tx, name string) *domainHead {
	if d := e.domains[name]; d != nil {
		return d
	}
	d := &domainHead{}
	d.order, d.trimmed = unpair(tx.Get(workHeads, []byte(name)))
	e.domains[name] = d
	return d
}

// flush writes the heads that the group changed.
func (e *Engine) flush(tx Tx) error {
	for _, h := range e.dirty {
		if err := tx.Put(heads, []byte(h.id), numbered(pair(h.seq, uint64(h.touched)), h.slot)); err != nil {
			return err
		}
		h.dirty = false
	}
	e.dirty = e.dirty[:0]
	if err := e.writeFeed(tx); err != nil {
		return err
	}
	for name, d := range e.domains {
		if !d.dirty {
			continue
		}
		if err := tx.Put(workHeads, []byte(name), pair(d.order, d.trimmed)); err != nil {
			return err
		}
		d.dirty = false
	}
	if len(e.heads) > maxHeads {
		clear(e.heads)
	}
	return nil
}

// openRecord makes a bare record.
func (e *Engine) openRecord(tx Tx, r journey.Record) error {
	h := e.head(tx, r.ID)
	h.known = true
	e.touch(h, r.Opened)
	return e.putRecord(tx, r)
}

// record is loadRecord for the writer: a head that waits to be flushed with the group counts.
func (e *Engine) record(tx Tx, id string) (journey.Record, error) {
	r, err := loadRecord(tx, id)
	if err == nil {
		h := e.head(tx, id)
		r.Seq, r.Touched = h.seq, fromNano(uint64(h.touched))
	}
	return r, err
}
