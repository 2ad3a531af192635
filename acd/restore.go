package acd

// After a restart nothing stays assigned but parked threads: what was offered, connecting or active waits again at its old
// position, or has ended with its customer's leg. Dormant items go on being dormant. No desk is there until it is told of; for as
// long as a lease, what an agent had on it waits for that agent alone.

func (e Restore) apply(s *State) {
	if s.seq > 0 || len(s.items) > 0 {
		s.reject(Rejection{Event: "restore", Reason: "state is not empty"})
		return
	}
	im, err := Fold(e.Image, e.Entries)
	if err != nil {
		s.reject(Rejection{Event: "restore", Reason: err.Error()})
		return
	}
	s.seq = im.Seq
	for _, q := range im.Queues {
		if s.queues[q.Name] != nil {
			s.queues[q.Name].mode = q.Mode
		}
	}
	s.restored = true
	for _, a := range s.agents {
		a.desk = false
	}
	s.restoreAgents(im.Agents)
	for i := range im.Items {
		s.restoreItem(&im.Items[i], e.Alive)
	}
}

// restoreAgents gives agents their states back; phones and desks are unusable until told otherwise, and the desks of those at work
// are awaited. Those who only finished their last items have done so.
func (s *State) restoreAgents(images []AgentImage) {
	for _, x := range images {
		a := s.agents[x.ID]
		if a == nil {
			a = s.newAgent(AgentConfig{ID: x.ID})
			a.removed = true
			s.forget(a)
			continue
		}
		a.state, a.reason, a.since, a.idleSince = x.State, x.Reason, s.now, x.IdleSince
		s.staff(a, AgentOffline)
		if a.state == AgentFinishing || a.state == AgentLeaving {
			s.moveAgent(a, agentIdle, a.reason)
		}
		if a.state != AgentOffline {
			s.timers.arm(&a.lease, s.now.Add(s.cfg.Lease))
		}
		s.refresh(a)
		s.show(a)
	}
}

// restoreItem gives an item its place back, or ends it.
func (s *State) restoreItem(x *ItemImage, alive map[string]bool) {
	q := s.queues[x.Item.Queue]
	removed := q == nil
	if removed {
		q = &queue{cfg: QueueConfig{Name: x.Item.Queue}, pools: map[poolKey]*pool{}, removed: true}
	}
	it := newItem(x.Item, q, s.now)
	it.state, it.epoch, it.te, it.last = x.State, x.Epoch, x.Entered, x.Agent
	it.joined = it.te
	it.named, it.recovered = x.Named, x.Recovered
	q.count[it.state]++
	s.items[it.spec.ID] = it
	if it.spec.Key != "" {
		s.keys[it.spec.Key] = it
	}
	if a := s.agents[x.Agent]; a != nil && x.State.works() {
		a.idleSince = s.now
		s.refresh(a)
	}
	if !removed {
		s.hold(it, x)
	}
	s.readopt(it, removed, s.rules[it.media].Hold == HoldStored || alive[it.spec.ID])
}

// readopt decides what becomes of an item after a restart.
func (s *State) readopt(it *item, removed, there bool) {
	switch {
	case it.state == ItemWrapUp:
		s.move(it, itemComplete, ReasonRestart)
	case it.state == ItemDormant && !removed:
		s.move(it, itemRestart, ReasonRestart)
	case it.state == ItemParked && it.agent == nil && !removed:
		s.move(it, itemLost, ReasonRestart)
	case !there && it.state == ItemActive, removed:
		s.move(it, itemFail, ReasonRestart)
	case !there:
		s.move(it, itemLeave, ReasonRestart)
	default:
		s.move(it, itemRestart, ReasonRestart)
	}
}

// hold gives a parked thread back to its agent, and has what else an agent was at work on offered to that agent first, where
// the customer's side outlives the process. Whoever is offered it, a customer who was being served goes before those who were not.
func (s *State) hold(it *item, x *ItemImage) {
	a := s.agents[x.Agent]
	switch {
	case a == nil:
	case x.State == ItemParked:
		it.agent, it.offer, it.answered, it.aside = a, offerAccepted, s.now, s.now
		s.take(a, it)
		s.setAside(it)
	case x.State.assigned() && s.rules[it.media].Hold == HoldStored:
		it.name("recovered", s.now.Add(s.rules[it.media].Grace), x.Agent)
		it.recovered = it.recovered || x.State == ItemActive
	}
}
