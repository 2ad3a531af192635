package acd

import "slices"

// This file is what customers and admins do to items.

func (e Enqueue) apply(s *State) {
	q, reason := s.admit(e.Item)
	if q == nil {
		q = &queue{cfg: QueueConfig{Name: e.Item.Queue}}
	}
	it := newItem(e.Item, q, s.now)
	q.count[ItemNew]++
	if reason != "" {
		s.move(it, itemRefuse, reason)
		return
	}
	s.items[it.spec.ID] = it
	if it.spec.Key != "" {
		s.keys[it.spec.Key] = it
	}
	if s.sleeps(it.spec) {
		s.move(it, itemBook, "")
		return
	}
	s.stick(it)
	s.move(it, itemAdmit, "")
}

// admit is the join guard: the queue, and why the item may not join it, if so.
func (s *State) admit(spec Item) (*queue, string) {
	q := s.queues[spec.Queue]
	switch {
	case q == nil || spec.ID == "" || spec.Media.index() < 0 || len(spec.Steps.Check()) > 0:
		return q, RefusedInvalid
	case s.items[spec.ID] != nil || s.keys[spec.Key] != nil:
		return q, RefusedDuplicate
	}
	return q, s.joinGuard(q, spec)
}

// joinGuard says why a queue takes no item at present, empty if it does.
func (s *State) joinGuard(q *queue, spec Item) string {
	waiting := q.count[ItemQueued] + q.count[ItemOffered]
	switch {
	case q.mode != QueueOpen:
		return RefusedClosed
	case q.cfg.MaxWaiting > 0 && waiting >= q.cfg.MaxWaiting, len(s.items) >= s.cfg.Limits.Items:
		return RefusedFull
	}
	steps := spec.Steps
	if len(steps) == 0 {
		steps = q.cfg.Relax
	}
	if s.tooManyNeeds(q) {
		return RefusedFull
	}
	m := spec.Media.index()
	widest := s.pool(q, m, steps.Need(max(len(steps)-1, 0)))
	if q.cfg.JoinWhen == JoinStaffed && s.rules[m].Hold == HoldLive && widest.staffed == 0 {
		return RefusedNoStaff
	}
	return ""
}

// tooManyNeeds tells whether a queue has reached its limit of different needs with items waiting.
func (s *State) tooManyNeeds(q *queue) bool {
	limit := s.cfg.Limits.Needs * mediaCount
	if len(q.list)-q.named < limit {
		return false
	}
	s.evict(q)
	return len(q.list)-q.named >= limit
}

func (s *State) find(id, event string) *item {
	it := s.items[id]
	if it == nil {
		s.reject(Rejection{Event: event, Item: id, Reason: "no such live item"})
	}
	return it
}

func (e Leave) apply(s *State) {
	it := s.find(e.Item, "leave")
	switch {
	case it == nil:
	case it.spec.Media == Callback && it.state < ItemConnecting: // the call that it came from has ended
		s.reject(Rejection{Event: "leave", Item: e.Item, Reason: "nobody holds the line for a callback"})
	default:
		s.leave(it, ReasonGone)
	}
}

// leave ends an item whose customer is gone: short if it waited no longer than the queue's short-abandon time.
func (s *State) leave(it *item, reason string) {
	on := itemLeave
	early := it.state == ItemQueued || it.state == ItemOffered
	if early && s.now.Sub(it.te) <= it.queue.cfg.ShortAbandon {
		on = itemLeaveShort
	}
	wait := s.now.Sub(it.te)
	if s.move(it, on, reason) && it.state == ItemAbandoned && it.from != ItemDormant {
		it.queue.abandoned++
		it.queue.rates.waited(s.now, wait, true)
	}
}

func (s *State) timeOut(it *item, reason string) {
	if it.queue.removed {
		reason = ReasonRemoved
	}
	if it.state == ItemQueued {
		s.effect(TimedOut{Item: it.spec.ID, Queue: it.queue.cfg.Name, Reason: reason})
	}
	s.move(it, itemTimeOut, reason)
}

func (e MediaUp) apply(s *State) {
	it := s.find(e.Item, "media up")
	switch {
	case it == nil:
	case e.Epoch != 0 && e.Epoch != it.epoch:
		s.reject(Rejection{Event: "media up", Item: e.Item, Reason: "stale epoch"})
	default:
		s.move(it, itemMediaUp, "")
	}
}

func (e End) apply(s *State) {
	it := s.find(e.Item, "end")
	switch {
	case it == nil:
	case it.state == ItemDormant || it.state == ItemQueued || it.state == ItemOffered:
		s.reject(Rejection{Event: "end", Item: e.Item, Reason: "item is " + it.state.String()})
	case it.state != ItemConnecting:
		s.move(it, itemEnd, e.By)
	case e.By == "agent":
		s.moveOffer(it, offerDecline, ReasonFail)
	default:
		s.leave(it, ReasonGone)
	}
}

func (e Cancel) apply(s *State) {
	if it := s.find(e.Item, "cancel"); it != nil {
		reason := e.Reason
		if reason == "" {
			reason = ReasonCancel
		}
		s.move(it, itemCancel, reason)
	}
}

func (e WrapUpDone) apply(s *State) {
	it := s.wrapping(e.Item, e.Agent, "wrap-up done")
	if it == nil {
		return
	}
	codes := it.queue.cfg.Dispositions
	if !e.Force && len(codes) > 0 && !slices.Contains(codes, e.Disposition) {
		s.reject(Rejection{Event: "wrap-up done", Item: e.Item, Agent: e.Agent, Reason: "disposition not allowed"})
		return
	}
	it.disposition = e.Disposition
	if least := it.worked.Add(it.queue.cfg.WrapUpMin); !e.Force && s.now.Before(least) {
		s.timers.arm(&it.work, least)
		return
	}
	s.move(it, itemComplete, e.Disposition)
}

func (e WrapUpExtend) apply(s *State) {
	it := s.wrapping(e.Item, e.Agent, "wrap-up extend")
	switch {
	case it == nil:
	case it.extended || it.queue.cfg.WrapUpExtend <= 0:
		s.reject(Rejection{Event: "wrap-up extend", Item: e.Item, Agent: e.Agent, Reason: "no extension left"})
	default:
		it.extended = true
		s.timers.arm(&it.work, it.work.at.Add(it.queue.cfg.WrapUpExtend))
	}
}

// wrapping finds the item in wrap-up that an agent speaks of; an empty agent is a supervisor.
func (s *State) wrapping(id, agent, event string) *item {
	it := s.find(id, event)
	switch {
	case it == nil:
		return nil
	case it.state != ItemWrapUp:
		s.reject(Rejection{Event: event, Item: id, Agent: agent, Reason: "item is " + it.state.String()})
		return nil
	case agent != "" && agent != it.agent.cfg.ID:
		s.reject(Rejection{Event: event, Item: id, Agent: agent, Reason: "another agent's item"})
		return nil
	}
	return it
}

func (e Tick) apply(*State) {}
