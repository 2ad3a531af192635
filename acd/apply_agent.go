package acd

import "slices"

// This file is what agents do, and what happens to them.

// current finds the item of an offer that is still the agent's; otherwise the sender is told that the offer is gone.
func (s *State) current(o OfferID, agent, event string) *item {
	it := s.items[o.Item]
	reason := ""
	switch {
	case it == nil:
		reason = "no such live item"
	case it.epoch != o.Epoch:
		reason = "stale epoch"
	case it.agent == nil:
		reason = "offer is over"
	case it.agent.cfg.ID != agent:
		reason = "another agent's offer"
	default:
		return it
	}
	s.reject(Rejection{Event: event, Item: o.Item, Agent: agent, Reason: reason})
	return nil
}

// stands tells whether an offer is still somebody's: an accept by anybody else must not end it.
func (s *State) stands(o OfferID) bool {
	it := s.items[o.Item]
	return it != nil && it.epoch == o.Epoch && it.agent != nil
}

func (e Accept) apply(s *State) {
	it := s.current(e.Offer, e.Agent, "accept")
	if it == nil {
		if !s.stands(e.Offer) {
			s.effect(Withdraw{ID: e.Offer, Agent: e.Agent, Reason: ReasonGone})
		}
		return
	}
	if it.state != ItemOffered {
		s.reject(Rejection{Event: "accept", Item: e.Offer.Item, Agent: e.Agent, Reason: "item is " + it.state.String()})
		return
	}
	s.moveOffer(it, offerAccept, "")
}

func (e Decline) apply(s *State) {
	it := s.current(e.Offer, e.Agent, "decline")
	if it == nil {
		return
	}
	on := offerDecline
	switch {
	case it.state != ItemOffered && it.state != ItemConnecting:
		s.reject(Rejection{Event: "decline", Item: e.Offer.Item, Agent: e.Agent, Reason: "item is " + it.state.String()})
		return
	case e.Reason == ReasonNoAnswer && it.state == ItemOffered:
		on = offerExpire
	}
	reason := e.Reason
	if _, known := cooloffs[reason]; !known {
		reason = ReasonFail
	}
	s.moveOffer(it, on, reason)
}

func (s *State) agent(id, event string) *agent {
	a := s.agents[id]
	if a == nil {
		s.reject(Rejection{Event: event, Agent: id, Reason: "no such agent"})
	}
	return a
}

func (e SignIn) apply(s *State) {
	a := s.agent(e.Agent, "sign in")
	switch {
	case a == nil:
	case a.removed:
		s.reject(Rejection{Event: "sign in", Agent: e.Agent, Reason: "agent is removed"})
	case s.moveAgent(a, agentSignIn, "") && e.Ready:
		s.moveAgent(a, agentReady, "")
	}
}

func (e SignOut) apply(s *State) {
	if a := s.agent(e.Agent, "sign out"); a != nil {
		s.signOut(a, e.Reason)
	}
}

func (s *State) signOut(a *agent, reason string) {
	s.dropOffers(a, func(it *item) bool { return it.state == ItemOffered })
	on := agentSignOut
	if a.busy() {
		on = agentSignOutBusy
	}
	if a.state != AgentOffline {
		s.moveAgent(a, on, reason)
		return
	}
	s.reject(Rejection{Event: "sign out", Agent: a.cfg.ID, Reason: "agent is offline"})
}

// dropOffers puts items back that the agent can no longer take. The agent must not be chosen again meanwhile: callers
// change the agent's state or device in the same step, before anything is matched.
func (s *State) dropOffers(a *agent, which func(*item) bool) {
	for _, it := range slices.Clone(a.items) {
		if which(it) {
			s.moveOffer(it, offerSignOut, ReasonAgent)
		}
	}
}

func (e SetState) apply(s *State) {
	a := s.agent(e.Agent, "set state")
	switch {
	case a == nil:
	case a.removed:
		s.reject(Rejection{Event: "set state", Agent: e.Agent, Reason: "agent is removed"})
	case e.Ready:
		s.moveAgent(a, agentReady, e.Reason)
	case a.busy():
		s.moveAgent(a, agentPauseBusy, e.Reason)
	default:
		s.moveAgent(a, agentPause, e.Reason)
	}
}

func (e SetQueue) apply(s *State) {
	q := s.queues[e.Queue]
	switch {
	case q == nil:
		s.reject(Rejection{Event: "set queue", Reason: "no such queue " + e.Queue})
		return
	case e.Mode != QueueOpen && e.Mode != QueueDraining && e.Mode != QueuePaused:
		s.reject(Rejection{Event: "set queue", Reason: "no such mode " + string(e.Mode)})
		return
	}
	q.mode = e.Mode
	s.entry(Entry{Kind: queueModeSet, Queue: e.Queue, State: string(e.Mode)})
	for _, p := range q.list {
		if p.waiting > 0 {
			s.touch(p)
		}
	}
}
