package engine

import (
	"fmt"
	"time"

	"tandem/store"
)

// decodeDocument reads version (8), end (8) and body.
func decodeDocument(key string, v []byte) (store.Document, bool) {
	if len(v) < 16 {
		return store.Document{}, false
	}
	version, ends := unpair(v)
	return store.Document{Key: key, Version: version, Expires: fromNano(ends), Body: append([]byte(nil), v[16:]...)}, true
}

func loadDocument(tx Tx, key string, now time.Time) (store.Document, bool) {
	d, ok := decodeDocument(key, tx.Get(documents, []byte(key)))
	return d, ok && (d.Expires.IsZero() || d.Expires.After(now))
}

func (a *appendOp) checkDocuments(e *Engine, tx Tx) error {
	if len(a.batch.Documents) == 0 {
		return nil
	}
	now, err := clock(tx)
	if err != nil {
		return err
	}
	if e.documents+len(a.batch.Documents) > store.MaxDocuments {
		return fmt.Errorf("%w: %d documents", store.ErrLimit, e.documents)
	}
	for _, d := range a.batch.Documents {
		if d.Version == store.AnyVersion {
			continue
		}
		old, live := loadDocument(tx, d.Key, now)
		if !live {
			old.Version = 0 // one that is over is none
		}
		if old.Version != d.Version {
			return fmt.Errorf("%w: document %q", store.ErrConflict, d.Key)
		}
	}
	return nil
}

func (a *appendOp) writeDocuments(e *Engine, tx Tx) error {
	for _, d := range a.batch.Documents {
		old, had := decodeDocument(d.Key, tx.Get(documents, []byte(d.Key)))
		ends := d.Expires
		if len(d.Body) == 0 {
			ends = time.Time{}
		}
		if err := expire(tx, expiresDocument, d.Key, old.Expires, ends); err != nil {
			return err
		}
		if len(d.Body) == 0 {
			a.receipt.Documents = append(a.receipt.Documents, 0)
			if had {
				e.documents--
			}
			if err := tx.Delete(documents, []byte(d.Key)); err != nil {
				return err
			}
			continue
		}
		if !had {
			e.documents++
		}
		// never the version of an earlier document of that key that was removed meanwhile
		version := max(old.Version+1, uint64(time.Now().UnixMicro()))
		a.receipt.Documents = append(a.receipt.Documents, version)
		v := pair(version, 0)
		if !ends.IsZero() {
			v = pair(version, uint64(ends.UnixNano()))
		}
		if err := tx.Put(documents, []byte(d.Key), append(v, d.Body...)); err != nil {
			return err
		}
	}
	return nil
}

// Document implements store.Store.
func (e *Engine) Document(key string) (d store.Document, err error) {
	err = e.view(func(tx Tx) error {
		now, err := clock(tx)
		if err != nil {
			return err
		}
		var ok bool
		if d, ok = loadDocument(tx, key, now); !ok {
			return fmt.Errorf("document %q: %w", key, store.ErrNotFound)
		}
		return nil
	})
	return d, err
}

// Documents implements store.Store.
func (e *Engine) Documents(prefix, after string, limit int) (list []store.Document, err error) {
	err = e.view(func(tx Tx) error {
		now, err := clock(tx)
		if err != nil {
			return err
		}
		r := Range{Prefix: []byte(prefix)}
		if after > prefix {
			r.From = []byte(after)
		}
		tx.Scan(documents, r, func(k, v []byte) bool {
			d, ok := decodeDocument(string(k), v)
			if ok && d.Key > after && (d.Expires.IsZero() || d.Expires.After(now)) {
				list = append(list, d)
			}
			return len(list) < clamp(limit)
		})
		return nil
	})
	return list, err
}

// Kinds of what ends by itself.
const (
	expiresDocument = 'd'
	expiresToken    = 't'
	expiresOnce     = 'o'
)

func expiryKey(kind byte, key string, ends time.Time) []byte {
	return append(append(numbered(nil, uint64(ends.UnixNano())), kind), key...)
}

// expire notes when something ends, in place of an earlier end; the zero time means never.
func expire(tx Tx, kind byte, key string, old, ends time.Time) error {
	if !old.IsZero() && !old.Equal(ends) {
		if err := tx.Delete(expiries, expiryKey(kind, key, old)); err != nil {
			return err
		}
	}
	if ends.IsZero() {
		return nil
	}
	return tx.Put(expiries, expiryKey(kind, key, ends), []byte{1})
}

// forgetEnded deletes what ended, at most MaxRead at a time.
func (e *Engine) forgetEnded(now time.Time) {
	var ended [][]byte
	err := e.medium.View(func(tx Tx) error {
		tx.Scan(expiries, Range{}, func(k, _ []byte) bool {
			if len(k) < 9 || number(k[:8]) > uint64(now.UnixNano()) {
				return false
			}
			ended = append(ended, append([]byte(nil), k...))
			return len(ended) < store.MaxRead
		})
		return nil
	})
	if err != nil || len(ended) == 0 {
		return
	}
	err = e.update(func(tx Tx) error {
		for _, k := range ended {
			if err := e.forgetOne(tx, k); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		e.met.ended.Add(float64(len(ended)))
	}
}

func (e *Engine) forgetOne(tx Tx, k []byte) error {
	b := map[byte]Bucket{expiresDocument: documents, expiresToken: tokens, expiresOnce: onces}[k[8]]
	if tx.Get(b, k[9:]) != nil {
		if b == documents {
			e.documents--
		}
		if err := tx.Delete(b, k[9:]); err != nil {
			return err
		}
	}
	return tx.Delete(expiries, k)
}

func (a *appendOp) writeOnce(_ *Engine, tx Tx) error {
	if a.batch.Once == "" {
		return nil
	}
	now, err := clock(tx)
	if err != nil {
		return err
	}
	record := ""
	if len(a.batch.Events) > 0 {
		record = a.batch.Events[0].Record
	}
	ends := now.Add(store.OnceKept)
	if err := expire(tx, expiresOnce, a.batch.Once, time.Time{}, ends); err != nil {
		return err
	}
	return tx.Put(onces, []byte(a.batch.Once), append(numbered(nil, uint64(ends.UnixNano())), record...))
}

func (a *appendOp) writeThreads(e *Engine, tx Tx) error {
	for _, t := range a.batch.Threads {
		if err := tx.Put(threads, e.code("thread", t.Ref), []byte(t.Record)); err != nil {
			return err
		}
	}
	return nil
}

// checkShared looks at what a batch names before anything of it is written.
func (a *appendOp) checkShared(e *Engine, tx Tx, opened map[string]uint64) error {
	named := make([]string, 0, len(a.batch.Tokens)+len(a.batch.Threads)+len(a.batch.Merges))
	for _, t := range a.batch.Tokens {
		named = append(named, t.Record)
	}
	for _, t := range a.batch.Threads {
		named = append(named, t.Record)
	}
	for _, m := range a.batch.Merges {
		if m.Record != "" {
			named = append(named, m.Record)
		}
	}
	for _, id := range named {
		if !e.head(tx, id).known && opened[id] == 0 {
			return fmt.Errorf("record %s: %w", id, store.ErrNotFound)
		}
	}
	if err := checkMerges(tx, a.batch.Merges); err != nil {
		return err
	}
	if err := checkErasures(tx, a.batch.Erase); err != nil {
		return err
	}
	return a.checkDocuments(e, tx)
}
