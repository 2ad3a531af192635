package b2bua

import (
	"hash/maphash"
	"sync"

	"tandem/media"
)

// shards spreads the locks of the indexes; a lock is held for one look-up only.
const shards = 16

// index maps a key to where a message for it goes.
type index[K comparable, V any] struct {
	seed  maphash.Seed
	shard [shards]struct {
		mu sync.RWMutex
		m  map[K]V
	}
}

func newIndex[K comparable, V any]() *index[K, V] {
	x := &index[K, V]{seed: maphash.MakeSeed()}
	for i := range x.shard {
		x.shard[i].m = make(map[K]V)
	}
	return x
}

func (x *index[K, V]) of(k K) int { return int(maphash.Comparable(x.seed, k) % shards) }

func (x *index[K, V]) get(k K) (V, bool) {
	s := &x.shard[x.of(k)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.m[k]
	return v, ok
}

func (x *index[K, V]) put(k K, v V) {
	s := &x.shard[x.of(k)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k] = v
}

func (x *index[K, V]) remove(k K) {
	s := &x.shard[x.of(k)]
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, k)
}

// each returns a copy of all values, in no order.
func (x *index[K, V]) each() (all []V) {
	for i := range x.shard {
		s := &x.shard[i]
		s.mu.RLock()
		for _, v := range s.m {
			all = append(all, v)
		}
		s.mu.RUnlock()
	}
	return all
}

func (x *index[K, V]) len() (n int) {
	for i := range x.shard {
		s := &x.shard[i]
		s.mu.RLock()
		n += len(s.m)
		s.mu.RUnlock()
	}
	return n
}

// address is who owns a local tag.
type address struct {
	call *Call
	leg  *leg
}

// streamIndex is who owns a stream.
type streamIndex = index[media.StreamID, *Call]
