package acd

import "strconv"

// decisions is a bounded ring of what was decided, newest overwrites oldest. Owned by the State.
type decisions struct {
	ring []Decision
	most int
	next int
}

// limit sets how many decisions are kept; a change forgets the old ones.
func (d *decisions) limit(most int) {
	if most != d.most {
		*d = decisions{most: most}
	}
}

func (d *decisions) add(x Decision) {
	if len(d.ring) < d.most {
		d.ring = append(d.ring, x)
		d.next = len(d.ring) % d.most
		return
	}
	d.ring[d.next] = x
	d.next = (d.next + 1) % d.most
}

func (d *decisions) last() *Decision {
	return &d.ring[(d.next+len(d.ring)-1)%len(d.ring)]
}

// of returns the decisions about an item, oldest first.
func (d *decisions) of(id string) []Decision {
	var out []Decision
	for i := range d.ring {
		x := &d.ring[(d.next+i)%len(d.ring)]
		if x.Item == id {
			out = append(out, *x)
		}
	}
	return out
}

// decide notes something decided about an item.
func (s *State) decide(it *item, what, reason string) {
	d := Decision{At: s.now, What: what, Item: it.spec.ID, Epoch: it.epoch, Queue: it.queue.cfg.Name, Reason: reason,
		Agent: it.last, Waited: s.now.Sub(it.t0)}
	if it.agent != nil {
		d.Agent = it.agent.cfg.ID
	}
	if it.pool != nil {
		d.Need, d.Free = it.pool.sig, it.pool.free.len()
	}
	s.why.add(d)
}

// explain notes an offer about to be made.
func (s *State) explain(best, second pick) {
	it := best.it
	if n := it.class.items.at(1); it.class.items.first().val == it && n != nil {
		after := pick{it: n.val, urgency: it.class.Urgency(s.now.Sub(n.val.t0))}
		if after.before(second) {
			second = after
		}
	}
	d := Decision{At: s.now, What: "offered", Item: it.spec.ID, Epoch: it.epoch + 1, Queue: it.queue.cfg.Name,
		Agent: best.agent.cfg.ID, Reason: string(it.queue.cfg.Strategy), Need: it.pool.sig, Urgency: best.urgency,
		Waited: s.now.Sub(it.t0), Free: it.pool.free.len(), Excluded: best.excluded}
	if it.spec.Prefer == best.agent.cfg.ID {
		d.Reason = "preferred"
	}
	if second.it != nil {
		d.Next, d.NextU = second.it.spec.ID, second.urgency
	}
	s.why.add(d)
}

// Why explains an item: the decisions still kept, and what it waits for if it waits.
func (s *State) Why(id string) Explanation {
	out := Explanation{Item: id, Decisions: s.why.of(id)}
	it := s.items[id]
	if it == nil || it.pool == nil {
		return out
	}
	p := it.pool
	switch {
	case it.queue.mode == QueuePaused:
		out.Waiting = "queue is paused"
	case p.members == 0:
		out.Waiting = "no member of the queue meets " + quoted(p.sig)
	case p.staffed == 0:
		out.Waiting = "none of " + strconv.Itoa(p.members) + " members who meet " + quoted(p.sig) + " is signed in"
	case p.free.len() == 0:
		out.Waiting = "none of " + strconv.Itoa(p.staffed) + " agents signed in who meet " + quoted(p.sig) + " is free"
	default:
		out.Waiting = "spared by cool-off: " + strconv.Itoa(p.free.len()) + " free"
	}
	return out
}

func quoted(sig string) string {
	if sig == "" {
		return "any need"
	}
	return strconv.Quote(sig)
}
