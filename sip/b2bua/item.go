package b2bua

import (
	"strconv"
	"time"
)

// itemState is what a call knows of its work item; the dispatcher owns the truth.
type itemState uint8

const (
	itemNone     itemState = iota
	itemWaiting            // in the queue
	itemOffered            // an agent's phone rings
	itemAccepted           // the agent answered, the dispatcher has not confirmed yet
	itemActive             // bridged to the agent
)

type item struct {
	id    string
	state itemState
	epoch uint64
}

// enqueue makes the caller a work item. A dispatcher that takes nothing counts as a full queue.
func (c *Call) enqueue(a Enqueue) {
	switch c.item.state {
	case itemNone:
	case itemActive:
		c.requeue(a)
		return
	default:
		return
	}
	id, known := a.Item, a.Item != ""
	if !known {
		c.items++
		id = c.id + "-" + strconv.Itoa(c.items)
	}
	c.setItem(item{id: id, state: itemWaiting})
	c.since, c.keepsTime = c.arrived(a), false
	err := c.sw.queues.Enqueue(WorkItem{
		ID: id, Call: c.id, Record: c.record(), Queue: a.Queue, Skills: a.Skills, Attributes: a.Attributes, Priority: a.Priority, MaxWait: a.MaxWait,
		Caller: c.customer(), At: c.since, Again: known,
	})
	if err != nil {
		c.log.Error("work item not taken", "queue", a.Queue, "err", err)
		c.dropItem()
		c.queue(QueueEnded{Outcome: "full"})
	}
}

// An offer under way (attempts for the purpose offering) ends in exactly one of these: connectOffer, when the dispatcher has made
// the assignment durable; recall and a Decline, when the agent could not be reached or the call gave up; recall alone, when the
// dispatcher took the offer or the item back, or the caller left.

// offered starts an attempt to reach the agent to whom the dispatcher offered the item.
func (c *Call) offered(o OfferAgent) {
	if c.item.state != itemWaiting || o.Item != c.item.id || c.attempts.purpose != idle || c.state != callRouting {
		c.decline(o, Canceled)
		return
	}
	c.item.state, c.item.epoch = itemOffered, o.Epoch
	groups := c.sw.targets(Destination{Endpoint: o.Endpoint}, c)
	for _, g := range groups {
		for i := range g {
			g[i].ringsFor(o)
		}
	}
	if o.Deadline.IsZero() {
		o.Deadline = c.now.Add(defaultRing)
	}
	c.attempts = attempts{purpose: offering, offer: o, groups: groups, kind: Unreachable, deadline: o.Deadline.Add(offerGrace)}
	c.step(callOnAttempt)
	c.nextGroup()
}

// offerGrace is how much later than the dispatcher the call itself gives an offer up: it only counts if no Withdraw comes.
const offerGrace = 2 * time.Second

// acceptOffer asks the dispatcher whether the agent who answered has won: it says Connect when that is on disk.
func (c *Call) acceptOffer(l *leg) {
	c.attempts.winner = l
	c.attempts.alive = 0
	c.item.state = itemAccepted
	if err := c.sw.queues.Accept(c.attempts.offer); err != nil {
		c.log.Error("accept not taken", "err", err)
		c.dropAttempts(Overload)
	}
}

// connectOffer bridges the agent: the assignment is durable. For an offer that has ended meanwhile the Decline is on its way.
func (c *Call) connectOffer(m ConnectOffer) {
	c.originConnected(m)
	l := c.attempts.winner
	if l == nil || c.attempts.offer.Offer != m.Offer || l.state != legAnswered {
		return
	}
	c.item.state = itemActive
	c.bridge(l)
	c.tellQueues(c.sw.queues.MediaUp(c.item.id, c.item.epoch))
}

// recall ends the offer under way: its legs are hung up and the item waits on. It answers false when there is none.
func (c *Call) recall(kind Kind) (OfferAgent, bool) {
	if c.attempts.purpose != offering {
		return OfferAgent{}, false
	}
	o := c.attempts.offer
	c.attempts = attempts{}
	for l := range c.tries() {
		c.hangupLeg(l, kind)
	}
	c.item.state = itemWaiting
	c.step(callOnNobody)
	return o, true
}

// withdrawn ends an offer that is no longer valid. The dispatcher knows, so nothing is declined.
func (c *Call) withdrawn(m WithdrawOffer) {
	if c.attempts.offer.Offer == m.Offer {
		c.recall(NoAnswer)
	}
	c.originWithdrawn(m)
}

func (c *Call) decline(o OfferAgent, kind Kind) {
	c.tellQueues(c.sw.queues.Decline(o, kind))
}

// leftQueue tells the script that the item left the queue by the dispatcher's will.
func (c *Call) leftQueue(m LeftQueue) {
	if c.item.state == itemNone || c.item.state == itemActive || m.Item != c.item.id {
		return
	}
	c.recall(Canceled)
	c.dropItem()
	c.queue(QueueEnded{Outcome: m.Outcome})
}

// takeBack ends the work item because the caller does not want it any more.
func (c *Call) takeBack(why string) {
	switch c.item.state {
	case itemWaiting, itemOffered, itemAccepted:
		c.recall(Canceled)
		c.tellQueues(c.leave(why))
		c.dropItem()
	case itemActive:
		c.endItem(c.by)
	}
}

// endItem ends an item that was being worked on; the agent's wrap-up begins.
func (c *Call) endItem(by string) {
	if c.item.state != itemActive {
		return
	}
	by = party(by)
	switch agentCalled := c.caller.target.agent != ""; {
	case by == "caller", by == "callee" && agentCalled:
		by = "customer"
	case by == "callee":
		by = "agent" // to whom the one who took the item has transferred it
	}
	c.tellQueues(c.sw.queues.End(c.item.id, by))
	c.dropItem()
}

// tellQueues logs a command that the dispatcher did not take. Its own deadlines repair what is lost.
func (c *Call) tellQueues(err error) {
	if err != nil {
		c.sw.metrics.queueBusy.Inc()
		c.log.Error("dispatcher did not take a command", "err", err)
	}
}
