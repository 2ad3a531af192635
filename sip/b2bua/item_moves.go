package b2bua

import (
	"time"

	"tandem/media"
	"tandem/sip"
)

// setItem gives the call a work item, by which the switch finds it.
func (c *Call) setItem(i item) {
	c.item = i
	c.sw.items.put(i.id, c.id)
}

func (c *Call) dropItem() {
	if c.item.id != "" {
		c.sw.items.remove(c.item.id)
	}
	c.item = item{}
}

// CallOf finds the live call that a work item belongs to now.
func (s *Switch) CallOf(item string) (call string, ok bool) { return s.items.get(item) }

// customer is who waits: the caller, or whom a call of ours has reached.
func (c *Call) customer() string {
	if c.origin != nil {
		return c.origin.First.String()
	}
	return c.arrival.Caller
}

// arrived is when a caller who comes to wait came to wait first.
func (c *Call) arrived(a Enqueue) time.Time {
	switch {
	case !a.Since.IsZero():
		return a.Since
	case c.keepsTime:
		return c.since
	}
	return c.now
}

// leaveWhy is why a script takes the item back, in a closed word.
func leaveWhy(s string) string {
	if s == "timeout" {
		return s
	}
	return "key"
}

// leave takes the item out of its queue.
func (c *Call) leave(why string) error {
	if q, ok := c.sw.queues.(Leavers); ok {
		return q.LeaveWhy(c.item.id, why)
	}
	return c.sw.queues.Leave(c.item.id)
}

// requeue gives an active item, whose agent has given the caller away, to a queue again.
func (c *Call) requeue(a Enqueue) {
	if c.state != callRouting {
		return
	}
	if q, ok := c.sw.queues.(Movers); ok {
		if err := q.Transfer(c.item.id, a.Queue); err == nil {
			c.item.state = itemWaiting
			return
		}
		c.sw.metrics.queueBusy.Inc()
	}
	c.endItem("agent:")
	c.keepsTime = true
	c.enqueue(a)
}

// handOver gives an active item to whom the agent has connected the caller to.
func (c *Call) handOver(to *leg, by string) {
	if c.item.state != itemActive {
		return
	}
	if q, ok := c.sw.queues.(Movers); ok && to.target.endpoint != "" {
		c.tellQueues(q.HandOver(c.item.id, to.target.endpoint))
		c.dropItem()
	}
	c.endItem(by)
	c.keepsTime = true
}

// agentLost puts the caller back into the queue from which the agent took him, because the agent's side is gone without a word. It
// answers false where that cannot be.
func (c *Call) agentLost(l *leg) bool {
	q, ok := c.sw.queues.(Recoverers)
	if !ok || l != c.peer || l.target.agent == "" || c.item.state != itemActive {
		return false
	}
	if err := q.Recover(c.item.id, c.item.epoch); err != nil {
		c.tellQueues(err)
		return false
	}
	c.sw.metrics.agentsLost.Inc()
	c.log.Warn("agent lost, caller waits again", "leg", l.name, "agent", l.target.agent)
	c.separate()
	c.hangupLeg(l, Timeout)
	c.item.state = itemWaiting
	c.retire()
	c.route = Route{Script: lounge(c.sw.cfg.HoldMusic), Flow: c.route.Flow}
	c.queue(Started{})
	return true
}

// lounge is the script of a caller who waits again: music until somebody comes.
type lounge []media.Item

// Step implements Script.
func (l lounge) Step(ev ScriptEvent, _ time.Time) []Action {
	switch ev := ev.(type) {
	case Started:
		return []Action{Play{ID: 1, Items: l, Loop: true}}
	case QueueEnded:
		return []Action{HangUp{Kind: NoAnswer}}
	case PeerEnded:
		return []Action{HangUp{Kind: ev.Kind}}
	}
	return nil
}

// Deadline implements Script.
func (lounge) Deadline() time.Time { return time.Time{} }

// ringsFor marks a target as the phone of the agent to whom an item is offered. A page is told which item and offer it is that
// rings; others need not know.
func (t *target) ringsFor(o OfferAgent) {
	t.agent = o.Agent
	if !t.page {
		return
	}
	if o.Item != "" {
		t.headers = append(t.headers, sip.NewHeader("X-Tandem-Item", sip.Clean(o.Item)))
	}
	if o.Offer != "" {
		t.headers = append(t.headers, sip.NewHeader("X-Tandem-Offer", sip.Clean(o.Offer)))
	}
}
