package webchat

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// buckets is a token bucket for each key, for as many keys as it remembers.
type buckets struct {
	rate  rate.Limit
	burst int
	most  int

	mu    sync.Mutex // guards what stands below; held for one look-up
	keys  map[string]*list.Element
	order *list.List // newest first
}

type bucket struct {
	key     string
	limiter *rate.Limiter
}

func newBuckets(perSecond float64, burst, most int) *buckets {
	return &buckets{rate: rate.Limit(perSecond), burst: burst, most: most, keys: make(map[string]*list.Element), order: list.New()}
}

// take takes one from the bucket of a key; if it is empty, after tells when there is one again.
func (b *buckets) take(key string, now time.Time) (after time.Duration, ok bool) {
	l := b.of(key)
	if l.AllowN(now, 1) {
		return 0, true
	}
	return time.Duration((1 - l.TokensAt(now)) / float64(b.rate) * float64(time.Second)), false
}

func (b *buckets) of(key string) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e, ok := b.keys[key]; ok {
		b.order.MoveToFront(e)
		return e.Value.(*bucket).limiter
	}
	fresh := &bucket{key, rate.NewLimiter(b.rate, b.burst)}
	e := b.order.PushFront(fresh)
	b.keys[key] = e
	if b.order.Len() > b.most {
		oldest := b.order.Back()
		b.order.Remove(oldest)
		delete(b.keys, oldest.Value.(*bucket).key)
	}
	return fresh.limiter
}
