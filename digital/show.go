package digital

import "slices"

// Bounds of what readers get at once.
const (
	maxCaught = 200 // messages of one Caught update and of one transcript
	maxLatest = 50
	maxFeeds  = 64 // of one conversation
	maxWaits  = 64 // readers that wait for the record
)

// publish tells everybody who follows.
func (c *conversation) publish(u Update) {
	u.Conversation, u.Record, u.At = c.id, c.identity.Record, c.now
	c.dirty = true
	for _, f := range c.feeds {
		f.push(u)
	}
	if c.hub.Observer != nil {
		c.hub.Observer.Observe(u)
	}
}

// changed tells that somebody else is responsible now. The view says it first: who is told may act on it at once.
func (c *conversation) changed() {
	c.publish(Update{Kind: Changed, View: c.show()})
}

// show makes the view what the conversation is.
func (c *conversation) show() *View {
	v := c.view()
	c.shown.Store(&v)
	return &v
}

func (c *conversation) view() View {
	return View{
		ID: c.id, Record: c.identity.Record, Channel: string(c.arrival.Channel), State: c.state.String(), Customer: c.identity.Customer,
		Name: c.customerName(), Address: c.address(), Flow: c.flow, Item: c.item.id, Epoch: c.item.epoch, Agent: c.item.agent,
		AgentName: c.item.name, Last: c.lines.last, ReadByUs: c.seen.byUs, ReadBy: c.seen.by, Got: c.seen.got, Present: c.present,
		Position: c.item.position, Began: c.begun, Touched: c.touched, Ended: c.ended, Why: c.why, By: c.by,
	}
}

// follow brings a feed to where the conversation is and keeps it there. What has left memory comes from the record first.
func (c *conversation) follow(f followed) {
	c.unfollow(f.feed)
	if len(c.feeds) >= maxFeeds {
		c.refuse(f, ErrBusy)
		return
	}
	if f.after == Latest {
		c.caught(f.feed, c.lines.newest(maxLatest))
		return
	}
	list, ok := c.lines.after(f.after, maxCaught)
	if !ok {
		c.readBack(f)
		return
	}
	c.caught(f.feed, list)
}

func (c *conversation) caught(f *Feed, list []Message) {
	v := c.view()
	more := len(list) > 0 && list[len(list)-1].Seq < c.lines.last
	if !more {
		c.feeds = append(c.feeds, f)
	}
	f.push(Update{Kind: Caught, Conversation: c.id, Record: c.identity.Record, At: c.now, View: &v, Messages: list, More: more})
}

func (c *conversation) unfollow(f *Feed) {
	c.feeds = slices.DeleteFunc(c.feeds, func(other *Feed) bool { return other == f })
}

// transcript answers a reader.
func (c *conversation) transcript(w wantTranscript) {
	list, ok := c.lines.after(w.after, clampLimit(w.limit))
	if !ok {
		c.readBack(w)
		return
	}
	w.done(list, nil)
}

func clampLimit(n int) int {
	if n <= 0 || n > maxCaught {
		return maxCaught
	}
	return n
}

// readBack lets a reader wait for what has left memory.
func (c *conversation) readBack(reader any) {
	if len(c.readers) >= maxWaits {
		c.refuse(reader, ErrBusy)
		return
	}
	c.readers = append(c.readers, reader)
	c.load(loadReaders)
}

// answerReaders answers from the record and from what has come since.
func (c *conversation) answerReaders(h History) {
	readers := c.readers
	c.readers = nil
	if h.Err != nil {
		for _, r := range readers {
			c.refuse(r, ErrNotStored)
		}
		return
	}
	f := fold{}
	for _, e := range h.Events {
		f.take(e)
	}
	all := lines{kept: f.messages[:min(len(f.messages), int(c.lines.last))]} // what is durable but not known yet comes by the feed
	all.last = uint64(len(all.kept))
	for _, m := range c.lines.kept {
		if m.Seq == all.last+1 {
			all.kept, all.last = append(all.kept, m), m.Seq
		}
	}
	for _, r := range readers {
		switch r := r.(type) {
		case followed:
			list, _ := all.after(r.after, maxCaught)
			c.caught(r.feed, list)
		case wantTranscript:
			list, _ := all.after(r.after, clampLimit(r.limit))
			r.done(list, nil)
		}
	}
}
