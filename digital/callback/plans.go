package callback

import (
	"math/bits"
	"slices"
	"strconv"
	"time"

	"tandem/store/journey"
)

// Plans is the pure core: all live callbacks. Equal events at equal times give equal effects.
type Plans struct {
	cfg    Config
	rules  Rules
	live   map[string]*plan
	keys   map[string]*plan
	tries  map[string]*plan  // by attempt
	queues map[string]*queue // customer first, by queue
	due    []*plan           // dialling, by deadline
	look   time.Time         // the next forecasts
	now    time.Time
	out    []Effect
	Strays int // events that no live callback or no row takes
}

// queue is what is to be dialled customer first in one queue, by time of request.
type queue struct {
	list     []*plan
	dialling int
}

// plan is one live callback.
type plan struct {
	req      Request
	state    planState
	tries    int
	attempt  Attempt
	deadline time.Time // of the attempt
	from     time.Time // not dialled before
	held     bool      // until its customer is gone
	outcome  Outcome
	call     string
	reason   string // of the end
	by       string
}

// NewPlans returns an empty core.
func NewPlans(cfg Config, rules Rules) *Plans {
	return &Plans{cfg: cfg.effective(), rules: rules, live: map[string]*plan{}, keys: map[string]*plan{}, tries: map[string]*plan{},
		queues: map[string]*queue{}}
}

// Live is how many callbacks there are.
func (p *Plans) Live() int { return len(p.live) }

// Step applies an event at a time.
func (p *Plans) Step(ev Event, now time.Time) []Effect {
	p.out = nil
	if now.After(p.now) {
		p.now = now
	}
	for len(p.due) > 0 && !p.due[0].deadline.After(p.now) {
		x := p.due[0]
		p.effect(hangup{x.attempt.ID})
		p.result(x, Failed, "")
	}
	ev.apply(p)
	p.lookAhead()
	return p.out
}

// Next is the earliest deadline; ok is false when there is none.
func (p *Plans) Next() (at time.Time, ok bool) {
	if len(p.due) > 0 {
		at, ok = p.due[0].deadline, true
	}
	if !p.look.IsZero() && (!ok || p.look.Before(at)) {
		at, ok = p.look, true
	}
	return at, ok
}

func (p *Plans) effect(e Effect) { p.out = append(p.out, e) }

func (Tick) apply(*Plans) {}

// find is the live callback of an item; others are none of ours.
func (p *Plans) find(item string) *plan {
	x := p.live[item]
	if x == nil {
		p.Strays++
	}
	return x
}

// planActs perform the flags of the table, in bit order.
var planActs [7]func(*Plans, *plan)

func init() {
	planActs = [...]func(*Plans, *plan){(*Plans).dial, (*Plans).hangup, (*Plans).unreach, (*Plans).join, (*Plans).note,
		(*Plans).drop, (*Plans).forget}
}

// move is the one place where a plan's state changes.
func (p *Plans) move(x *plan, on planOn) bool {
	to, do, listed := planStep(x.state, on)
	if !listed {
		p.Strays++
		return false
	}
	if x.state == planDialling {
		p.undial(x)
	}
	x.state = to
	for d := uint32(do); d != 0; d &= d - 1 {
		planActs[bits.TrailingZeros32(d)](p, x)
	}
	return true
}

func (p *Plans) dial(x *plan) {
	x.tries++
	x.attempt.ID = x.req.ID + "/" + strconv.Itoa(x.tries)
	p.tries[x.attempt.ID] = x
	x.deadline = p.now.Add(x.attempt.Ring + 30*time.Second)
	if x.attempt.Deadline.After(p.now) {
		x.deadline = x.deadline.Add(x.attempt.Deadline.Sub(p.now))
	}
	at, _ := slices.BinarySearchFunc(p.due, x, func(a, b *plan) int { return a.deadline.Compare(b.deadline) })
	p.due = slices.Insert(p.due, at, x)
	if x.req.Mode == CustomerFirst {
		p.queues[x.req.Queue].dialling++
	}
	p.effect(dial{x.attempt})
}

// undial takes note that an attempt is over.
func (p *Plans) undial(x *plan) {
	delete(p.tries, x.attempt.ID)
	at, _ := slices.BinarySearchFunc(p.due, x, func(a, b *plan) int { return a.deadline.Compare(b.deadline) })
	for i := at; i < len(p.due); i++ {
		if p.due[i] == x {
			p.due = slices.Delete(p.due, i, i+1)
			break
		}
	}
	if x.req.Mode == CustomerFirst {
		p.queues[x.req.Queue].dialling--
		p.tidy(x.req.Queue)
	}
}

// tidy forgets a queue in which nobody is to be reached first.
func (p *Plans) tidy(name string) {
	if q := p.queues[name]; len(q.list) == 0 && q.dialling == 0 {
		delete(p.queues, name)
	}
}

func (p *Plans) hangup(x *plan) { p.effect(hangup{x.attempt.ID}) }

func (p *Plans) unreach(x *plan) {
	x.from = p.now.Add(or(x.req.Gap, 10*time.Minute))
	p.effect(unreached{x.req.ID, x.attempt.Epoch, string(x.outcome)})
}

func (p *Plans) join(x *plan) { p.effect(join{x.req.booking(), x.call}) }

func (p *Plans) drop(x *plan) { p.effect(drop{x.req.ID, x.by}) }

func (p *Plans) note(x *plan) {
	p.effect(counted{x.outcome})
	p.write(x, journey.CallbackAttempt, map[string]string{journey.DataTarget: x.req.handle(), journey.DataReason: string(x.outcome),
		"try": strconv.Itoa(x.tries), "mode": string(x.req.Mode), journey.DataAgent: x.attempt.Agent})
}

// forget ends a plan. Its end is written down where it was not a talk.
func (p *Plans) forget(x *plan) {
	switch {
	case x.by != "":
		p.write(x, journey.CallbackCancelled, map[string]string{journey.DataBy: x.by})
	case x.reason != "":
		p.write(x, journey.CallbackExpired, map[string]string{journey.DataReason: x.reason})
	}
	p.leave(x)
	delete(p.live, x.req.ID)
	if p.keys[x.req.key()] == x {
		delete(p.keys, x.req.key())
	}
}

// leave takes a plan from those that are looked ahead for.
func (p *Plans) leave(x *plan) {
	q := p.queues[x.req.Queue]
	if q == nil {
		return
	}
	q.list = slices.DeleteFunc(q.list, func(o *plan) bool { return o == x })
	p.tidy(x.req.Queue)
}

// write adds a line to the callback's record.
func (p *Plans) write(x *plan, kind journey.Kind, data map[string]string) {
	if x.req.Record == "" {
		return
	}
	data[journey.DataQueue] = x.req.Queue
	for k, v := range data {
		if v == "" {
			delete(data, k)
		}
	}
	p.effect(Line{journey.Event{Record: x.req.Record, At: p.now, Kind: kind, Channel: journey.Callback,
		Interaction: x.req.Interaction, Item: x.req.ID, Epoch: x.attempt.Epoch, Actor: "system", Privacy: journey.Personal,
		Key: "callback/" + x.req.ID + "/" + string(kind) + "/" + strconv.FormatInt(p.now.UnixMilli(), 10), Data: data}})
}

// Line is a line for a record.
type Line struct{ Event journey.Event }
