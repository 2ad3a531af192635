package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tandem/acd"
	"tandem/digital/callback"
	"tandem/sip/b2bua"
	"tandem/store"
	"tandem/store/journey"
)

// callbackDoor is callbacks between the rooms: what the planner wants of the dispatcher and the calls, what those tell it.
type callbackDoor struct {
	owner *callback.Owner
	queue func() *acd.Dispatcher
	calls func() *b2bua.Switch
	dial  func(number string) (b2bua.Destination, bool)
	from  string // number that customers are shown
	music func(queue string) string
	hold  time.Duration // how long a customer who was reached first may wait
	log   *slog.Logger
	write func(journey.Event) error
	words acd.Connector // conversations: one's item may have become a callback, or is about to

	notice            func(agent, text string)                       // tells an agent's pages something in words
	answer            func(call string, a b2bua.CallbackAnswer) bool // tells a call what has become of its wish
	wishes, forecasts *errands

	mu     sync.Mutex                  // guards what stands below; nothing waits while it is held
	live   map[string]string           // item → call of its attempt; empty: none
	tries  map[string]callback.Attempt // item → attempt for which an agent was rung first
	first  map[string]*line            // item → customer who is reached before an agent
	wanted map[string]*wish            // item → its caller's wish to be called back
}

// add notes a callback's item, and tells whether it is new; drop forgets it.
func (d *callbackDoor) add(item string) (added bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.live[item]; !ok {
		d.live[item], added = "", true
	}
	return added
}

func (d *callbackDoor) drop(item string) {
	defer d.decide(item, false)
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, item)
	delete(d.tries, item)
	delete(d.first, item)
}

// owns tells whether an item is a callback.
func (d *callbackDoor) owns(item string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.live[item]
	return ok
}

func (d *callbackDoor) call(item string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live[item]
}

// tell gives the planner what happened.
func (d *callbackDoor) tell(ev callback.Event) {
	if err := d.owner.Post(ev); err != nil {
		d.log.Error("callback planner not told", "event", fmt.Sprintf("%T", ev), "err", err)
	}
}

// Book implements callback.Queue.
func (d *callbackDoor) Book(b callback.Booking) error {
	added := d.add(b.Item)
	err := d.book(b)
	if err != nil && added {
		d.drop(b.Item) // it is none: a waiting call keeps its item
	}
	return err
}

func (d *callbackDoor) book(b callback.Booking) error {
	if b.Waiting {
		return d.queue().Post(acd.Convert{Item: b.Item, Media: acd.Callback, Customer: b.Customer, Key: b.Key, Interaction: b.Interaction, From: b.From,
			Until: b.Until, Attempts: b.Attempts, Gap: b.Gap, Aside: b.Aside, Data: b.Data})
	}
	return d.queue().Post(acd.Enqueue{Item: acd.Item{ID: b.Item, Record: b.Record, Interaction: b.Interaction, Media: acd.Callback, Queue: b.Queue,
		Customer: b.Customer, Key: b.Key, From: b.From, Until: b.Until, Attempts: b.Attempts, Gap: b.Gap, Aside: b.Aside, Data: b.Data}})
}

// Unreached implements callback.Queue.
func (d *callbackDoor) Unreached(item string, epoch uint64, reason string) error {
	return d.queue().Post(acd.Unreached{Item: item, Epoch: epoch, Reason: reason})
}

// Postpone implements callback.Queue.
func (d *callbackDoor) Postpone(item string, from time.Time, reason string) error {
	return d.queue().Post(acd.Postpone{Item: item, From: from, Reason: reason})
}

// Cancel implements callback.Queue.
func (d *callbackDoor) Cancel(item, reason string) error {
	return d.queue().Post(acd.Cancel{Item: item, Reason: reason})
}

// Foresee implements callback.Queue: what is known of a queue comes back as a Forecast.
func (d *callbackDoor) Foresee(item string) error {
	return d.forecasts.run(func() { d.foresee(item) }) // one look at the dispatcher, bounded by askWait
}

func (d *callbackDoor) foresee(item string) {
	ctx, cancel := asking()
	defer cancel()
	f := callback.Forecast{Item: item}
	v, ok, err := d.queue().Item(ctx, item)
	if err != nil || !ok {
		return
	}
	f.Free, f.Ahead, f.P50, f.Known = v.Free, max(0, v.Position-1), v.Estimate.P50, v.Estimate.Known
	d.tell(f)
}

// Dial implements callback.Dialer: the agent is rung, which accepts the offer; then the customer is dialled and both are connected. A
// customer who is to be reached first is dialled alone.
func (d *callbackDoor) Dial(a callback.Attempt) error {
	to, ok := d.dial(a.Number)
	if !ok {
		return fmt.Errorf("no trunk takes %q", a.Number)
	}
	if a.Mode == callback.CustomerFirst {
		return d.dialFirst(a, to)
	}
	o := b2bua.Origin{
		Ref: a.ID, Identity: b2bua.Identity{Record: a.Record}, First: b2bua.Destination{Endpoint: a.Endpoint}, Then: to,
		Item: b2bua.WorkItem{ID: a.Item, Queue: a.Queue, Record: a.Record}, Epoch: a.Epoch, Agent: a.Agent, Offer: a.Offer, Deadline: a.Deadline, Ring: a.Ring,
	}
	o.ShowTo[0] = b2bua.Party{Number: a.Number, Name: "Callback"}
	o.ShowTo[1] = b2bua.Party{Number: d.from, Trunk: d.from}
	call, err := d.calls().Originate(o)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.live[a.Item], d.tries[a.Item] = call, a
	d.mu.Unlock()
	return nil
}

// missed are the words for an agent who waited for a customer in vain.
var missed = map[callback.Outcome]string{callback.Busy: "is busy", callback.NoAnswer: "did not answer", callback.Failed: "could not be reached"}

// tellMissed tells the agent what became of an attempt in which the customer was not reached.
func (d *callbackDoor) tellMissed(item string, why callback.Outcome) {
	d.mu.Lock()
	a, ok := d.tries[item]
	d.mu.Unlock()
	if !ok {
		return
	}
	next := "We call again later."
	if a.Last {
		next = "We do not call again."
	}
	d.notice(a.Agent, fmt.Sprintf("%s %s. %s", a.Number, missed[why], next))
}

// Hangup implements callback.Dialer.
func (d *callbackDoor) Hangup(attempt string) {
	item, _, _ := strings.Cut(attempt, "/")
	if call := d.call(item); call != "" {
		d.calls().Post(call, b2bua.EndCall{Kind: b2bua.Canceled, By: "system"})
	}
}

// Append implements callback.Journal.
func (d *callbackDoor) Append(ev journey.Event) {
	if err := d.write(ev); err != nil {
		d.log.Error("callback's line lost", "record", ev.Record, "kind", ev.Kind, "err", err)
	}
}

// Originated implements b2bua.Originators.
func (d *callbackDoor) Originated(o b2bua.Originated) {
	if o.Ref == "" || o.Item == "" {
		return // a click-to-call: nobody waits for what becomes of it
	}
	if d.originatedFirst(o) {
		return
	}
	switch o.Stage {
	case b2bua.BothTalk:
		d.tell(callback.Result{Attempt: o.Ref, Outcome: callback.Unknown, Call: o.Call})
	case b2bua.Failed:
		why := outcomeOf(o)
		if why != callback.AgentMissed {
			d.tellMissed(o.Item, why) // before the planner hears of it, and forgets
		}
		d.tell(callback.Result{Attempt: o.Ref, Outcome: why, Call: o.Call})
	}
}

// outcomeOf is what an attempt came to that reached nobody.
func outcomeOf(o b2bua.Originated) callback.Outcome {
	if o.Side == 1 {
		return callback.AgentMissed
	}
	return customerOutcome(o.Kind)
}

// customerOutcome is why a customer was not reached.
func customerOutcome(k b2bua.Kind) callback.Outcome {
	switch k {
	case b2bua.Busy:
		return callback.Busy
	case b2bua.NoAnswer, b2bua.Timeout:
		return callback.NoAnswer
	}
	return callback.Failed
}

// openCallbacks makes the planner. It hears of the callbacks that a restart left by restoreCallbacks.
func (g *site) openCallbacks() error {
	c := g.cfg.Callbacks
	g.callbacks.owner = callback.NewOwner(callback.Options{
		Config: callback.Config{Window: c.Window, Ring: c.Ring},
		Rules:  callback.Rules{Number: func(n string) (string, error) { return e164(n, g.cfg.Country) }},
		Queue:  g.callbacks, Dialer: g.callbacks, Journal: g.callbacks, Log: g.log, Registerer: g.registry,
	})
	return nil
}

// newCallbackDoor makes the door before the rooms on its both sides are there.
func (g *site) newCallbackDoor() *callbackDoor {
	metrics := newErrandMetrics(g.registry)
	return &callbackDoor{
		wishes: newErrands(metrics, "wish", wishesMost), forecasts: newErrands(metrics, "forecast", forecastsMost),
		answer: func(call string, a b2bua.CallbackAnswer) bool { return g.calls.Post(call, a) },
		notice: func(agent, text string) { g.desk.Notice(agent, text) },
		queue:  func() *acd.Dispatcher { return g.dispatcher }, calls: func() *b2bua.Switch { return g.calls }, from: g.cfg.Callbacks.CallerID, log: g.log,
		write: func(ev journey.Event) error { return g.journal.Append(ev) }, live: map[string]string{}, tries: map[string]callback.Attempt{}, hold: g.cfg.Callbacks.Hold, words: g.words,
		dial:  func(number string) (b2bua.Destination, bool) { return g.router.callback(number) },
		music: func(queue string) string { return g.router.music(queue) },
	}
}

// callback is where a callback's customer is dialled: by the outbound rules, whoever they allow, since an agent is on the line.
func (r *router) callback(number string) (b2bua.Destination, bool) {
	for _, rule := range r.cfg.Outbound {
		if matches(rule.Pattern, number) {
			d := b2bua.Destination{Number: number[min(rule.Strip, len(number)):]}
			for _, name := range rule.Trunks {
				if t, ok := r.trunks.Trunk(name); ok {
					d.Trunks = append(d.Trunks, t)
				}
			}
			return d, len(d.Trunks) > 0
		}
	}
	return b2bua.Destination{}, false
}

// serveCallbacks gives the planner what a restart left, and runs it.
func (g *site) serveCallbacks(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.callbacks.owner.Run(ctx)
	}()
	g.restoreCallbacks(ctx)
	<-done
	g.callbacks.wishes.close()
	g.callbacks.forecasts.close()
	return nil
}

func (g *site) restoreCallbacks(ctx context.Context) {
	items, err := g.dispatcher.OfMedia(ctx, acd.Callback)
	if err != nil {
		if ctx.Err() == nil {
			g.log.Error("callbacks of before the restart are not known", "err", err)
		}
		return
	}
	var live []callback.Live
	for _, v := range items {
		g.callbacks.add(v.Item.ID)
		live = append(live, liveCallback(v.Item))
	}
	g.callbacks.tell(callback.Restore{Items: live})
}

// liveCallback is an item as the planner knows it.
func liveCallback(it acd.Item) callback.Live {
	return callback.Live{Item: it.ID, Record: it.Record, Interaction: it.Interaction, Queue: it.Queue, From: it.From, Until: it.Until,
		Attempts: it.Attempts, Gap: it.Gap, Tried: it.Tried, Data: it.Data}
}

// askCallback books a callback for a number in the record of its customer.
func (g *site) askCallback(ctx context.Context, r callback.Request) (callback.Request, error) {
	number, err := e164(r.Number, g.cfg.Country)
	if err != nil {
		return r, callback.RefusedError{Reason: callback.RefusedInvalid}
	}
	r.Number = number
	if r.ID == "" {
		r.ID = callbackItems + store.NewToken()
	}
	if r.Record == "" {
		id := journey.Identity{Type: journey.Tel, Value: number, Strength: journey.Claimed, Source: string(r.Source)}
		found, err := store.ResolveWait(ctx, g.store, store.Contact{Channel: journey.Callback, At: time.Now(), Identities: []journey.Identity{id}})
		if err != nil {
			return r, err
		}
		r.Record = found.Record // and no Customer: one number in one queue is one callback, whoever books it and however much is known of them
	}
	if r.Interaction == "" {
		r.Interaction = r.ID
	}
	if r.Queue == "" {
		r.Queue = firstQueue(g.cfg)
	}
	if r.Attempts == 0 {
		r.Attempts, r.Gap = g.cfg.Callbacks.Attempts, g.cfg.Callbacks.Gap
	}
	if r.Mode == "" {
		r.Mode = callbackMode(g.cfg.CallbackFirst(r.Queue))
	}
	request := func() error {
		r.From, err = g.callbacks.owner.Request(ctx, r)
		return err
	}
	if r.Waiting { // its caller waits for the decision
		return r, request()
	}
	ctx, cancel := context.WithTimeout(ctx, callbackTime)
	defer cancel()
	ok, err := g.callbacks.decided(ctx, r.ID, "", request)
	if err == nil && !ok {
		err = fmt.Errorf("callback %s: the queue has not taken it: %w", r.ID, acd.ErrBusy)
	}
	return r, err
}
