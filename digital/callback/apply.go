package callback

import (
	"slices"
	"time"

	"tandem/store/journey"
)

func (e Ask) apply(p *Plans) {
	r := e.Request
	reason := p.check(&r)
	if reason != "" {
		p.effect(Answer{ID: r.ID, Refused: reason})
		return
	}
	x := p.add(r)
	p.write(x, journey.CallbackRequested, map[string]string{journey.DataTarget: r.handle(), "source": string(r.Source),
		"mode": string(r.Mode), "from": r.From.UTC().Format(time.RFC3339Nano), "until": r.Until.UTC().Format(time.RFC3339Nano)})
	p.effect(Book{r.booking()}) // behind its line: whoever hears that it is booked finds the line in the record, whatever happens next
	p.effect(Answer{ID: r.ID, From: r.From})
}

// check completes a request, and says why it is refused, if so.
func (p *Plans) check(r *Request) string {
	if r.Mode == "" {
		r.Mode = AgentFirst
	}
	if r.From.Before(p.now) {
		r.From = p.now
	}
	if r.Until.IsZero() {
		r.Until = r.From.Add(p.cfg.Window)
	}
	switch {
	case r.ID == "" || r.Queue == "" || !r.From.Before(r.Until) || r.Mode != AgentFirst && r.Mode != CustomerFirst ||
		!p.number(r):
		return RefusedInvalid
	case p.live[r.ID] != nil || p.keys[r.key()] != nil:
		return RefusedDuplicate
	case len(p.live) >= p.cfg.Limit:
		return RefusedFull
	case p.rules.OptedOut != nil && r.Number != "" && p.rules.OptedOut(r.Number):
		return RefusedOptOut
	}
	if open, next := p.open(r.Number, r.From); !open {
		if next.IsZero() || !next.Before(r.Until) {
			return RefusedHours
		}
		r.From = next
	}
	return ""
}

// number brings the number into its normal form; false if it is none, or there is nothing to reach the customer by.
func (p *Plans) number(r *Request) bool {
	if r.Number == "" {
		return r.Conversation != ""
	}
	normal := p.rules.Number
	if normal == nil {
		normal = func(s string) (string, error) { return journey.Normal(journey.Tel, s) }
	}
	n, err := normal(r.Number)
	r.Number = n
	return err == nil
}

// open tells whether a number may be called at a time, and from when on if not. Conversations are open always.
func (p *Plans) open(number string, at time.Time) (open bool, next time.Time) {
	if p.rules.Hours == nil || number == "" {
		return true, at
	}
	return p.rules.Hours(number, at)
}

func (p *Plans) add(r Request) *plan {
	x := &plan{req: r, from: r.From}
	if r.Held {
		x.held, x.from = true, r.From.Add(holdTime)
	}
	p.live[r.ID], p.keys[r.key()] = x, x
	if r.Mode == CustomerFirst {
		p.enlist(x)
	}
	return x
}

// enlist has a customer be reached first when an agent will be free; leave undoes it.
func (p *Plans) enlist(x *plan) {
	q := p.queues[x.req.Queue]
	if q == nil {
		q = &queue{}
		p.queues[x.req.Queue] = q
	}
	q.list = append(q.list, x)
}

func (e WisherGone) apply(p *Plans) {
	if x := p.live[e.Item]; x != nil { // others were refused, or have ended
		p.unhold(x)
	}
}

// unhold lets a callback be dialled whose customer has hung up: at once, or when its window begins.
func (p *Plans) unhold(x *plan) {
	from := x.req.From
	if soon := p.now.Add(hangTime); from.Before(soon) {
		from = soon
	}
	if !x.held || x.state != planWaiting || !from.Before(x.from) {
		return
	}
	x.held, x.from = false, from
	p.effect(postpone{x.req.ID, "hung up", from})
}

func (e Unserved) apply(p *Plans) {
	x := p.find(e.Item)
	if x == nil {
		return
	}
	if x.req.Mode != CustomerFirst || x.state != planReached {
		p.Strays++
		return
	}
	x.outcome, x.from = NoAgent, p.now.Add(or(x.req.Gap, 10*time.Minute))
	p.enlist(x)
	p.move(x, planUnserved)
}

func (e Cancel) apply(p *Plans) {
	if x := p.find(e.Item); x != nil {
		x.by = or(e.By, "system")
		if !p.move(x, planCancel) {
			x.by = ""
		}
	}
}

func (e Offered) apply(p *Plans) {
	if p.live[e.Item] == nil && e.Live.Item == e.Item && e.Item != "" {
		Restore{[]Live{e.Live}}.apply(p)
	}
	x := p.find(e.Item)
	switch {
	case x == nil:
	case x.req.Mode == CustomerFirst || x.state == planReached:
		p.Strays++ // a caller by now
	case x.state == planDialling:
		p.Strays++ // the withdrawal of the offer before is missing
	case p.allowed(x):
		x.attempt = p.attempt(x)
		x.attempt.Offer, x.attempt.Epoch, x.attempt.Agent = e.Offer, e.Epoch, e.Agent
		x.attempt.Endpoint, x.attempt.Deadline = e.Endpoint, e.Deadline
		p.move(x, planOffered)
	}
}

// allowed asks the rules once more: hours and opt-outs may have changed since the request.
func (p *Plans) allowed(x *plan) bool {
	number := x.req.Number
	if p.rules.OptedOut != nil && number != "" && p.rules.OptedOut(number) {
		x.by = RefusedOptOut
		p.move(x, planCancel)
		return false
	}
	open, next := p.open(number, p.now)
	switch {
	case open:
		return true
	case next.IsZero():
		x.by = RefusedHours
		p.move(x, planCancel)
	default:
		x.from = next
		p.effect(postpone{x.req.ID, RefusedHours, next})
	}
	return false
}

func (p *Plans) attempt(x *plan) Attempt {
	r := x.req
	return Attempt{Item: r.ID, Record: r.Record, Interaction: r.Interaction, Queue: r.Queue, Number: r.Number,
		Conversation: r.Conversation, Mode: r.Mode, Ring: p.cfg.Ring, Data: r.Data, Last: x.tries+1 >= or(r.Attempts, 3)}
}

func (e Withdrawn) apply(p *Plans) {
	x := p.find(e.Item)
	switch {
	case x == nil:
	case x.req.Mode == CustomerFirst || x.attempt.Epoch != e.Epoch || x.state == planWaiting:
		// nothing is rung for that offer any more
	default:
		p.move(x, planWithdrawn)
	}
}

func (e Result) apply(p *Plans) {
	x := p.tries[e.Attempt]
	if x == nil {
		p.Strays++
		return
	}
	p.result(x, e.Outcome, e.Call)
}

func (p *Plans) result(x *plan, o Outcome, call string) {
	x.outcome, x.call = o, call
	on := planMissed
	switch o {
	case Human, Unknown:
		if on = planHuman; x.req.Mode == CustomerFirst {
			on = planJoined
			p.leave(x)
		}
	case AgentMissed:
		on = planAgentMissed
	}
	p.move(x, on)
}

func (e Ended) apply(p *Plans) {
	x := p.find(e.Item)
	if x == nil {
		return
	}
	switch e.Outcome {
	case "expired", "failed", "refused", "timed-out":
		x.reason = or(e.Reason, e.Outcome)
	case "cancelled":
		x.by = or(x.by, or(e.Reason, "system"))
	}
	p.move(x, planEnded)
}

// Restored callbacks wait; a dial that was under way is over with the process.
func (e Restore) apply(p *Plans) {
	for _, l := range e.Items {
		r, ok := l.request()
		switch {
		case l.Item != "" && p.live[l.Item] != nil:
			continue // an offer has told of it
		case !ok || l.Item == "":
			p.Strays++
			continue
		}
		x := p.add(r)
		x.tries = l.Tried
		if l.Done {
			x.state = planReached
			p.leave(x)
		}
		if x.from = l.From; x.tries > 0 {
			x.held = false
		}
		p.unhold(x) // no call has outlived the process
	}
}

// lookAhead asks for forecasts where customers are to be reached first, as often as configured.
func (p *Plans) lookAhead() {
	if len(p.queues) == 0 {
		p.look = time.Time{}
		return
	}
	if p.now.Before(p.look) {
		return
	}
	p.look = p.now.Add(p.cfg.Look)
	names := make([]string, 0, len(p.queues))
	for name := range p.queues {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		asked := 0
		for _, x := range p.queues[name].list {
			if asked == p.cfg.Ahead {
				break
			}
			if x.state == planWaiting && !x.from.After(p.now) {
				p.effect(foresee{x.req.ID})
				asked++
			}
		}
	}
}

func (e Forecast) apply(p *Plans) {
	x := p.live[e.Item]
	if x == nil || x.state != planWaiting || x.req.Mode != CustomerFirst || x.from.After(p.now) {
		p.Strays++
		return
	}
	dialling := p.queues[x.req.Queue].dialling
	soon := e.Known && e.P50 <= p.cfg.Lead && dialling < max(e.Free, 1)
	if e.Free <= e.Ahead+dialling && !soon || !p.allowed(x) {
		return
	}
	x.attempt = p.attempt(x)
	p.move(x, planDue)
}
