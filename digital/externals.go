package digital

import "sync"

// maxExternals bounds how many messages can be found by the provider's id; the oldest are forgotten.
const maxExternals = 100_000

// reference is where a message stands.
type reference struct {
	conversation string
	seq          uint64
}

// externals finds messages by the provider's id.
type externals struct {
	mu   sync.Mutex // guards what stands below; held for one look-up
	m    map[string]reference
	ring []string
	next int
}

func newExternals() *externals { return &externals{m: make(map[string]reference)} }

func (x *externals) put(key string, ref reference) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, again := x.m[key]; again {
		x.m[key] = ref
		return
	}
	if len(x.ring) < maxExternals {
		x.ring = append(x.ring, key)
	} else {
		delete(x.m, x.ring[x.next])
		x.ring[x.next] = key
		x.next = (x.next + 1) % maxExternals
	}
	x.m[key] = ref
}

func (x *externals) get(key string) (reference, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	ref, ok := x.m[key]
	return ref, ok
}
