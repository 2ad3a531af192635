package acd

import "time"

// This file is the give and take of conversations: who is to speak, what is laid aside when nobody does.

// party is a side of a conversation.
type party uint8

const (
	nobody party = iota
	theCustomer
	theAgent
)

var noTime time.Time

func (e Park) apply(s *State) {
	it := s.find(e.Item, "park")
	switch {
	case it == nil:
	case it.agent != nil && e.Agent != "" && e.Agent != it.agent.cfg.ID:
		s.reject(Rejection{Event: "park", Item: e.Item, Agent: e.Agent, Reason: "another agent's item"})
	case s.rules[it.media].Parked == 0:
		s.reject(Rejection{Event: "park", Item: e.Item, Agent: e.Agent, Reason: string(it.spec.Media) + " is not parked"})
	default:
		s.move(it, itemPark, "")
	}
}

func (e CustomerSpoke) apply(s *State) {
	it := s.find(e.Item, "customer spoke")
	switch {
	case it == nil:
	case it.state == ItemParked:
		s.call(it)
	case it.state == ItemActive && it.owes != theAgent:
		s.owe(it, theAgent, s.rules[it.media].Reply)
	}
}

func (e AgentSpoke) apply(s *State) {
	it := s.find(e.Item, "agent spoke")
	switch {
	case it == nil:
	case it.state.aside() && s.there(it.agent, it.media):
		s.wake(it)
		s.replied(it)
	case it.state != ItemActive:
		s.reject(Rejection{Event: "agent spoke", Item: e.Item, Reason: "item is " + it.state.String()})
	default:
		s.replied(it)
	}
}

func (s *State) replied(it *item) {
	after := s.rules[it.media].ParkAfter
	if s.rules[it.media].Parked == 0 {
		after = 0
	}
	s.owe(it, theCustomer, after)
}

// owe notes who is to speak, and for how long that may take: 0 for ever.
func (s *State) owe(it *item, who party, limit time.Duration) {
	it.owes = who
	if limit > 0 {
		s.timers.arm(&it.reply, s.now.Add(limit))
	} else {
		s.timers.stop(&it.reply)
	}
}

// silent is what follows when nobody has spoken for too long.
func (s *State) silent(it *item) {
	if it.owes == theAgent {
		s.lost(it, ReasonNoReply)
		return
	}
	s.move(it, itemPark, "idle")
}

// quiet ends the watch over an item's agent.
func (s *State) quiet(it *item) {
	it.owes = nobody
	s.timers.stop(&it.reply)
	s.timers.stop(&it.grace)
}

// call wakes a parked thread, or waits for its agent to come back.
func (s *State) call(it *item) {
	if s.there(it.agent, it.media) {
		s.wake(it)
		return
	}
	s.move(it, itemCall, it.agent.absence())
}

// absence says why an agent cannot go on with a thread.
func (a *agent) absence() string {
	if a.state == AgentAvailable || a.state == AgentFinishing {
		return "unreachable"
	}
	return a.state.String()
}

func (s *State) wake(it *item) {
	s.move(it, itemWake, "")
	s.owe(it, theAgent, s.rules[it.media].Reply)
}

// there tells whether an agent can go on with a thread.
func (s *State) there(a *agent, media int) bool {
	return (a.state == AgentAvailable || a.state == AgentFinishing) && s.reaches(a, media)
}

// wakeAll wakes the threads that wait for an agent to come back.
func (s *State) wakeAll(a *agent) {
	if a.threads == 0 {
		return
	}
	for _, it := range a.items {
		if it.state == ItemWaking && s.there(a, it.media) {
			s.wake(it)
		}
	}
}

// layAside gives back what a thread costs beyond its parked weight.
func (s *State) layAside(it *item, _ string) {
	s.quiet(it)
	it.agent.idleSince = s.now
	s.setAside(it)
	s.relieve(it.agent)
}

func (s *State) setAside(it *item) {
	it.agent.idle[it.media]++
	it.agent.threads++
	it.aside = s.now
	s.weigh(it, s.rules[it.media].Parked)
}

// rouse has a thread cost its full weight again, whatever else the agent carries.
func (s *State) rouse(it *item, _ string) {
	s.timers.stop(&it.work)
	a := it.agent
	a.idle[it.media]--
	a.threads--
	s.unpause(it)
	s.weigh(it, s.rules[it.media].Weight)
}

// unpause has the time that an item was parked not count as handling time.
func (s *State) unpause(it *item) {
	if !it.aside.IsZero() {
		it.answered, it.aside = it.answered.Add(s.now.Sub(it.aside)), noTime
	}
}

func (s *State) startGrace(it *item, _ string) {
	s.timers.arm(&it.work, s.now.Add(s.rules[it.media].Grace))
}
