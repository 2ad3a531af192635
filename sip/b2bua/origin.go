package b2bua

import (
	"time"
)

// originating is the first message of a call that we place ourselves.
type originating struct{}

// origin is what a call remembers of its Origin.
type origin struct {
	Origin
	waitsBy time.Time // when waiting for ConnectOffer ends
	side    int       // who is being reached
	offered bool      // the dispatcher waits for Accept or Decline
	talks   bool
	told    bool // the last word
}

// placeFirst reaches whoever is called first.
func (c *Call) placeFirst() {
	o := c.origin
	c.sw.admission.began(c.now, c.now.Sub(c.arrival.At))
	c.journalBegin()
	c.log.Info("call originated", "record", c.record(), "caller", c.arrival.Caller, "called", c.arrival.Called)
	groups := c.sw.targets(o.First, c)
	for _, g := range groups {
		for i := range g {
			if o.Agent != "" {
				g[i].ringsFor(OfferAgent{Item: o.Item.ID, Offer: o.Offer, Agent: o.Agent})
			}
		}
	}
	o.side, o.offered = 1, o.Offer != ""
	c.attempts = attempts{purpose: reaching, groups: groups, deadline: deadlineAfter(c.now, o.Ring), kind: Unreachable}
	if o.offered && !o.Deadline.IsZero() {
		c.attempts.deadline = o.Deadline.Add(offerGrace)
	}
	c.step(callOnAttempt)
	c.nextGroup()
}

// firstAnswered makes the first leg the caller.
func (c *Call) firstAnswered(l *leg) {
	c.attempts = attempts{}
	c.caller, c.answered = l, c.now
	c.step(callOnNobody)
	c.log.Info("call answered", "leg", l.name)
	c.tellOrigin(Originated{Stage: FirstAnswered})
	if !c.origin.offered {
		c.goOn()
		return
	}
	c.origin.waitsBy = c.now.Add(offerGrace)
	if err := c.sw.queues.Accept(c.origin.offer()); err != nil {
		c.log.Error("accept not taken", "err", err)
		c.hangup(Overload, "system")
	}
}

// offer is the offer that the first leg accepts, as the dispatcher knows it.
func (o *origin) offer() OfferAgent {
	return OfferAgent{Item: o.Item.ID, Offer: o.Offer, Epoch: o.Epoch, Agent: o.Agent, Endpoint: o.First.Endpoint, Deadline: o.Deadline}
}

// goOn does what the call is for.
func (c *Call) goOn() {
	o := c.origin
	o.side = 2
	if c.shows = o.ShowTo[1]; c.shows == (Party{}) {
		c.shows = c.caller.target.party(c)
	}
	if o.Script != nil {
		c.route = Route{Script: o.Script, Flow: o.Flow}
		c.queue(Started{})
		return
	}
	c.route, c.toldAnswer = Route{Script: onward{}, Flow: o.Flow}, true
	c.reach(o.Then, Dial{Timeout: o.Ring, MaxTime: o.Talk})
}

// originConnected goes on once the agent's acceptance is durable.
func (c *Call) originConnected(m ConnectOffer) {
	if o := c.origin; o != nil && o.offered && o.Offer == m.Offer && !o.waitsBy.IsZero() && c.state == callRouting {
		o.offered, o.waitsBy = false, time.Time{}
		c.goOn()
	}
}

// originWithdrawn ends a call whose offer is no longer valid. The dispatcher knows, so nothing is declined.
func (c *Call) originWithdrawn(m WithdrawOffer) {
	if o := c.origin; o != nil && o.offered && o.Offer == m.Offer {
		o.offered, o.waitsBy = false, time.Time{}
		c.hangup(Canceled, "system")
	}
}

// originLapsed ends a call whose acceptance nobody has confirmed.
func (c *Call) originLapsed() {
	c.origin.waitsBy = time.Time{}
	c.hangup(Overload, "system")
}

// originTalks tells that both are there. The item of an agent who was called first is active from here on.
func (c *Call) originTalks() {
	o := c.origin
	if o == nil || o.talks {
		return
	}
	o.talks = true
	if o.Item.ID != "" && o.Agent != "" && !o.Beside && c.item.state == itemNone {
		c.setItem(item{id: o.Item.ID, state: itemActive, epoch: o.Epoch})
		c.tellQueues(c.sw.queues.MediaUp(c.item.id, c.item.epoch))
	}
	c.tellOrigin(Originated{Stage: BothTalk})
}

// originEnds has the last word.
func (c *Call) originEnds() {
	o := c.origin
	if o == nil || o.told {
		return
	}
	o.told, o.waitsBy = true, time.Time{}
	if o.offered {
		o.offered = false
		c.decline(o.offer(), c.kind)
	}
	last := Originated{Stage: Failed, Kind: c.kind, By: c.by, Side: o.side}
	if o.talks {
		last.Stage, last.Side = Done, 0
	}
	c.sw.metrics.originated.WithLabelValues([...]string{"talked", "first", "second"}[last.Side]).Inc()
	c.tellOrigin(last)
}

func (c *Call) tellOrigin(e Originated) {
	o := c.origin
	if c.sw.Originators == nil {
		return
	}
	e.Ref, e.Call, e.Item, e.At = o.Ref, c.id, o.Item.ID, c.now
	c.sw.Originators.Originated(e)
}
