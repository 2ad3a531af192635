package transport

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// limiter keeps one token bucket for each source address, the most recent ones only.
type limiter struct {
	rate Rate

	mu     sync.Mutex
	bySrc  map[netip.Addr]*list.Element
	recent *list.List // front: most recent
}

type bucket struct {
	src    netip.Addr
	tokens float64
	at     time.Time
}

func newLimiter(r Rate) *limiter {
	return &limiter{rate: r, bySrc: map[netip.Addr]*list.Element{}, recent: list.New()}
}

// allow takes one token of the source. A source that was forgotten starts with a full bucket.
func (l *limiter) allow(src netip.Addr, now time.Time) bool {
	if l.rate.PerSecond <= 0 {
		return true
	}
	src = source(src)
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucketLocked(src, now)
	b.tokens = min(l.rate.Burst, b.tokens+now.Sub(b.at).Seconds()*l.rate.PerSecond)
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// source is what limits count by: an IPv4 address, or the /64 network that one IPv6 subscriber has to himself.
func source(a netip.Addr) netip.Addr {
	if !a.Is6() || a.Is4In6() {
		return a
	}
	net, _ := a.WithZone("").Prefix(64)
	return net.Addr()
}

func (l *limiter) bucketLocked(src netip.Addr, now time.Time) *bucket {
	if el, ok := l.bySrc[src]; ok {
		l.recent.MoveToFront(el)
		return el.Value.(*bucket)
	}
	if len(l.bySrc) >= l.rate.Sources {
		oldest := l.recent.Back()
		b := oldest.Value.(*bucket)
		delete(l.bySrc, b.src)
		*b = bucket{src: src, tokens: l.rate.Burst, at: now}
		l.recent.MoveToFront(oldest)
		l.bySrc[src] = oldest
		return b
	}
	b := &bucket{src: src, tokens: l.rate.Burst, at: now}
	l.bySrc[src] = l.recent.PushFront(b)
	return b
}

// size returns the number of sources remembered.
func (l *limiter) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.bySrc)
}
