package engine

import (
	"time"

	"tandem/store"
)

// fetch reads pairs together where each read alone would cost a round trip.
func fetch(tx Tx, b Bucket, ids []string) {
	r, ok := tx.(Remote)
	if !ok || len(ids) == 0 {
		return
	}
	list := make([]Ref, len(ids))
	for i, id := range ids {
		list[i] = Ref{Bucket: b, Key: []byte(id)}
	}
	_ = r.Fetch(list) // a fault shows in Err
}

// fetchRecords reads records with their heads.
func fetchRecords(tx Tx, ids []string) {
	r, ok := tx.(Remote)
	if !ok || len(ids) == 0 {
		return
	}
	list := make([]Ref, 0, 2*len(ids))
	for _, id := range ids {
		list = append(list, Ref{Bucket: records, Key: []byte(id)}, Ref{Bucket: heads, Key: []byte(id)})
	}
	_ = r.Fetch(list)
}

// fetchSearch reads records with what is needed to look into them.
func fetchSearch(tx Tx, ids []string, deep bool) {
	if _, ok := tx.(Remote); !ok {
		return
	}
	fetchRecords(tx, ids)
	fetchKeys(tx, records, ids)
	var owners []string
	for _, id := range ids {
		if r, err := plainRecord(tx, id); err == nil && r.Customer != "" {
			owners = append(owners, r.Customer)
		}
	}
	fetch(tx, roots, owners)
	if !deep {
		return
	}
	for i, c := range owners {
		owners[i] = rootOf(tx, c)
	}
	fetch(tx, customers, owners)
	fetch(tx, roots, owners)
	fetchKeys(tx, customers, owners)
}

// fetchKeys reads the data keys that values were sealed with.
func fetchKeys(tx Tx, b Bucket, ids []string) {
	r, ok := tx.(Remote)
	if !ok {
		return
	}
	var list []Ref
	for _, id := range ids {
		if _, slot, _ := split(tx.Get(b, []byte(id))); slot != 0 {
			list = append(list, Ref{Bucket: vault, Key: numbered(nil, slot)})
		}
	}
	_ = r.Fetch(list)
}

// fetchRecord reads what a record's timeline needs.
func fetchRecord(tx Tx, id string) {
	if r, ok := tx.(Remote); ok {
		_ = r.Fetch([]Ref{{Bucket: records, Key: []byte(id)}, {Bucket: heads, Key: []byte(id)}})
	}
}

// fetchContact reads what resolving begins with.
func (e *Engine) fetchContact(tx Tx, c store.Contact) {
	r, ok := tx.(Remote)
	if !ok {
		return
	}
	var list []Ref
	if c.Thread != "" {
		list = append(list, Ref{Bucket: threads, Key: e.code("thread", c.Thread)})
	}
	if c.Record != "" {
		list = append(list, Ref{Bucket: records, Key: []byte(c.Record)}, Ref{Bucket: heads, Key: []byte(c.Record)})
	}
	for _, id := range c.Identities {
		list = append(list, Ref{Bucket: identities, Key: e.identityKey(id.Type, id.Value)})
	}
	_ = r.Fetch(list)
}

// fetchGroup reads together what the ops of a group will ask for: first the heads, then the keys that they name.
func (e *Engine) fetchGroup(tx Tx, group []op) error {
	r, ok := tx.(Remote)
	if !ok {
		return nil
	}
	var list []Ref
	for _, o := range group {
		list = o.refs(e, list)
	}
	if err := r.Fetch(list); err != nil {
		return err
	}
	var keys []Ref
	for _, x := range list {
		if x.Bucket != heads {
			continue
		}
		if h := e.head(tx, string(x.Key)); h.slot != 0 {
			keys = append(keys, Ref{Bucket: vault, Key: numbered(nil, h.slot)})
		}
	}
	return r.Fetch(keys)
}

func (a *appendOp) refs(e *Engine, list []Ref) []Ref {
	for _, ev := range a.batch.Events {
		list = append(list, Ref{Bucket: heads, Key: []byte(ev.Record)})
		if ev.Key != "" {
			list = append(list, Ref{Bucket: keys, Key: join(ev.Record, ev.Key), New: true})
		}
	}
	for _, u := range a.batch.Updates {
		list = append(list, Ref{Bucket: records, Key: []byte(u.Record)}, Ref{Bucket: heads, Key: []byte(u.Record)})
	}
	for _, w := range a.batch.Work {
		list = append(list, Ref{Bucket: workHeads, Key: []byte(w.Domain)})
	}
	for _, b := range a.batch.Bindings {
		list = append(list, Ref{Bucket: bindings, Key: []byte(b.Key)})
	}
	for _, d := range a.batch.Documents {
		list = append(list, Ref{Bucket: documents, Key: []byte(d.Key)})
	}
	for _, t := range a.batch.Tokens {
		list = append(list, Ref{Bucket: heads, Key: []byte(t.Record)})
	}
	if a.batch.Once != "" {
		list = append(list, Ref{Bucket: onces, Key: []byte(a.batch.Once), New: true})
	}
	if f := a.batch.Fence; f != nil {
		list = append(list, Ref{Bucket: leases, Key: []byte(f.Name)})
	}
	return list
}

func (r *resolveOp) refs(e *Engine, list []Ref) []Ref {
	for _, id := range r.contact.Identities {
		list = append(list, Ref{Bucket: identities, Key: e.identityKey(id.Type, id.Value), New: r.res.NewCustomer})
	}
	if r.res.Customer != "" {
		list = append(list, Ref{Bucket: customers, Key: []byte(r.res.Customer), New: r.res.NewCustomer},
			Ref{Bucket: roots, Key: []byte(r.res.Customer), New: true})
	}
	return append(list, Ref{Bucket: records, Key: []byte(r.res.Record), New: r.res.NewRecord},
		Ref{Bucket: heads, Key: []byte(r.res.Record), New: r.res.NewRecord})
}

// clock is the time by which leases and ends of life are judged.
func clock(tx Tx) (time.Time, error) {
	if r, ok := tx.(Remote); ok {
		return r.Now()
	}
	return time.Now(), nil
}

// count gives the number of pairs in a bucket.
func count(tx Tx, b Bucket) (n int, err error) {
	if r, ok := tx.(Remote); ok {
		return r.Count(b)
	}
	tx.Scan(b, Range{}, func(_, _ []byte) bool { n++; return true })
	return n, nil
}
