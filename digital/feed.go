package digital

import "sync"

// Feed is what a desk or a widget follows: a bounded queue of updates of the conversations that it names. A reader that is slower
// than the conversation loses updates of it, is told so once (Lagging) and follows again with the last sequence that it has.
// Follow and Unfollow may be called from any goroutine, Take from one.
type Feed struct {
	hub   *Hub
	ready chan struct{} // holds one word while there is something to take
	tell  func()        // called when there is something to take; may be nil

	mu      sync.Mutex // guards what stands below; held for a few instructions
	updates []Update
	most    int
	lagging map[string]bool
	follows map[string]struct{}
	closed  bool
}

// DefaultFeed is how many updates a feed holds that asks for no number.
const DefaultFeed = 128

// NewFeed makes a feed that holds at most most updates (0: DefaultFeed). Close it.
func (h *Hub) NewFeed(most int) *Feed {
	if most <= 0 {
		most = DefaultFeed
	}
	h.metrics.feeds.Inc()
	return &Feed{hub: h, ready: make(chan struct{}, 1), most: most}
}

// NewFeedFunc makes a feed that calls tell when there is something to Take, beside Ready: for readers that have no goroutine while
// nothing happens. tell must not wait, and may be called once more than needed.
func (h *Hub) NewFeedFunc(most int, tell func()) *Feed {
	f := h.NewFeed(most)
	f.tell = tell
	return f
}

// Ready gives a word when there is something to Take.
func (f *Feed) Ready() <-chan struct{} { return f.ready }

// Take gives what has come since, in order; the slice is the caller's.
func (f *Feed) Take() []Update {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := f.updates
	f.updates = nil
	return list
}

// Follow begins, or begins again, with the messages after a sequence (0: all): the next update of this conversation is Caught or
// Missing, and nothing is lost or doubled between it and what follows. ErrBusy: try again.
func (f *Feed) Follow(conversation string, after uint64) error {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return ErrStopped
	}
	if f.follows == nil {
		f.follows = make(map[string]struct{}, 1)
	}
	_, again := f.follows[conversation]
	f.follows[conversation] = struct{}{}
	f.mu.Unlock()
	err := f.hub.ask(conversation, followed{f, after})
	if err != nil && !again {
		f.mu.Lock()
		delete(f.follows, conversation)
		f.mu.Unlock()
	}
	return err
}

// Unfollow ends the updates of a conversation.
func (f *Feed) Unfollow(conversation string) {
	f.mu.Lock()
	_, ok := f.follows[conversation]
	delete(f.follows, conversation)
	f.mu.Unlock()
	if ok {
		f.hub.leave(conversation, f)
	}
}

// Close ends all updates. It may be called more than once.
func (f *Feed) Close() {
	f.mu.Lock()
	follows := f.follows
	was := f.closed
	f.follows, f.updates, f.closed = nil, nil, true
	f.mu.Unlock()
	if was {
		return
	}
	f.hub.metrics.feeds.Dec()
	for id := range follows {
		f.hub.leave(id, f)
	}
}

// push adds an update. It never waits: what does not fit is lost, and the reader learns of it.
func (f *Feed) push(u Update) {
	f.mu.Lock()
	_, follows := f.follows[u.Conversation]
	if !follows {
		f.mu.Unlock()
		return
	}
	switch {
	case u.Kind == Caught || u.Kind == Missing:
		delete(f.lagging, u.Conversation)
		f.updates = append(f.updates, u) // one per Follow: bounded by the asker
	case f.lagging[u.Conversation]:
		f.mu.Unlock()
		return
	case len(f.updates) >= f.most:
		if f.lagging == nil {
			f.lagging = make(map[string]bool)
		}
		f.lagging[u.Conversation] = true
		f.hub.metrics.lagged.Inc()
		f.updates = append(f.updates, Update{Kind: Lagging, Conversation: u.Conversation, At: u.At})
	default:
		f.updates = append(f.updates, u)
	}
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
	if f.tell != nil {
		f.tell()
	}
}
