package acd

import (
	"math/bits"
	"strconv"
	"time"
)

// offerActs perform the flags of the offer table, in bit order.
var offerActs [5]func(s *State, it *item, a *agent, reason string)

// The acts lead back to the machines that call them, so they are filled in here.
func init() {
	offerActs = [...]func(s *State, it *item, a *agent, reason string){
		(*State).actAssign, (*State).actTell, (*State).actExclude, (*State).actMissed, (*State).actRequeue,
	}
	itemActs = [...]func(s *State, it *item, reason string){
		(*State).unlist, (*State).withdraw, (*State).release, (*State).reserve, (*State).connect, (*State).answer,
		(*State).wrapUp, (*State).recount, (*State).layAside, (*State).rouse, (*State).startGrace, (*State).enter,
		(*State).sleep, (*State).list, (*State).close,
	}
}

// moveOffer is the one place where an offer's state changes.
func (s *State) moveOffer(it *item, on offerOn, reason string) bool {
	to, do, listed := offerStep(it.offer, on)
	if !listed {
		s.reject(Rejection{Event: offerOnNames[on], Item: it.spec.ID, Reason: "offer is " + offerStateNames[it.offer]})
		return false
	}
	it.offer = to
	a := it.agent
	for d := uint32(do); d != 0; d &= d - 1 {
		offerActs[bits.TrailingZeros32(d)](s, it, a, reason)
	}
	return true
}

func (s *State) actAssign(it *item, a *agent, reason string) {
	a.misses = 0
	s.move(it, itemAccept, reason)
}

func (s *State) actTell(it *item, a *agent, reason string) {
	s.effect(Withdraw{ID: it.offerID(), Agent: a.cfg.ID, Reason: reason})
}

func (s *State) actExclude(it *item, a *agent, reason string) { s.exclude(it, a, reason) }

// actMissed counts a miss of an agent who wants work. Offers that are still open when the agent is missed or away have been asked
// before: they go back, and say nothing new.
func (s *State) actMissed(it *item, a *agent, _ string) {
	if a.state != AgentAvailable && a.state != AgentFinishing {
		return
	}
	if a.misses++; a.misses >= s.rules[it.media].Misses {
		s.moveAgent(a, agentMiss, ReasonNoAnswer)
	}
}

func (s *State) actRequeue(it *item, _ *agent, reason string) {
	s.decide(it, "missed", reason)
	on := itemMiss
	if it.state != ItemOffered && it.state != ItemConnecting {
		on = itemLost
	}
	s.move(it, on, reason)
}

// reserve takes the agent's capacity and makes the offer; the agent and the epoch are set by give.
func (s *State) reserve(it *item, _ string) {
	s.take(it.agent, it)
	ring := it.queue.cfg.RingTimeout
	if ring == 0 {
		ring = s.rules[it.media].OfferTimeout
	}
	deadline := s.now.Add(ring)
	s.timers.arm(&it.work, deadline)
	s.effect(Offer{ID: it.offerID(), Item: it.spec, Agent: it.agent.cfg.ID, Endpoint: it.agent.cfg.Endpoint,
		Deadline: deadline, Waited: s.now.Sub(it.t0), Why: s.why.last().short(), Recovered: it.recovered})
}

// short says in a few words why an offer was made.
func (d *Decision) short() string {
	return d.Reason + ": 1 of " + strconv.Itoa(d.Free) + " free, urgency " + strconv.FormatFloat(d.Urgency, 'g', 3, 64)
}

// withdraw ends the offer or the assignment because the item ends.
func (s *State) withdraw(it *item, reason string) {
	if it.agent != nil {
		s.moveOffer(it, offerLeave, reason)
	}
}

// release gives the agent's capacity back.
func (s *State) release(it *item, _ string) {
	s.timers.stop(&it.work)
	s.quiet(it)
	a := it.agent
	if a == nil {
		return
	}
	if !it.answered.IsZero() {
		s.unpause(it)
		s.handled(a, it)
	}
	it.agent, it.last, it.answered, it.disposition, it.extended = nil, a.cfg.ID, time.Time{}, "", false
	s.drop(a, it)
}

// connect says that the accept is durable, and waits for the media.
func (s *State) connect(it *item, _ string) {
	it.named = nil
	s.timers.stop(&it.alone)
	s.timers.arm(&it.work, s.now.Add(max(it.queue.cfg.Connect, s.rules[it.media].Connect)))
	s.effect(Connect{Item: it.spec, Offer: it.offerID(), Agent: it.agent.cfg.ID})
	s.show(it.agent)
}

// answer stamps the time from which the customer is served.
func (s *State) answer(it *item, _ string) {
	s.timers.stop(&it.work)
	it.answered, it.recovered = s.now, false
	it.queue.answered++
	it.queue.rates.waited(s.now, s.now.Sub(it.te), false)
}

// wrapUp starts the work after the item; without any configured it is over at once.
func (s *State) wrapUp(it *item, _ string) {
	it.worked = s.now
	s.quiet(it)
	wrap := it.queue.cfg.WrapUp
	if wrap <= 0 {
		s.complete(it)
		return
	}
	s.timers.arm(&it.work, s.now.Add(wrap))
	s.weigh(it, s.rules[it.media].Weight*s.rules[it.media].WrapUpShare/100)
}

// complete ends a wrap-up with what the agent said, or the queue's default.
func (s *State) complete(it *item) {
	code := it.disposition
	if code == "" {
		code = it.queue.cfg.Default
	}
	s.move(it, itemComplete, code)
}

// weigh changes what an item costs its agent.
func (s *State) weigh(it *item, cost int) {
	a := it.agent
	a.load += cost - it.cost
	it.cost = cost
	s.refresh(a)
	s.show(a)
}
