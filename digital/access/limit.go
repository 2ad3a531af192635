package access

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rates limits requests by address and by principal.
type rates struct {
	address, token *limiter
}

func newRates(c Config) *rates {
	return &rates{
		address: newLimiter(c.AddressRate, c.AddressBurst, c.Tracked),
		token:   newLimiter(c.TokenRate, c.TokenBurst, c.Tracked),
	}
}

// limiter is a token bucket for each key, for as many keys as it remembers.
type limiter struct {
	rate  rate.Limit
	burst int

	mu   sync.Mutex
	keys *lru[*rate.Limiter]
}

func newLimiter(perSecond float64, burst, tracked int) *limiter {
	return &limiter{rate: rate.Limit(perSecond), burst: burst, keys: newLRU[*rate.Limiter](tracked)}
}

func (l *limiter) bucket(key string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, ok := l.keys.get(key)
	if !ok {
		b = rate.NewLimiter(l.rate, l.burst)
		l.keys.put(key, b)
	}
	return b
}

// take takes one from the bucket of a key; if it is empty, after tells when to come again.
func (l *limiter) take(key string, now time.Time) (after time.Duration, ok bool) {
	b := l.bucket(key)
	if b.AllowN(now, 1) {
		return 0, true
	}
	missing := 1 - b.TokensAt(now)
	return time.Duration(missing / float64(l.rate) * float64(time.Second)), false
}

// fine takes more from the bucket, as far as there is: a wrong proof costs more than a right one.
func (l *limiter) fine(key string, n int, now time.Time) {
	b := l.bucket(key)
	for ; n > 0 && !b.AllowN(now, n); n /= 2 {
	}
}

// lockout counts wrong passwords by user and address together, by address, and by user. The last two take more, so that nobody
// locks out a colleague from elsewhere with a few wrong words.
type lockout struct {
	tries  int
	period time.Duration

	mu   sync.Mutex
	keys *lru[failures]
}

type failures struct {
	count int
	since time.Time // of the first that counts
	until time.Time // locked
}

// How many times LoginTries an address and a user may fail, over all users and addresses.
const (
	addressFactor = 4
	userFactor    = 10
)

func newLockout(c Config) *lockout {
	return &lockout{tries: c.LoginTries, period: c.LockFor, keys: newLRU[failures](3 * c.Tracked)}
}

// limits gives the keys that a login counts under with how many tries each has.
func (l *lockout) limits(user, addr string) map[string]int {
	return map[string]int{
		"p/" + addr + "/" + user: l.tries,
		"a/" + addr:              l.tries * addressFactor,
		"u/" + user:              l.tries * userFactor,
	}
}

// try tells for how much longer a login is refused; 0 is not. Then it is counted as failed, before its password is looked at: as many as come
// at once count all. passed takes it back.
func (l *lockout) try(user, addr string, now time.Time) (left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.limits(user, addr) {
		if f, ok := l.keys.get(key); ok {
			left = max(left, f.until.Sub(now))
		}
	}
	if left > 0 {
		return left
	}
	for key, most := range l.limits(user, addr) {
		f, _ := l.keys.get(key)
		if now.Sub(f.since) > l.period {
			f = failures{since: now}
		}
		f.count++
		if f.count >= most {
			f.until = now.Add(l.period)
		}
		l.keys.put(key, f)
	}
	return 0
}

// undo takes a try back that was not looked at.
func (l *lockout) undo(user, addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.limits(user, addr) {
		l.undoLocked(key)
	}
}

func (l *lockout) undoLocked(key string) {
	if f, ok := l.keys.get(key); ok && f.count > 0 {
		f.count--
		f.until = time.Time{}
		l.keys.put(key, f)
	}
}

// passed forgets the failures of a user who has proven himself, from this address; elsewhere only this try.
func (l *lockout) passed(user, addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.limits(user, addr) {
		if key[0] == 'p' {
			l.keys.remove(key)
		} else {
			l.undoLocked(key)
		}
	}
}
