package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"tandem/store"
)

// A commit that fails may have reached the medium all the same: the answer was lost, or the disk wrote what it could not confirm. Its
// callers were refused, and many of them write the same again. Once the medium is well, the engine looks which such groups it has, and
// knows what it has of them when it comes again.

// doubtsMost bounds the groups whose fate is open, settledMost what is known of those that are written, over several outages: beyond it
// the older ones are forgotten. doubtFor is how long those who were refused are expected to write again.
const (
	doubtsMost  = 16
	settledMost = 100_000
	doubtFor    = 10 * time.Minute
)

// attempt is what an op would have written, and where.
type attempt struct {
	op      *appendOp
	receipt store.Receipt
}

// doubt is a group that was refused.
type doubt []attempt

// print tells an event or a work entry from all others.
type print [sha256.Size]byte

// doubtful keeps a group that may be written. To be called before it is answered.
func (e *Engine) doubtful(group []op) {
	var d doubt
	for _, o := range group {
		if a, ok := o.(*appendOp); ok && a.receipt.Err == nil && len(a.receipt.Seqs)+len(a.receipt.Orders) > 0 {
			d = append(d, attempt{a, a.receipt})
		}
	}
	if len(d) > 0 && len(e.doubts) < doubtsMost {
		e.doubts = append(e.doubts, d)
	}
}

// settle finds out which doubtful groups are written. A commit came through before, so that none is on its way any more.
func (e *Engine) settle(tx Tx) error {
	for len(e.doubts) > 0 {
		d := e.doubts[0]
		there := d.written(tx)
		if r, ok := tx.(Remote); ok && r.Err() != nil {
			return r.Err()
		}
		e.doubts = e.doubts[1:]
		if !there {
			continue
		}
		e.opts.Log.Warn("store has what it could not confirm", "batches", len(d))
		if e.settled == nil || len(e.settled) > settledMost {
			e.settled = map[print]uint64{}
		}
		for _, t := range d {
			for i, seq := range t.receipt.Seqs {
				e.settled[printOf(t.op.batch.Events[i].Record, t.op.encoded[i].public, t.op.encoded[i].private)] = seq
			}
			for i, order := range t.receipt.Orders {
				w := t.op.batch.Work[i]
				e.settled[printOf(w.Domain, encodeWork(w), nil)] = order
			}
		}
		e.settledAt = time.Now()
	}
	return nil
}

// written looks for the first thing that a group would have written: all of it is there, or nothing.
func (d doubt) written(tx Tx) bool {
	for _, t := range d {
		for i, seq := range t.receipt.Seqs {
			if seq > 0 { // else it was there before
				public, _, _ := split(tx.Get(events, numbered(under(t.op.batch.Events[i].Record), seq)))
				return bytes.Equal(public, t.op.encoded[i].public)
			}
		}
		for i, order := range t.receipt.Orders {
			w := t.op.batch.Work[i]
			return bytes.Equal(tx.Get(work, numbered(under(w.Domain), order)), encodeWork(w))
		}
	}
	return false
}

// again gives the number of what was written when it was refused.
func (e *Engine) again(owner string, public, private []byte) (uint64, bool) {
	if len(e.settled) == 0 {
		return 0, false
	}
	if time.Since(e.settledAt) > doubtFor {
		e.settled = nil
		return 0, false
	}
	n, ok := e.settled[printOf(owner, public, private)]
	return n, ok
}

// printOf is the print of what belongs to a record or a domain.
func printOf(owner string, public, private []byte) (p print) {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(owner), public, private} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	h.Sum(p[:0])
	return p
}
