package acd

import "slices"

// This file is the overflow of queues: what is done with items that have waited for some time.

// armSpill arms the next rule of the queue's overflow.
func (s *State) armSpill(it *item) {
	rules := it.queue.cfg.Overflow
	for it.spilled < len(rules) && !rules[it.spilled].concerns(it) {
		it.spilled++
	}
	if it.spilled < len(rules) {
		s.timers.arm(&it.over, it.te.Add(rules[it.spilled].After))
	} else {
		s.timers.stop(&it.over)
	}
}

// concerns tells whether a rule is for an item; nobody is asked twice for a callback.
func (o Overflow) concerns(it *item) bool {
	if o.Offer == OfferCallback && it.spec.Media == Callback {
		return false
	}
	return len(o.Media) == 0 || slices.Contains(o.Media, it.spec.Media)
}

// spill does what the rule says whose time has come. Sticky agents are not asked again elsewhere.
func (s *State) spill(it *item) {
	rule := it.queue.cfg.Overflow[it.spilled]
	it.spilled++
	q := s.queues[rule.To]
	switch {
	case rule.Offer != "":
		s.decide(it, "asked", rule.Offer)
		e := it.shown(it.state, rule.Offer)
		e.Asks = rule.Offer
		s.effect(e)
	case q == nil || s.joinGuard(q, it.spec) != "":
		s.decide(it, "kept", rule.To+" does not take it")
	default:
		it.next, it.te, it.spilled = q, s.now, 0
		it.spec.Queue = rule.To
		it.named = nil
		s.move(it, itemOverflow, "overflow")
		return
	}
	s.armSpill(it)
}
