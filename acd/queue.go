package acd

import (
	"time"

	"tandem/acd/route"
)

// rule is a compiled MediaRule.
type rule struct {
	MediaRule
	slot route.Slot
}

func compileRule(r MediaRule) rule {
	out := rule{MediaRule: r, slot: route.Slot{Weight: r.Weight, Max: r.Max}}
	for _, m := range r.Over {
		out.slot.Over |= 1 << m.index()
	}
	return out
}

// queue is a queue with what waits in it. Its pools hold, for each medium and need, the free agents who could serve it and
// the items that wait for them: a decision looks at heads only.
type queue struct {
	cfg     QueueConfig
	mode    QueueMode
	removed bool // from the configuration; what still comes back to it times out
	pools   map[poolKey]*pool
	list    []*pool     // in order of creation, until one is dropped
	named   int         // of these, pools of named agents
	later   tree[*item] // dormant, by the time when that ends
	members []*member
	count   [itemStates]int
	ready   int64 // millionths of agents: shares of the members who are available
	rates   window

	answered, abandoned uint64
}

type poolKey struct {
	media int
	sig   string
}

// pool is where items of one queue, medium and need meet the agents who meet it.
type pool struct {
	queue   *queue
	media   int
	need    route.Need
	sig     string
	free    tree[*agent]
	classes []*class
	waiting int
	members int
	staffed int
	touched bool
	dead    bool
	named   bool // its agents are named by its items
	able    int  // of a named pool: agents who want work of the medium
	at      int  // in the queue's list
}

// class is the items of one urgency class in a pool, by first arrival.
type class struct {
	route.Class
	items tree[*item]
}

// member is an agent's membership of a queue.
type member struct {
	queue     *queue
	agent     *agent
	place     int
	tier      int
	lastOffer uint64
	done      int   // items handled for this queue, halved when the agent's total grows large
	share     int64 // millionths: what the agent adds to queue.ready
}

// pool returns the pool of a medium and need, made if there is none.
func (s *State) pool(q *queue, media int, need route.Need) *pool {
	k := poolKey{media, need.Signature()}
	if p, ok := q.pools[k]; ok {
		return p
	}
	if len(q.pools)-q.named >= s.cfg.Limits.Needs*mediaCount {
		s.evict(q)
	}
	p := &pool{queue: q, media: media, need: need, sig: k.sig}
	s.addPool(q, p)
	for _, m := range q.members {
		if m.agent.cfg.Skills.Covers(need) {
			s.seat(p, m)
		}
	}
	return p
}

// evict drops the pools in which nothing waits.
func (s *State) evict(q *queue) {
	kept := q.list[:0]
	for _, p := range q.list {
		if p.dead = p.waiting == 0 && !p.named; p.dead {
			delete(q.pools, poolKey{p.media, p.sig})
		} else {
			p.at = len(kept)
			kept = append(kept, p)
		}
	}
	clear(q.list[len(kept):])
	q.list = kept
	for _, m := range q.members {
		m.agent.dropDeadSeats()
	}
}

// classOf is the urgency class that an item belongs to.
func (s *State) classOf(it *item) route.Class {
	w := it.spec.Weight
	if w <= 0 {
		w = 1
	}
	return route.NewClass(it.queue.cfg.Weight*w, it.queue.cfg.Target, it.spec.Credit)
}

// class returns the class of an item in a pool. Above the limit of classes an item joins the first one.
func (s *State) class(p *pool, it *item) *class {
	want := s.classOf(it)
	for _, c := range p.classes {
		if c.Class == want {
			return c
		}
	}
	for _, c := range p.classes {
		if c.items.len() == 0 {
			c.Class = want
			return c
		}
	}
	if len(p.classes) >= s.cfg.Limits.Classes {
		return p.classes[0]
	}
	c := &class{Class: want}
	p.classes = append(p.classes, c)
	return c
}

// list makes an item wait at its old position and starts its waiting timers.
func (s *State) list(it *item, reason string) {
	if it.from.assigned() {
		it.told, it.toldWait = 0, 0 // another queue: places there are told anew
	}
	s.enlist(it)
	s.armWait(it)
	if !it.spec.Until.IsZero() {
		s.timers.arm(&it.until, it.spec.Until)
	}
	if every := it.queue.cfg.AnnounceEvery; every > 0 {
		s.timers.arm(&it.speak, s.now.Add(every))
		s.joined = append(s.joined, it)
	}
	s.decide(it, "queued", reason)
}

// armWait sets the end of an item's patience: now if its queue is gone. An item with a window has no other end.
func (s *State) armWait(it *item) {
	var end time.Time
	if most := it.queue.cfg.MaxWait; most > 0 && it.spec.Until.IsZero() {
		end = it.te.Add(most)
	}
	if own := it.spec.MaxWait; own > 0 {
		if at := it.joined.Add(own); end.IsZero() || at.Before(end) {
			end = at
		}
	}
	switch {
	case it.queue.removed:
		s.timers.arm(&it.wait, s.now)
	case !end.IsZero():
		s.timers.arm(&it.wait, end)
	default:
		s.timers.stop(&it.wait)
	}
	s.armSpill(it)
}

// enlist puts an item into the pool and class of its present step and arms the next relaxation.
func (s *State) enlist(it *item) {
	age := s.now.Sub(it.t0)
	steps := it.steps()
	step, next := steps.At(age)
	it.step = step
	p := s.alone(it)
	if next > 0 && p == nil {
		s.timers.arm(&it.relax, it.t0.Add(next))
	} else {
		s.timers.stop(&it.relax)
	}
	if p == nil {
		p = s.pool(it.queue, it.media, steps.Need(step))
	}
	it.pool, it.class = p, s.class(p, it)
	it.order()
	it.class.items.insert(&it.node)
	p.waiting++
	s.touch(p)
}

// delist takes an item out of its pool.
func (s *State) delist(it *item) {
	if it.pool == nil {
		return
	}
	it.class.items.remove(&it.node)
	if it.pool.waiting--; it.pool.named && it.pool.waiting == 0 {
		s.empty = append(s.empty, it.pool)
	}
	it.pool, it.class = nil, nil
}

// unlist ends an item's waiting.
func (s *State) unlist(it *item, _ string) {
	s.delist(it)
	for _, t := range []*timer{&it.wait, &it.until, &it.relax, &it.speak, &it.alone, &it.over} {
		s.timers.stop(t)
	}
}

// relist moves a waiting item to the pool of its present step.
func (s *State) relist(it *item, what string) {
	s.delist(it)
	s.enlist(it)
	s.decide(it, what, it.pool.sig)
}
