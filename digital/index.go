package digital

import (
	"hash/maphash"
	"sync"
)

// shards spreads the locks of the indexes; a lock is held for one look-up only.
const shards = 16

// index maps a key to where what concerns it goes.
type index[V comparable] struct {
	seed  maphash.Seed
	shard [shards]struct {
		mu sync.RWMutex
		m  map[string]V
	}
}

func newIndex[V comparable]() *index[V] {
	x := &index[V]{seed: maphash.MakeSeed()}
	for i := range x.shard {
		x.shard[i].m = make(map[string]V)
	}
	return x
}

func (x *index[V]) of(k string) int { return int(maphash.String(x.seed, k) % shards) }

func (x *index[V]) get(k string) (V, bool) {
	s := &x.shard[x.of(k)]
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.m[k]
	return v, ok
}

// claim gives what stands under a key, or puts v there; mine tells that v stands there now.
func (x *index[V]) claim(k string, v V) (there V, mine bool) {
	s := &x.shard[x.of(k)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.m[k]; ok {
		return old, old == v
	}
	s.m[k] = v
	return v, true
}

// remove forgets a key if it stands for v.
func (x *index[V]) remove(k string, v V) {
	s := &x.shard[x.of(k)]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m[k] == v {
		delete(s.m, k)
	}
}

// each returns a copy of all values, in no order.
func (x *index[V]) each() (all []V) {
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
