package sms

import "sync"

// MemoryOptOuts is an OptOuts that forgets with the process: for tests and as the look-up in front of a durable one.
type MemoryOptOuts struct {
	mu  sync.RWMutex // guards out
	out map[string]bool
}

// OptedOut says whether a number wants no messages.
func (o *MemoryOptOuts) OptedOut(number string) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.out[number]
}

// Set notes a wish, as it was found in a store.
func (o *MemoryOptOuts) Set(number string, out bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.out == nil {
		o.out = map[string]bool{}
	}
	if out {
		o.out[number] = true
	} else {
		delete(o.out, number)
	}
}

// Change notes a wish and calls done at once.
func (o *MemoryOptOuts) Change(c Change, done func(error)) error {
	o.Set(c.Number, c.Out)
	done(nil)
	return nil
}
