package acd

import (
	"math/bits"
	"slices"
	"time"

	"tandem/acd/route"
)

// item is a live work item. Its state changes in move only.
type item struct {
	spec        Item
	state, from ItemState
	epoch       uint64
	t0, te      time.Time // first arrival; entry into the present queue
	joined      time.Time // from which its own longest wait counts
	spilled     int       // rules of the queue's overflow that are behind it
	queue, next *queue    // next: where a transfer goes
	media       int

	pool  *pool // where it waits, nil when it does not
	class *class
	node  node[*item] // in the class, or in the queue's list of dormant ones
	later *queue      // whose list of dormant ones it is in
	step  int

	offer       offerState
	agent       *agent
	last        string    // the agent before
	cost        int       // of the agent's load
	answered    time.Time // moved on by the time that it was parked
	aside       time.Time // parked since
	recovered   bool      // another agent was lost
	named       *Named    // the agents who are asked alone
	owes        party     // who is to speak
	worked      time.Time // wrap-up began
	extended    bool
	disposition string

	cool     []*timer // one per agent who is spared this item
	wait     timer
	until    timer
	relax    timer
	work     timer
	speak    timer
	begin    timer
	alone    timer
	over     timer
	reply    timer
	grace    timer
	told     int           // last announced position
	toldWait time.Duration // last announced P80
}

func newItem(spec Item, q *queue, now time.Time) *item {
	it := &item{spec: spec, queue: q, media: spec.Media.index(), t0: spec.T0, te: now, joined: now}
	if it.t0.IsZero() || it.t0.After(now) {
		it.t0 = now
	}
	it.t0 = it.t0.Round(0).UTC()
	it.spec.T0 = it.t0
	it.node.val = it
	it.wait = timer{kind: timerWait, item: it}
	it.until = timer{kind: timerUntil, item: it}
	it.relax = timer{kind: timerRelax, item: it}
	it.work = timer{kind: timerWork, item: it}
	it.speak = timer{kind: timerAnnounce, item: it}
	it.begin = timer{kind: timerFrom, item: it}
	it.alone = timer{kind: timerNamed, item: it}
	it.over = timer{kind: timerSpill, item: it}
	it.reply = timer{kind: timerReply, item: it}
	it.grace = timer{kind: timerGrace, item: it}
	return it
}

func (it *item) offerID() OfferID { return OfferID{it.spec.ID, it.epoch} }

func (it *item) steps() route.Steps {
	if len(it.spec.Steps) > 0 {
		return it.spec.Steps
	}
	return it.queue.cfg.Relax
}

// assigned tells whether the state is one in which an accepted agent has the item.
func (s ItemState) assigned() bool { return s >= ItemConnecting && s <= ItemWrapUp }

// aside tells whether the state is that of a thread which asks nothing of the agent who has it.
func (s ItemState) aside() bool { return s == ItemParked || s == ItemWaking }

// works tells whether the state is one in which an agent works on the item.
func (s ItemState) works() bool { return s.assigned() && !s.aside() }

// itemActs perform the flags of the item table, in bit order.
var itemActs [15]func(s *State, it *item, reason string)

// itemParting are the acts by which an item parts with what it was in: after them its change is told, before those by which it
// enters what it is in now.
const itemParting = itemUnlist | itemWithdraw | itemRelease

// move is the one place where an item's state changes: table, journal entry, flagged acts, watchers. A pair that is not listed is
// rejected.
func (s *State) move(it *item, on itemOn, reason string) bool {
	to, do, listed := itemStep(it.state, on)
	if !listed {
		s.reject(Rejection{Event: itemOnNames[on], Item: it.spec.ID, Reason: "item is " + it.state.String()})
		return false
	}
	was, had := it.state, it.agent
	it.queue.count[was]--
	it.from, it.state = was, to
	if it.next != nil {
		it.queue, it.next = it.next, nil
	}
	it.queue.count[to]++
	s.journalItem(it, on, reason)
	s.act(it, do&itemParting, reason)
	if !to.Terminal() {
		s.changed(it, was, had, reason)
	}
	s.act(it, do&^itemParting, reason)
	return true
}

func (s *State) act(it *item, do itemDo, reason string) {
	for d := uint32(do); d != 0; d &= d - 1 {
		itemActs[bits.TrailingZeros32(d)](s, it, reason)
	}
}

// changed tells of an item that lives on.
func (s *State) changed(it *item, was ItemState, had *agent, reason string) {
	e := it.shown(was, reason)
	if had != nil && had != it.agent {
		e.Left = had.cfg.ID
	}
	s.effect(e)
}

// shown is the item as watchers are told of it.
func (it *item) shown(was ItemState, reason string) ItemChanged {
	e := ItemChanged{Item: it.spec.ID, Queue: it.queue.cfg.Name, Media: it.spec.Media, Was: was, State: it.state, Epoch: it.epoch,
		Reason: reason}
	if it.agent != nil {
		e.Agent = it.agent.cfg.ID
	}
	return e
}

// journalItem writes the entry of the transition just made.
func (s *State) journalItem(it *item, on itemOn, reason string) {
	e := Entry{
		Kind: kindOf(on, it.state, reason), Item: it.spec.ID, Record: it.spec.Record, Interaction: it.spec.Interaction,
		Media: it.spec.Media, Epoch: it.epoch, Queue: it.queue.cfg.Name, State: it.state.String(), Reason: reason,
	}
	if it.agent != nil {
		e.Agent = it.agent.cfg.ID
	}
	if it.state == ItemQueued {
		e.Named, e.Recovered = it.named, it.recovered
	}
	switch on {
	case itemAdmit, itemRefuse, itemBook, itemPostpone, itemSwitch:
		spec := it.spec
		e.Spec, e.T0 = &spec, it.t0
	case itemTransfer, itemOverflow:
		e.T0 = it.t0
	case itemConvert:
		spec := it.spec
		e.Spec, e.Customer = &spec, it.spec.Customer
	}
	s.entry(e)
}

// close reports the outcome and forgets the item.
func (s *State) close(it *item, reason string) {
	s.stopAll(it)
	s.rise(it)
	it.queue.count[it.state]--
	if s.items[it.spec.ID] == it {
		delete(s.items, it.spec.ID)
	}
	if s.keys[it.spec.Key] == it {
		delete(s.keys, it.spec.Key)
	}
	s.decide(it, "ended", it.state.String())
	if it.state == ItemRefused { // the ID may be that of a live item: this one never was
		s.effect(Refused{Item: it.spec.ID, Queue: it.spec.Queue, Reason: reason})
		return
	}
	s.effect(ItemEnded{Item: it.spec.ID, Queue: it.queue.cfg.Name, Agent: it.last, Outcome: it.state, Reason: reason})
}

func (s *State) stopAll(it *item) {
	for _, t := range []*timer{&it.wait, &it.until, &it.relax, &it.work, &it.speak, &it.begin, &it.alone, &it.over, &it.reply,
		&it.grace} {
		s.timers.stop(t)
	}
	for _, t := range it.cool {
		s.timers.stop(t)
	}
	it.cool = nil
}

// exclude spares an agent the item until the reason's cool-off has passed.
func (s *State) exclude(it *item, a *agent, reason string) {
	off, ok := cooloffs[reason]
	if !ok {
		return
	}
	for _, t := range it.cool {
		if t.agent == a {
			s.timers.arm(t, s.now.Add(off))
			return
		}
	}
	t := &timer{kind: timerCool, item: it, agent: a}
	it.cool = append(it.cool, t)
	s.timers.arm(t, s.now.Add(off))
}

func (it *item) excluded(a *agent) bool {
	for _, t := range it.cool {
		if t.agent == a {
			return true
		}
	}
	return false
}

// cooled ends a cool-off; the pair may match again.
func (s *State) cooled(it *item, t *timer) {
	it.cool = slices.DeleteFunc(it.cool, func(o *timer) bool { return o == t })
	if it.pool != nil {
		s.touch(it.pool)
	}
}
