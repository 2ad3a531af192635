package acd

// This file is how active items go to other agents, queues and media.

func (e Transfer) apply(s *State) {
	it := s.find(e.Item, "transfer")
	if it == nil {
		return
	}
	q := it.queue
	if e.Queue != "" {
		q = s.queues[e.Queue]
	}
	if reason := s.transferable(it, q, e); reason != "" {
		s.reject(Rejection{Event: "transfer", Item: e.Item, Agent: e.Agent, Reason: reason})
		return
	}
	s.exclude(it, it.agent, ReasonReject)
	s.handled(it.agent, it) // here, for the queue that it leaves
	it.answered = noTime
	it.next, it.te, it.joined, it.spilled = q, s.now, s.now, 0
	it.spec.Queue = q.cfg.Name
	if !e.Keep {
		it.t0, it.spec.T0 = s.now, s.now
	}
	it.named, it.recovered = nil, false
	if e.Agent != "" {
		it.name("transfer", s.now.Add(orTime(e.Limit, defaultLimit)), e.Agent)
	}
	s.move(it, itemTransfer, "")
}

// transferable says why an item cannot be transferred, empty if it can.
func (s *State) transferable(it *item, q *queue, e Transfer) string {
	switch {
	case q == nil, q.removed:
		return "no such queue"
	case it.state != ItemActive:
		return "item is " + it.state.String()
	}
	if e.Agent != "" {
		switch a := s.agents[e.Agent]; {
		case a == nil:
			return "no such agent"
		case a == it.agent:
			return "the agent has it"
		case !s.able(a, it.media):
			return "agent is " + a.state.String()
		case q == it.queue:
			return ""
		}
	}
	if reason := s.joinGuard(q, it.spec); reason != "" {
		return "queue " + q.cfg.Name + " is " + reason
	}
	return ""
}

func (e Switch) apply(s *State) {
	it := s.find(e.Item, "switch medium")
	if it == nil {
		return
	}
	if reason := s.switchable(it, e.Media); reason != "" {
		s.reject(Rejection{Event: "switch medium", Item: e.Item, Reason: reason})
		return
	}
	it.spec.Media = e.Media
	if e.Customer != "" {
		it.spec.Customer = e.Customer
	}
	if e.Interaction != "" {
		it.spec.Interaction = e.Interaction
	}
	s.move(it, itemSwitch, string(e.Media))
}

// switchable says why an agent cannot go on with an item in another medium, empty if that can be: there is room beside the
// other items as for a new one.
func (s *State) switchable(it *item, to Media) string {
	m := to.index()
	switch {
	case m < 0:
		return "no such medium"
	case it.state != ItemActive:
		return "item is " + it.state.String()
	case m == it.media:
		return "item is " + string(to) + " already"
	case !s.reaches(it.agent, m):
		return "agent cannot be reached by " + string(s.rules[m].Device)
	}
	others := it.agent.counts
	others[it.media]--
	if !s.fits(it.agent, m, it.agent.load-it.cost, &others) {
		return "agent has no room for " + string(to)
	}
	return ""
}

// recount makes the agent carry the item as one of its new medium.
func (s *State) recount(it *item, _ string) {
	s.quiet(it)
	m := it.spec.Media.index()
	it.agent.counts[it.media]--
	it.agent.counts[m]++
	it.media = m
	s.weigh(it, s.rules[m].Weight)
}

func (e AgentLost) apply(s *State) {
	it := s.find(e.Item, "agent lost")
	switch {
	case it == nil:
	case it.state != ItemActive:
		s.reject(Rejection{Event: "agent lost", Item: e.Item, Reason: "item is " + it.state.String()})
	case e.Epoch != 0 && e.Epoch != it.epoch:
		s.reject(Rejection{Event: "agent lost", Item: e.Item, Reason: "stale epoch"})
	default:
		it.name("recovered", s.now.Add(recoveredTime), it.agent.cfg.ID)
		s.lost(it, ReasonLost)
	}
}

// lost takes an item from an agent who is gone or silent. What was active waits again first of its class.
func (s *State) lost(it *item, reason string) {
	it.recovered = it.state == ItemActive
	s.moveOffer(it, offerLost, reason)
}
