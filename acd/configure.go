package acd

import (
	"cmp"
	"slices"
)

func (e Configure) apply(s *State) {
	if faults := e.Config.Validate(); len(faults) > 0 {
		for _, f := range faults {
			s.reject(Rejection{Event: "configure", Reason: f.Error()})
		}
		return
	}
	s.configure(e.Config)
}

// configure applies a configuration whole: pools are rebuilt and everything that waits is listed anew at its old position
// under the new rules. Removed queues let their waiting items go, removed agents finish what they have.
func (s *State) configure(cfg Config) {
	s.cfg = cfg.Effective()
	for i, m := range mediaList {
		s.rules[i] = compileRule(s.cfg.Media[m])
	}
	s.why.limit(s.cfg.Limits.Why)
	waiting := s.clearPools()
	s.configureQueues()
	gone := s.configureAgents()
	s.joinMembers()
	for _, it := range waiting {
		s.enlist(it)
		if it.queue.removed {
			s.timeOut(it, ReasonRemoved)
			continue
		}
		s.rearm(it)
	}
	for _, a := range gone {
		s.remove(a)
	}
	for _, a := range s.sortedAgents() {
		s.refresh(a)
	}
}

// rearm sets the waiting deadlines of an item by the present rules.
func (s *State) rearm(it *item) {
	s.armWait(it)
	s.timers.stop(&it.speak)
	if every := it.queue.cfg.AnnounceEvery; every > 0 {
		s.timers.arm(&it.speak, s.now.Add(every))
	}
}

// clearPools takes everything out of the pools and returns what waited, in order of arrival.
func (s *State) clearPools() []*item {
	var waiting []*item
	for _, it := range s.items {
		if it.pool != nil {
			it.pool, it.class = nil, nil
			waiting = append(waiting, it)
		}
	}
	slices.SortFunc(waiting, func(a, b *item) int {
		return cmp.Or(a.t0.Compare(b.t0), cmp.Compare(a.spec.ID, b.spec.ID))
	})
	for _, q := range s.queues {
		for _, p := range q.list {
			p.dead = true
		}
		q.pools, q.list, q.members, q.ready, q.named = map[poolKey]*pool{}, nil, nil, 0, 0
	}
	for _, a := range s.agents {
		a.seats, a.former, a.members = nil, a.members, nil
	}
	return waiting
}

// configureQueues makes, changes and removes queues.
func (s *State) configureQueues() {
	for _, q := range s.queues {
		q.removed = true
	}
	old := s.queues
	s.queues, s.order = make(map[string]*queue, len(s.cfg.Queues)), nil
	for _, qc := range s.cfg.Queues {
		q := old[qc.Name]
		if q == nil {
			q = &queue{mode: QueueOpen, pools: map[poolKey]*pool{}}
		}
		q.cfg, q.removed = qc, false
		s.queues[qc.Name] = q
		s.order = append(s.order, q)
	}
}

// configureAgents makes and changes agents; it returns those that are configured no more.
func (s *State) configureAgents() (gone []*agent) {
	kept := make(map[string]bool, len(s.cfg.Agents))
	for _, ac := range s.cfg.Agents {
		kept[ac.ID] = true
		a := s.agents[ac.ID]
		if a == nil {
			a = s.newAgent(ac)
			s.agents[ac.ID] = a
		}
		a.cfg, a.removed = ac, false
	}
	for _, a := range s.sortedAgents() {
		if !kept[a.cfg.ID] && !a.removed {
			a.removed = true
			gone = append(gone, a)
		}
	}
	return gone
}

// remove signs an agent out for good, after the live items if there are some.
func (s *State) remove(a *agent) {
	if a.state != AgentOffline {
		s.signOut(a, ReasonRemoved)
	}
	for _, it := range slices.Clone(a.items) {
		if it.state.aside() {
			s.lost(it, ReasonRemoved)
		}
	}
	if len(a.items) == 0 && s.agents[a.cfg.ID] == a {
		s.forget(a)
	}
}

// joinMembers makes agents members of their queues: first those that the queue lists, in its order, then those that name
// the queue, by ID.
func (s *State) joinMembers() {
	agents := s.sortedAgents()
	for _, q := range s.order {
		for _, id := range q.cfg.Agents {
			s.member(q, s.agents[id])
		}
	}
	for _, a := range agents {
		if a.removed {
			continue
		}
		for _, name := range a.cfg.Queues {
			if q := s.queues[name]; !slices.ContainsFunc(a.members, func(m *member) bool { return m.queue == q }) {
				s.member(q, a)
			}
		}
		s.share(a)
	}
	for _, a := range agents {
		a.former = nil
	}
}

func (s *State) member(q *queue, a *agent) {
	tier, ok := q.cfg.Tiers[a.cfg.ID]
	if !ok {
		tier = 1
	}
	m := &member{queue: q, agent: a, place: len(q.members), tier: tier}
	for _, old := range a.former {
		if old.queue == q {
			m.lastOffer, m.done = old.lastOffer, old.done
		}
	}
	q.members = append(q.members, m)
	a.members = append(a.members, m)
}

func (s *State) sortedAgents() []*agent {
	out := make([]*agent, 0, len(s.agents))
	for _, a := range s.agents {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *agent) int { return cmp.Compare(a.cfg.ID, b.cfg.ID) })
	return out
}
