package acd

import "slices"

// This file is what agents can be reached by, and what else keeps them busy.

// agentLostCode is the disposition of a wrap-up whose agent is lost.
const agentLostCode = "agent-lost"

func (e DeviceUsable) apply(s *State) {
	a := s.agent(e.Agent, "device usable")
	switch {
	case a == nil:
	case e.Device != Phone && e.Device != Desk:
		s.reject(Rejection{Event: "device usable", Agent: e.Agent, Reason: "no such device"})
	default:
		s.usable(a, e.Device, e.Usable)
	}
}

// usable takes note of a device that can be reached, or not any more.
func (s *State) usable(a *agent, d Device, up bool) {
	if d == Phone {
		a.phone = up
	} else {
		a.desk = up
		s.timers.stop(&a.lease)
	}
	s.refresh(a)
	if up {
		for _, it := range a.items {
			if s.rules[it.media].Device == d {
				s.timers.stop(&it.grace)
			}
		}
		s.wakeAll(a)
		return
	}
	s.dropOffers(a, func(it *item) bool { return it.state == ItemOffered && s.rules[it.media].Device == d })
	if d == Desk {
		s.deskLost(a)
	}
}

// lapse ends a lease: the desk counts as lost, or it is not awaited any more.
func (s *State) lapse(a *agent) {
	if a.desk {
		s.usable(a, Desk, false)
		return
	}
	s.refresh(a)
}

// awaited tells whether the agent's desk is not there but may come back at once: a restart has lost sight of it.
func (a *agent) awaited() bool { return !a.desk && a.lease.place != 0 }

// deskLost closes the agent's wrap-ups and gives what is active on the desk the medium's grace.
func (s *State) deskLost(a *agent) {
	for _, it := range slices.Clone(a.items) {
		switch {
		case it.state == ItemWrapUp:
			s.move(it, itemComplete, agentLostCode)
		case (it.state == ItemConnecting || it.state == ItemActive) && s.rules[it.media].Device == Desk && it.grace.place == 0:
			s.timers.arm(&it.grace, s.now.Add(s.rules[it.media].Grace))
		}
	}
}

func (e Lease) apply(s *State) {
	a := s.agent(e.Agent, "lease")
	switch {
	case a == nil:
	case !e.Up:
		if a.desk && a.lease.place == 0 {
			s.timers.arm(&a.lease, s.now.Add(s.cfg.Lease))
		}
	case a.desk:
		s.timers.stop(&a.lease)
	default:
		s.usable(a, Desk, true)
	}
}

func (e Elsewhere) apply(s *State) {
	a, m := s.agent(e.Agent, "elsewhere"), e.Media.index()
	switch {
	case a == nil:
	case m < 0 || e.Count < 0:
		s.reject(Rejection{Event: "elsewhere", Agent: e.Agent, Reason: "no such medium"})
	default:
		a.outside[m] = e.Count
		s.refresh(a)
		s.show(a)
	}
}
