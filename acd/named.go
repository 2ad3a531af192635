package acd

import (
	"slices"
	"strings"
	"time"
)

// Agents who are asked alone: an item with sticky agents, one transferred to an agent, one whose agent was lost. It waits in a
// pool of its own, in which these agents sit, whether members of its queue or not; when its time has passed, or none of
// them can take it any more, it waits on with the others.

const (
	stickyMost    = 8
	defaultLimit  = time.Minute      // of a transfer to an agent
	recoveredTime = 20 * time.Second // the agent who was lost is asked alone
)

// Named are the agents who are asked alone, until a time.
type Named struct {
	Agents []string  `json:"agents"`
	Until  time.Time `json:"until"`
	Why    string    `json:"why"` // sticky, transfer, recovered
}

// name has an item offered to some agents alone at first.
func (it *item) name(why string, until time.Time, agents ...string) {
	it.named = nil
	if len(agents) > 0 {
		it.named = &Named{Agents: agents, Until: until, Why: why}
	}
}

// stick names the agents of the item's sticky list.
func (s *State) stick(it *item) {
	var ids []string
	for _, x := range it.spec.Sticky[:min(len(it.spec.Sticky), stickyMost)] {
		if s.agents[x.Agent] != nil && !slices.Contains(ids, x.Agent) {
			ids = append(ids, x.Agent)
		}
	}
	it.name("sticky", s.now.Add(it.queue.cfg.Sticky), ids...)
}

// alone returns the pool of the item's named agents and arms its end; nil if there are none, their time is over, or none of
// them can take it.
func (s *State) alone(it *item) *pool {
	s.timers.stop(&it.alone)
	if it.named == nil || !s.now.Before(it.named.Until) {
		return nil
	}
	var ids []string
	able := false
	for _, id := range it.named.Agents {
		if a := s.agents[id]; a != nil {
			ids = append(ids, id)
			able = able || (s.able(a, it.media) && !it.excluded(a))
		}
	}
	if !able {
		s.decide(it, "skipped", it.named.Why)
		return nil
	}
	if len(ids) > 1 && it.queue.named >= s.cfg.Limits.Needs*mediaCount {
		s.decide(it, "skipped", "too many lists")
		return nil
	}
	s.timers.arm(&it.alone, it.named.Until)
	return s.namedPool(it.queue, it.media, ids)
}

// namedPool returns the pool of some agents, made if there is none.
func (s *State) namedPool(q *queue, media int, ids []string) *pool {
	k := poolKey{media, "agent " + strings.Join(ids, " ")}
	if p, ok := q.pools[k]; ok {
		return p
	}
	p := &pool{queue: q, media: media, sig: k.sig, named: true}
	s.addPool(q, p)
	q.named++
	for _, id := range ids {
		a := s.agents[id]
		m := &member{queue: q, agent: a, tier: 1}
		for _, own := range a.members {
			if own.queue == q {
				m = own
			}
		}
		s.seat(p, m)
	}
	return p
}

func (s *State) addPool(q *queue, p *pool) {
	q.pools[poolKey{p.media, p.sig}] = p
	p.at = len(q.list)
	q.list = append(q.list, p)
}

// count keeps a named pool's number of agents who could take its items, now or when others end.
func (s *State) count(a *agent, st *seat) {
	able := s.able(a, st.pool.media)
	switch {
	case able == st.able:
		return
	case able:
		st.pool.able++
	default:
		st.pool.able--
		if st.pool.able == 0 && st.pool.waiting > 0 {
			s.strand = append(s.strand, st.pool)
		}
	}
	st.able = able
}

// unstrand lets the items of pools go whose agents can not take them any more.
func (s *State) unstrand() {
	for i := 0; i < len(s.strand); i++ {
		p := s.strand[i]
		if p.dead || p.able > 0 {
			continue
		}
		for _, c := range p.classes {
			for n := c.items.first(); n != nil; n = c.items.first() {
				s.relist(n.val, "released")
			}
		}
	}
	clear(s.strand)
	s.strand = s.strand[:0]
}

// sweep forgets named pools in which nothing waits any more.
func (s *State) sweep() {
	for i, p := range s.empty {
		s.empty[i] = nil
		if p.dead || p.waiting > 0 {
			continue
		}
		s.dropPool(p)
	}
	s.empty = s.empty[:0]
}

func (s *State) dropPool(p *pool) {
	q := p.queue
	p.dead = true
	q.named--
	delete(q.pools, poolKey{p.media, p.sig})
	last := len(q.list) - 1
	q.list[p.at] = q.list[last]
	q.list[p.at].at = p.at
	q.list[last] = nil
	q.list = q.list[:last]
	for _, id := range p.ids() {
		if a := s.agents[id]; a != nil {
			a.dropDeadSeats()
		}
	}
}

// ids are the agents of a named pool.
func (p *pool) ids() []string { return strings.Fields(p.sig)[1:] }

// since is the arrival by which an item is ordered: its first one, or an earlier one if it goes before its class.
func (it *item) since() time.Time { return time.Unix(0, it.node.key.a) }

// order gives a waiting item its place in its class: by first arrival, but first of all if its agent was lost.
func (it *item) order() {
	it.node.key = key{a: it.t0.UnixNano(), id: it.spec.ID}
	if n := it.class.items.first(); it.recovered && n != nil && n.key.a <= it.node.key.a {
		it.node.key.a = n.key.a - 1
	}
}

// urgency is what the item competes with.
func (s *State) urgency(it *item) float64 { return it.class.Urgency(s.now.Sub(it.since())) }
