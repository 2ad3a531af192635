package phone

import (
	"slices"
	"sync"
	"time"
)

// maxRungs bounds a ladder; what comes later is not kept.
const maxRungs = 2000

// Rung is one message of a ladder.
type Rung struct {
	At       time.Time
	From, To string
	Text     string
}

// Ladder keeps the messages of phones in the order in which they were seen. The zero value is ready; a nil one keeps nothing.
type Ladder struct {
	mu    sync.Mutex
	rungs []Rung // guarded by mu
}

// Rungs gives what was kept.
func (l *Ladder) Rungs() []Rung {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.rungs)
}

func (l *Ladder) add(from, to, text string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rungs) < maxRungs {
		l.rungs = append(l.rungs, Rung{At: time.Now(), From: from, To: to, Text: text})
	}
}
