package digital

import "time"

// lingers is how long an ended conversation stays in memory for late reports and readers.
const lingers = 30 * time.Second

// soonest is the least time between two turns of the clock: a script whose deadline stays in the past must not fill a core.
const soonest = 5 * time.Millisecond

// settle ends a turn: what was caused is written, shown and timed.
func (c *conversation) settle() {
	c.now = time.Now()
	for c.mustFlush() {
		c.handle(flush{})
	}
	if c.dirty {
		c.show()
		c.dirty = false
	}
	if c.leaves() {
		return
	}
	c.rearm()
}

type flush struct{}

// mustFlush tells whether flush has something to do.
func (c *conversation) mustFlush() bool {
	p := &c.paper
	known := c.state != convNew && c.identity.Record != "" && c.loading == 0
	return known && (len(p.waiting) > 0 || p.doubt) && len(p.writing) == 0 && !p.retryAt.After(c.now)
}

// onExpired performs what is due.
func (c *conversation) onExpired() {
	if due(c.waitUntil, c.now) && c.awaits() {
		c.waitedInVain()
	}
	if due(c.out.deadline, c.now) {
		c.sendDue()
	}
	if c.script != nil && !c.closing && due(c.script.Deadline(), c.now) {
		c.runScript(Expired{})
	}
	if due(c.closeAt(), c.now) {
		why := "idle"
		if !c.present {
			why = "away"
		}
		c.close(string(System), why)
	}
}

// awaits tells whether the record owes an answer.
func (c *conversation) awaits() bool { return c.state == convNew || c.loading != 0 }

// waitedInVain goes on without a record that does not answer.
func (c *conversation) waitedInVain() {
	c.hub.records.Failed(errNoAnswer, "conversation", c.id)
	if c.state == convNew {
		c.nowhere(ErrNotStored)
		return
	}
	c.loading = 0
	if len(c.readers) > 0 {
		c.answerReaders(History{Err: ErrNotStored})
	}
	if c.paper.doubt {
		c.paper.retryAt = c.now.Add(paperPause)
		c.unwritten(&c.paper.waiting)
	}
}

// closeAt is when a chat ends in which nobody does anything: nobody writes to the flow, or the visitor is gone before an agent came.
// Who is gone and has said nothing does not keep an agent for long either: his page knows nothing of the conversation, or he only looked.
func (c *conversation) closeAt() time.Time {
	if c.adapter() != nil || c.awaits() || c.item.message {
		return time.Time{}
	}
	gone := latest(c.touched, c.awaySince)
	switch {
	case c.state == convAgent && !c.present && !c.engaged:
		return gone.Add(c.hub.cfg.ChatEmpty)
	case c.state != convOpen && c.state != convFlow && c.state != convWaiting:
	case !c.present:
		return gone.Add(c.hub.cfg.ChatAway)
	case c.state != convWaiting:
		return c.touched.Add(c.hub.cfg.ChatIdle)
	}
	return time.Time{}
}

// leaveAt is when the conversation leaves memory, if nothing comes before; the zero value while something holds it there.
func (c *conversation) leaveAt() time.Time {
	if len(c.feeds) > 0 || !c.paper.empty() || c.paper.doubt || len(c.out.queue) > 0 || c.loading != 0 || c.state == convNew {
		return time.Time{}
	}
	switch {
	case c.state == convClosed && c.identity.Record == "" || c.why == "nowhere":
		return c.now
	case c.state == convClosed:
		return latest(c.used, c.ended).Add(lingers)
	case c.state == convOpen && c.adapter() != nil:
		return latest(c.used, c.touched).Add(c.hub.cfg.Resident)
	}
	return time.Time{}
}

// leaves takes the conversation out of memory if it is time. Whoever still has it in hand looks it up again.
func (c *conversation) leaves() bool {
	if !due(c.leaveAt(), c.now) || !c.box.die() {
		return false
	}
	c.gone = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.hub.forget(c)
	return true
}

// rearm sets the one timer to the earliest deadline.
func (c *conversation) rearm() {
	next := earliest(c.out.deadline, c.closeAt())
	next = earliest(next, c.leaveAt())
	if c.awaits() {
		next = earliest(next, c.waitUntil)
	}
	if c.script != nil {
		next = earliest(next, c.script.Deadline())
	}
	if (len(c.paper.waiting) > 0 || c.paper.doubt) && len(c.paper.writing) == 0 {
		next = earliest(next, c.paper.retryAt)
	}
	switch {
	case next.IsZero() && c.timer != nil:
		c.timer.Stop()
	case next.IsZero():
	case c.timer == nil:
		c.timer = time.AfterFunc(max(soonest, next.Sub(c.now)), func() { c.answer(expired{}) })
	default:
		c.timer.Reset(max(soonest, next.Sub(c.now)))
	}
}

func due(deadline, now time.Time) bool { return !deadline.IsZero() && !deadline.After(now) }

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
