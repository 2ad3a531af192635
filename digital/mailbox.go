package digital

import "sync"

// mailbox is what waits for a conversation, and whether somebody reads it. The owner's goroutine is started by the first mail and
// ends with the last: a conversation in which nothing happens has none.
type mailbox struct {
	mu      sync.Mutex // guards what stands below; held for a few instructions
	mail    []any
	running bool
	dead    bool // the conversation has left memory: look it up again
}

// put adds mail. most bounds what may wait; 0 is no bound, for answers to what the conversation itself has asked.
func (b *mailbox) put(m any, most int) (start bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.dead:
		return false, errGone
	case most > 0 && len(b.mail) >= most:
		return false, ErrBusy
	}
	b.mail = append(b.mail, m)
	start = !b.running
	b.running = true
	return start, nil
}

// take gives all that waits; nothing means that the goroutine must end.
func (b *mailbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.mail
	b.mail = nil
	b.running = len(list) > 0
	return list
}

// die ends the mailbox if nothing waits in it.
func (b *mailbox) die() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.mail) > 0 {
		return false
	}
	b.dead = true
	return true
}
