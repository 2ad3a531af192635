package memory

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"sync"

	"tandem/store"
	"tandem/store/engine"
)

// Disk keeps the data of a store. Safe for use by many goroutines.
type Disk struct {
	mu      sync.RWMutex
	buckets map[engine.Bucket]*bucket // guarded by mu, as all below
	broken  error
}

// NewDisk gives an empty Disk.
func NewDisk() *Disk {
	d := &Disk{buckets: map[engine.Bucket]*bucket{}}
	for _, b := range engine.Buckets() {
		d.buckets[b] = &bucket{values: map[string][]byte{}}
	}
	return d
}

// Open gives a store over the disk.
func Open(d *Disk, o engine.Options) (store.Store, error) { return engine.New(d, o) }

// Break makes every write fail with err from now on, until Break(nil).
func (d *Disk) Break(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
}

// bucket is a map with its keys in order.
type bucket struct {
	keys   []string
	values map[string][]byte
}

func (b *bucket) put(key string, value []byte) {
	if _, had := b.values[key]; !had {
		i, _ := slices.BinarySearch(b.keys, key)
		b.keys = slices.Insert(b.keys, i, key)
	}
	b.values[key] = value
}

func (b *bucket) remove(key string) {
	if _, had := b.values[key]; !had {
		return
	}
	delete(b.values, key)
	i, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, i, i+1)
}

// Update implements engine.Medium.
func (d *Disk) Update(fn func(engine.Tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := &tx{d: d}
	err := fn(t)
	if err == nil {
		err = d.broken
	}
	if err != nil {
		t.rollback()
	}
	return err
}

// View implements engine.Medium.
func (d *Disk) View(fn func(engine.Tx) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return fn(&tx{d: d})
}

// Reopen implements engine.Medium.
func (d *Disk) Reopen() error { return nil }

// Close implements engine.Medium; the data stays for the next Open.
func (d *Disk) Close() error { return nil }

// tx writes in place and remembers how to undo it.
type tx struct {
	d    *Disk
	undo []undo
}

type undo struct {
	bucket engine.Bucket
	key    string
	old    []byte
	had    bool
}

func (t *tx) remember(b engine.Bucket, key string) {
	old, had := t.d.buckets[b].values[key]
	t.undo = append(t.undo, undo{b, key, old, had})
}

func (t *tx) rollback() {
	for _, u := range slices.Backward(t.undo) {
		if u.had {
			t.d.buckets[u.bucket].put(u.key, u.old)
		} else {
			t.d.buckets[u.bucket].remove(u.key)
		}
	}
}

// Get implements engine.Tx.
func (t *tx) Get(b engine.Bucket, key []byte) []byte { return t.d.buckets[b].values[string(key)] }

// Put implements engine.Tx.
func (t *tx) Put(b engine.Bucket, key, value []byte) error {
	t.remember(b, string(key))
	t.d.buckets[b].put(string(key), bytes.Clone(value))
	return nil
}

// Delete implements engine.Tx.
func (t *tx) Delete(b engine.Bucket, key []byte) error {
	t.remember(b, string(key))
	t.d.buckets[b].remove(string(key))
	return nil
}

// Scan implements engine.Tx.
func (t *tx) Scan(b engine.Bucket, r engine.Range, fn func(key, value []byte) bool) {
	k := t.d.buckets[b]
	prefix := string(r.Prefix)
	low := sort.SearchStrings(k.keys, prefix)
	high := low + sort.Search(len(k.keys)-low, func(i int) bool { return !strings.HasPrefix(k.keys[low+i], prefix) })
	if r.From != nil && !r.Reverse {
		low = max(low, sort.SearchStrings(k.keys, string(r.From)))
	}
	if r.From != nil && r.Reverse {
		high = min(high, sort.Search(len(k.keys), func(i int) bool { return k.keys[i] > string(r.From) }))
	}
	for n := range high - low {
		i := low + n
		if r.Reverse {
			i = high - 1 - n
		}
		if !fn([]byte(k.keys[i]), k.values[k.keys[i]]) {
			return
		}
	}
}
