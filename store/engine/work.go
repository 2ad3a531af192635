package engine

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"tandem/store"
)

// Work entries: version (4), length of item (2), item, body.
func encodeWork(w store.WorkEntry) []byte {
	v := make([]byte, 0, 6+len(w.Item)+len(w.Body))
	v = binary.BigEndian.AppendUint32(v, uint32(w.Version))
	v = binary.BigEndian.AppendUint16(v, uint16(len(w.Item)))
	v = append(v, w.Item...)
	return append(v, w.Body...)
}

func decodeWork(domain string, order uint64, v []byte) (store.WorkEntry, error) {
	w := store.WorkEntry{Domain: domain, Order: order}
	if len(v) < 6 || len(v) < 6+int(binary.BigEndian.Uint16(v[4:])) {
		return w, fmt.Errorf("work entry %s/%d: %w", domain, order, store.ErrCorrupt)
	}
	end := 6 + int(binary.BigEndian.Uint16(v[4:]))
	w.Version = int(int32(binary.BigEndian.Uint32(v)))
	w.Item = string(v[6:end])
	w.Body = append([]byte(nil), v[end:]...)
	return w, nil
}

func (a *appendOp) writeWork(e *Engine, tx Tx) error {
	for _, w := range a.batch.Work {
		value := encodeWork(w)
		if order, known := e.again(w.Domain, value, nil); known {
			a.receipt.Orders = append(a.receipt.Orders, order)
			continue
		}
		d := e.domain(tx, w.Domain)
		d.order++
		d.dirty = true
		a.receipt.Orders = append(a.receipt.Orders, d.order)
		if err := tx.Put(work, numbered(under(w.Domain), d.order), value); err != nil {
			return err
		}
		if w.Item == "" {
			continue
		}
		if err := tx.Put(byItem, numbered(under(w.Domain, w.Item), d.order), []byte{1}); err != nil {
			return err
		}
	}
	return nil
}

// trimStep is how many entries one snapshot forgets at most; the next one goes on.
const trimStep = 4096

func (a *appendOp) writeSnapshot(e *Engine, tx Tx) error {
	s := a.batch.Snapshot
	if s == nil {
		return nil
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := tx.Put(snapshots, []byte(s.Domain), raw); err != nil {
		return err
	}
	d := e.domain(tx, s.Domain)
	for n := 0; d.trimmed < s.Trim && n < trimStep; n++ {
		d.trimmed++
		d.dirty = true
		if err := forgetWork(tx, s.Domain, d.trimmed); err != nil {
			return err
		}
	}
	return nil
}

func forgetWork(tx Tx, domain string, order uint64) error {
	key := numbered(under(domain), order)
	w, err := decodeWork(domain, order, tx.Get(work, key))
	if err == nil && w.Item != "" {
		if err := tx.Delete(byItem, numbered(under(domain, w.Item), order)); err != nil {
			return err
		}
	}
	return tx.Delete(work, key)
}

func (a *appendOp) writeBindings(e *Engine, tx Tx) error {
	for _, b := range a.batch.Bindings {
		k := []byte(b.Key)
		had := tx.Get(bindings, k) != nil
		if len(b.Body) == 0 {
			if had {
				e.bindings--
			}
			if err := tx.Delete(bindings, k); err != nil {
				return err
			}
			continue
		}
		if !had {
			e.bindings++
		}
		if err := tx.Put(bindings, k, append(pair(uint64(b.Expires.UnixNano()), 0), b.Body...)); err != nil {
			return err
		}
	}
	return nil
}

func fromNano(n uint64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, int64(n)).UTC()
}
