package acd

import "tandem/acd/route"

// This file is what an agent may be given.

// takes tells whether the agent could be offered an item of the medium now.
func (s *State) takes(a *agent, media int) bool {
	return a.state == AgentAvailable && s.reaches(a, media) && s.fits(a, media, a.load, &a.counts)
}

// reaches tells whether the agent has what the medium needs.
func (s *State) reaches(a *agent, media int) bool {
	switch s.rules[media].Device {
	case Phone:
		return a.phone
	case Desk:
		return a.desk
	}
	return true
}

// most is how many items of a medium the agent may have at once.
func (s *State) most(a *agent, media int) int {
	if most, ok := a.cfg.Caps[mediaList[media]]; ok {
		return most
	}
	return s.rules[media].Max
}

// fits is the capacity rule for one more item of a medium beside items of this load and these counts.
func (s *State) fits(a *agent, media, load int, counts *[mediaCount]int) bool {
	slot := s.rules[media].slot
	slot.Max = s.most(a, media)
	all := *counts
	for m, n := range a.outside {
		all[m] += n
		load += n * s.rules[m].Weight
	}
	return route.Load{Count: all[:], Idle: a.idle[:], Weight: load}.Fits(media, slot, a.cfg.Budget)
}

// able tells whether the agent wants work of a medium, now, when other items end, or when an awaited desk is back.
func (s *State) able(a *agent, media int) bool {
	reached := s.reaches(a, media) || s.rules[media].Device == Desk && a.awaited()
	return a.state == AgentAvailable && reached && s.most(a, media) > 0
}

// busy tells whether the agent has items beside threads that are laid aside.
func (a *agent) busy() bool { return len(a.items) > a.threads }
