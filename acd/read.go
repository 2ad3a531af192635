package acd

import (
	"cmp"
	"slices"
	"time"
)

// The readers run on the dispatcher's goroutine, so none of them walks over all items: a wallboard must not delay a caller.

// Queues copies what every queue is doing, in the order of the configuration.
func (s *State) Queues(now time.Time) []QueueView {
	out := make([]QueueView, 0, len(s.order))
	for _, q := range s.order {
		v := QueueView{Name: q.cfg.Name, Mode: q.mode, Waiting: q.count[ItemQueued], Offered: q.count[ItemOffered],
			Dormant: q.count[ItemDormant], Parked: q.count[ItemParked] + q.count[ItemWaking],
			Active:  q.count[ItemConnecting] + q.count[ItemActive] + q.count[ItemWrapUp],
			Members: len(q.members), Answered: q.answered, Abandoned: q.abandoned}
		for _, it := range q.first(1) {
			v.Oldest = max(now.Sub(it.t0), v.Oldest)
		}
		for _, m := range q.members {
			if m.agent.state != AgentOffline {
				v.Staffed++
			}
			if s.takesAny(m.agent) {
				v.Free++
			}
		}
		v.Estimate = q.wait(s.now, v.Waiting)
		out = append(out, v)
	}
	return out
}

// first lists the items that wait longest: at most so many of each class.
func (q *queue) first(limit int) (list []*item) {
	for _, p := range q.list {
		for _, c := range p.classes {
			for i := range min(limit, c.items.len()) {
				list = append(list, c.items.at(i).val)
			}
		}
	}
	return list
}

func (s *State) takesAny(a *agent) bool {
	for m := range mediaCount {
		if s.takes(a, m) {
			return true
		}
	}
	return false
}

// Agents copies what every agent is doing, by ID.
func (s *State) Agents() []AgentView {
	out := make([]AgentView, 0, len(s.agents))
	for _, a := range s.sortedAgents() {
		v := AgentView{ID: a.cfg.ID, Name: a.cfg.Name, Endpoint: a.cfg.Endpoint, State: a.display(), Reason: a.reason,
			Since: a.since, IdleSince: a.idleSince, Phone: a.phone, Desk: a.desk, Load: a.load, Budget: a.cfg.Budget,
			Parked: a.threads}
		for _, n := range a.outside {
			v.Elsewhere += n
		}
		for _, m := range a.members {
			v.Queues = append(v.Queues, m.queue.cfg.Name)
		}
		for _, it := range a.items {
			v.Items = append(v.Items, it.spec.ID)
		}
		out = append(out, v)
	}
	return out
}

// Items copies at most limit items of a queue (all queues: empty), by first arrival.
func (s *State) Items(queue string, limit int) []ItemView {
	var list []*item
	for _, q := range s.queues {
		if queue == "" || q.cfg.Name == queue {
			list = append(list, q.first(limit)...)
			for i := range min(limit, q.later.len()) {
				list = append(list, q.later.at(i).val)
			}
		}
	}
	for _, a := range s.agents {
		for _, it := range a.items {
			if queue == "" || it.queue.cfg.Name == queue {
				list = append(list, it)
			}
		}
	}
	slices.SortFunc(list, func(a, b *item) int {
		return cmp.Or(a.t0.Compare(b.t0), cmp.Compare(a.spec.ID, b.spec.ID))
	})
	out := make([]ItemView, 0, min(len(list), max(limit, 0)))
	for _, it := range list[:min(len(list), max(limit, 0))] {
		out = append(out, s.view(it))
	}
	return out
}

// OfMedia copies all live items of a medium, by ID. It walks over all items: for the time after a restart, not for a wallboard.
func (s *State) OfMedia(m Media) []ItemView {
	var out []ItemView
	for _, id := range sortedKeys(s.items) {
		if s.items[id].spec.Media == m {
			out = append(out, s.view(s.items[id]))
		}
	}
	return out
}

// Item copies one live item.
func (s *State) Item(id string) (ItemView, bool) {
	it, ok := s.items[id]
	if !ok {
		return ItemView{}, false
	}
	return s.view(it), true
}

func (s *State) view(it *item) ItemView {
	v := ItemView{Item: it.spec, State: it.state, Epoch: it.epoch, T0: it.t0, Entered: it.te, Step: it.step, Recovered: it.recovered}
	if it.pool != nil && it.pool.named {
		v.Named = it.named
	}
	if it.agent != nil {
		v.Agent = it.agent.cfg.ID
	}
	if it.pool != nil {
		ahead := s.ahead(it)
		v.Position, v.Need = ahead+1, it.pool.sig
		v.Urgency = s.urgency(it)
		v.Estimate, v.Free = it.queue.wait(s.now, ahead), it.pool.free.len()
	}
	if it.state == ItemDormant {
		s.foresee(it, &v)
	}
	return v
}

// foresee fills in the place and the wait that a dormant item would have as a call.
func (s *State) foresee(it *item, v *ItemView) {
	c := s.classOf(it)
	ahead := s.aheadOf(it.queue, c, key{a: it.t0.UnixNano(), id: it.spec.ID})
	need := it.steps().Need(max(len(it.steps())-1, 0))
	for _, m := range it.queue.members {
		if m.agent.cfg.Skills.Covers(need) && s.takes(m.agent, Voice.index()) {
			v.Free++
		}
	}
	v.Position, v.Estimate = ahead+1, it.queue.wait(s.now, ahead)
}
