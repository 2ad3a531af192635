package acd

import (
	"iter"
	"strconv"
	"strings"
	"time"
)

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
		after := pick{it: n.val, urgency: s.urgency(n.val)}
		if after.before(second) {
			second = after
		}
	}
	d := Decision{At: s.now, What: "offered", Item: it.spec.ID, Epoch: it.epoch + 1, Queue: it.queue.cfg.Name,
		Agent: best.agent.cfg.ID, Reason: string(it.queue.cfg.Strategy), Need: it.pool.sig, Urgency: best.urgency,
		Waited: s.now.Sub(it.t0), Free: it.pool.free.len(), Excluded: best.excluded}
	if it.pool.named {
		d.Reason = it.named.Why
	} else if it.spec.Prefer == best.agent.cfg.ID {
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
	if it := s.items[id]; it != nil {
		out.Waiting = s.waits(it)
	}
	return out
}

// waits says what an item waits for, empty if for nothing.
func (s *State) waits(it *item) string {
	switch {
	case it.state == ItemDormant && it.spec.Aside && !it.spec.From.After(s.now):
		return "dormant until its customer is reached"
	case it.state == ItemDormant:
		return "dormant until " + clock(it.spec.From)
	case it.state == ItemParked:
		return "parked with " + it.agent.cfg.ID + " until the customer writes"
	case it.state == ItemWaking:
		return it.agent.cfg.ID + " is " + it.agent.absence() + " and may come back until " + clock(it.work.at)
	case it.pool == nil:
		return ""
	case it.queue.mode == QueuePaused:
		return "queue is paused"
	}
	return s.waitsFor(it, it.pool)
}

func (s *State) waitsFor(it *item, p *pool) string {
	only := ""
	if p.named {
		only = "for " + p.sig + " alone until " + clock(it.named.Until) + " (" + it.named.Why + "): "
	}
	switch {
	case p.members == 0:
		return "no member of the queue meets " + quoted(p.sig)
	case p.staffed == 0:
		return "none of " + strconv.Itoa(p.members) + " members who meet " + quoted(p.sig) + " is signed in"
	case p.free.len() > 0:
		return only + "spared by cool-off: " + strconv.Itoa(p.free.len()) + " free"
	case p.named:
		return only + s.census(p)
	}
	return "none of " + strconv.Itoa(p.staffed) + " agents signed in who meet " + quoted(p.sig) + " is free: " + s.census(p)
}

// census says what keeps the agents of a pool who are signed in from taking its items.
func (s *State) census(p *pool) string {
	var away, unreached, full int
	for a := range p.agents(s) {
		switch {
		case a.state == AgentOffline:
		case a.state != AgentAvailable:
			away++
		case !s.reaches(a, p.media):
			unreached++
		default:
			full++
		}
	}
	var out []string
	for _, x := range []struct {
		n    int
		what string
	}{{away, "not available"}, {unreached, "cannot be reached"}, {full, "without room"}} {
		if x.n > 0 {
			out = append(out, strconv.Itoa(x.n)+" "+x.what)
		}
	}
	return strings.Join(out, ", ")
}

// agents are those who have a seat in the pool.
func (p *pool) agents(s *State) iter.Seq[*agent] {
	return func(yield func(*agent) bool) {
		if p.named {
			for _, id := range p.ids() {
				if a := s.agents[id]; a != nil && !yield(a) {
					return
				}
			}
			return
		}
		for _, m := range p.queue.members {
			if m.agent.cfg.Skills.Covers(p.need) && !yield(m.agent) {
				return
			}
		}
	}
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

func quoted(sig string) string {
	if sig == "" {
		return "any need"
	}
	return strconv.Quote(sig)
}
