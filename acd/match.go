package acd

import "tandem/acd/route"

// pick is a pair that may be matched.
type pick struct {
	it       *item
	agent    *agent
	urgency  float64
	excluded int // free agents passed over
}

// before tells whether p is to be served before o: greater urgency, then earlier arrival, then ID.
func (p pick) before(o pick) bool {
	if o.it == nil {
		return true
	}
	if p.urgency != o.urgency {
		return p.urgency > o.urgency
	}
	return p.it.node.key.less(o.it.node.key)
}

// touch marks a pool in which a pair may have come into being.
func (s *State) touch(p *pool) {
	if !p.touched {
		p.touched = true
		s.touched = append(s.touched, p)
	}
}

// settle matches until no pair is left in the touched pools, then announces to those who joined and still wait.
// Offers only take agents and items away, so no other pool can gain a pair.
func (s *State) settle() {
	s.unstrand()
	for {
		best, second := s.best()
		if best.it == nil {
			break
		}
		s.give(best, second)
	}
	for _, p := range s.touched {
		p.touched = false
	}
	s.touched = s.touched[:0]
	for i, it := range s.joined {
		if it.pool != nil {
			s.announce(it)
		}
		s.joined[i] = nil
	}
	s.joined = s.joined[:0]
	s.sweep()
}

// best returns the most urgent item of the touched pools that has an eligible agent, and the one after it.
func (s *State) best() (best, second pick) {
	for _, p := range s.touched {
		if p.waiting == 0 || p.free.len() == 0 || p.dead || p.queue.mode == QueuePaused {
			continue
		}
		for _, c := range p.classes {
			found := s.head(p, c)
			switch {
			case found.it == nil:
			case found.before(best):
				best, second = found, best
			case found.before(second):
				second = found
			}
		}
	}
	return best, second
}

// head returns the first item of a class that has an eligible agent. Only items that are spared some free agent are
// passed over, so the walk is short.
func (s *State) head(p *pool, c *class) pick {
	n := c.items.first()
	for i := 1; n != nil; i++ {
		if a, excluded := s.choose(p, n.val); a != nil {
			return pick{n.val, a, s.urgency(n.val), excluded}
		}
		n = c.items.at(i)
	}
	return pick{}
}

// choose returns the agent that the queue's strategy gives the item, nil when all free ones are excluded.
func (s *State) choose(p *pool, it *item) (a *agent, excluded int) {
	if pref := s.preferred(p, it); pref != nil {
		return pref, 0
	}
	start, n := 0, p.free.len()
	if p.queue.cfg.Strategy == route.Random {
		start = route.Draw(it.spec.ID, it.epoch+1, n)
	}
	if start == 0 && len(it.cool) == 0 {
		return p.free.first().val, 0
	}
	for i := range n {
		a := p.free.at((start + i) % n).val
		if !it.excluded(a) {
			return a, i
		}
	}
	return nil, n
}

// preferred returns the item's preferred agent if free, eligible and not excluded.
func (s *State) preferred(p *pool, it *item) *agent {
	if it.spec.Prefer == "" {
		return nil
	}
	a := s.agents[it.spec.Prefer]
	if a == nil || it.excluded(a) {
		return nil
	}
	for _, st := range a.seats {
		if st.pool == p && st.in {
			return a
		}
	}
	return nil
}

// give offers an item to an agent.
func (s *State) give(best, second pick) {
	it, a := best.it, best.agent
	s.explain(best, second)
	s.offers++
	for _, m := range a.members {
		if m.queue == it.queue {
			m.lastOffer = s.offers
		}
	}
	it.epoch++
	it.agent, it.offer = a, offerPending
	s.move(it, itemMatch, "")
}
