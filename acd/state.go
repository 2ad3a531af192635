package acd

import (
	"time"

	"tandem/store/journey"
)

// State is the deterministic core: all queues, items, offers and agents of a routing domain. Equal events at equal times
// give equal entries, effects and states. Owned by one goroutine; it has no clock, lock or goroutine of its own.
type State struct {
	cfg    Config
	rules  [mediaCount]rule
	queues map[string]*queue
	order  []*queue // by configuration
	agents map[string]*agent
	items  map[string]*item
	keys   map[string]*item

	now     time.Time
	timers  deadlines
	touched []*pool // where a pair may have come into being
	joined  []*item // to be told their place when all is settled
	strand  []*pool // named ones whose agents can take nothing any more
	empty   []*pool // named ones in which nothing waits any more
	marked  []*agent

	restored bool // desks are there when that is told, not before
	seq      uint64
	offers   uint64
	why      decisions
	out      Result
}

// Result is what a step has decided. The slices belong to the receiver.
type Result struct {
	Entries  []Entry
	Effects  []Effect
	Rejected []Rejection
}

// Rejection is an event, or a part of one, that no table lists. It changes nothing but is logged.
type Rejection struct{ Event, Item, Agent, Reason string }

// NewState returns an empty state with a configuration, or all of its faults.
func NewState(cfg Config) (*State, []error) {
	if faults := cfg.Validate(); len(faults) > 0 {
		return nil, faults
	}
	s := &State{queues: map[string]*queue{}, agents: map[string]*agent{}, items: map[string]*item{}, keys: map[string]*item{}}
	s.configure(cfg)
	s.out = Result{}
	return s, nil
}

// Step applies an event at a time. Deadlines that have passed come first, in their order; after them and after the event,
// items and agents are matched until no pair is left. A time before the last one counts as the last one.
func (s *State) Step(ev Event, now time.Time) Result {
	s.out = Result{}
	if now = now.Round(0).UTC(); now.After(s.now) {
		s.now = now
	}
	for t := s.timers.due(s.now); t != nil; t = s.timers.due(s.now) {
		s.due(t)
	}
	s.settle()
	ev.apply(s)
	s.settle()
	s.report()
	return s.out
}

// Next is the earliest deadline; ok is false when there is none.
func (s *State) Next() (at time.Time, ok bool) {
	if len(s.timers.heap) == 0 {
		return time.Time{}, false
	}
	return s.timers.heap[0].at, true
}

// due performs what a deadline says.
func (s *State) due(t *timer) {
	it := t.item
	switch t.kind {
	case timerWait:
		s.timeOut(it, ReasonMaxWait)
	case timerUntil:
		s.move(it, itemExpire, ReasonWindow)
	case timerFrom:
		s.stick(it)
		s.move(it, itemBegin, ReasonWindow)
	case timerSpill:
		s.spill(it)
	case timerNamed:
		s.relist(it, "released")
	case timerReply:
		s.silent(it)
	case timerGrace:
		s.lost(it, ReasonLost)
	case timerLease:
		s.lapse(t.agent)
	case timerRelax:
		s.relist(it, "relaxed")
	case timerAnnounce:
		s.announce(it)
	case timerCool:
		s.cooled(it, t)
	case timerWork:
		s.workOver(it)
	}
}

// workOver ends an offer, a connection attempt or a wrap-up whose time has passed.
func (s *State) workOver(it *item) {
	switch it.state {
	case ItemOffered:
		s.moveOffer(it, offerExpire, ReasonNoAnswer)
	case ItemConnecting:
		s.moveOffer(it, offerExpire, ReasonConnect)
	case ItemWaking:
		s.lost(it, ReasonAgent)
	case ItemWrapUp:
		s.complete(it)
	}
}

func (s *State) effect(e Effect) { s.out.Effects = append(s.out.Effects, e) }

func (s *State) entry(e Entry) {
	s.seq++
	e.Seq, e.At = s.seq, s.now
	s.out.Entries = append(s.out.Entries, e)
}

func (s *State) reject(r Rejection) { s.out.Rejected = append(s.out.Rejected, r) }

// itemKinds are the journal kinds of item events; the kind of a missed offer depends on the reason.
var itemKinds = [itemOns]journey.Kind{
	itemAdmit: journey.Enqueued, itemRefuse: journey.Refused, itemMatch: journey.Offered, itemAccept: journey.Accepted,
	itemLeave: journey.Abandoned, itemLeaveShort: journey.Abandoned, itemMediaUp: journey.Connected,
	itemTransfer: journey.Transferred, itemConvert: journey.Requeued, itemEnd: journey.WrapUpStarted,
	itemComplete: journey.WrapUpEnded, itemTimeOut: journey.ItemEnded, itemExpire: journey.ItemEnded,
	itemCancel: journey.ItemEnded, itemFail: journey.ItemEnded, itemRestart: journey.Requeued,
	itemBook: journey.Enqueued, itemOverflow: journey.Transferred, itemPostpone: journey.Requeued, itemBegin: journey.Requeued, itemLost: journey.Requeued,
	itemSwitch: journey.Escalated, itemPark: journey.Parked, itemWake: journey.Woken, itemCall: journey.Woken,
}

// kindOf is the journal kind of an item's transition.
func kindOf(on itemOn, to ItemState, reason string) journey.Kind {
	switch {
	case on == itemLeave && to == ItemWrapUp:
		return journey.WrapUpStarted
	case (on == itemLeave || on == itemEnd) && to == ItemDone:
		return journey.ItemEnded
	case on != itemMiss:
		return itemKinds[on]
	}
	switch reason {
	case ReasonNoAnswer:
		return journey.OfferExpired
	case ReasonReject, ReasonBusy:
		return journey.OfferDeclined
	case ReasonAgent:
		return journey.OfferWithdrawn
	}
	return journey.OfferFailed
}
