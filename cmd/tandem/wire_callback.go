package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"tandem/acd"
	"tandem/digital/access"
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
	log   *slog.Logger
	write func(journey.Event) error

	mu   sync.Mutex        // guards what stands below; nothing waits while it is held
	live map[string]string // item → call of its attempt; empty: none
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
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.live, item)
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

// Join implements callback.Queue.
func (d *callbackDoor) Join(item, call string) error {
	return d.queue().Post(acd.Convert{Item: item, Media: acd.Voice, Interaction: call})
}

// Cancel implements callback.Queue.
func (d *callbackDoor) Cancel(item, reason string) error {
	return d.queue().Post(acd.Cancel{Item: item, Reason: reason})
}

// Foresee implements callback.Queue: what is known of a queue comes back as a Forecast.
func (d *callbackDoor) Foresee(item string) error {
	go d.foresee(item) // one look at the dispatcher, bounded by askWait
	return nil
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

// Dial implements callback.Dialer: the agent is rung, which accepts the offer; then the customer is dialled and both are connected.
func (d *callbackDoor) Dial(a callback.Attempt) error {
	to, ok := d.dial(a.Number)
	if !ok {
		return fmt.Errorf("no trunk takes %q", a.Number)
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
	d.live[a.Item] = call
	d.mu.Unlock()
	return nil
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
	switch o.Stage {
	case b2bua.BothTalk:
		d.tell(callback.Result{Attempt: o.Ref, Outcome: callback.Unknown, Call: o.Call})
	case b2bua.Failed:
		d.tell(callback.Result{Attempt: o.Ref, Outcome: outcomeOf(o), Call: o.Call})
	}
}

// outcomeOf is what an attempt came to that reached nobody.
func outcomeOf(o b2bua.Originated) callback.Outcome {
	if o.Side == 1 {
		return callback.AgentMissed
	}
	switch o.Kind {
	case b2bua.Busy:
		return callback.Busy
	case b2bua.NoAnswer, b2bua.Timeout:
		return callback.NoAnswer
	}
	return callback.Failed
}

// voice is who performs what is decided of an item that is, or still is, a caller's: the dispatcher may have offered it before it heard
// that it is to become a callback.
func (d *callbackDoor) voice() callDoor { return callDoor{calls: d.calls, queue: d.queue, log: d.log} }

// Offer implements acd.Connector.
func (d *callbackDoor) Offer(o acd.Offer) {
	if o.Item.Media == acd.Voice {
		d.voice().Offer(o)
		return
	}
	d.tell(callback.Offered{Item: o.Item.ID, Offer: o.ID.String(), Epoch: o.ID.Epoch, Agent: o.Agent, Endpoint: o.Endpoint, Deadline: o.Deadline,
		Live: liveCallback(o.Item)})
}

// Withdraw implements acd.Connector.
func (d *callbackDoor) Withdraw(w acd.Withdraw) {
	d.tell(callback.Withdrawn{Item: w.ID.Item, Epoch: w.ID.Epoch})
	if call := d.call(w.ID.Item); call != "" {
		d.calls().Post(call, b2bua.WithdrawOffer{Offer: w.ID.String()})
		return
	}
	d.voice().Withdraw(w)
}

// Connect implements acd.Connector.
func (d *callbackDoor) Connect(c acd.Connect) {
	if call := d.call(c.Item.ID); call != "" {
		d.calls().Post(call, b2bua.ConnectOffer{Offer: c.Offer.String()})
		return
	}
	d.voice().Connect(c)
}

// Refused implements acd.Connector.
func (d *callbackDoor) Refused(r acd.Refused) {
	d.drop(r.Item)
	d.tell(callback.Ended{Item: r.Item, Outcome: "refused", Reason: r.Reason})
}

// TimedOut implements acd.Connector: a callback has no longest wait, its window ends it.
func (d *callbackDoor) TimedOut(acd.TimedOut) {}

// ItemChanged implements acd.Watcher.
func (d *callbackDoor) ItemChanged(acd.ItemChanged) {}

// Rejected implements acd.Watcher: a waiting item that could not become a callback is none.
func (d *callbackDoor) Rejected(r acd.Rejection) {
	if r.Event == "convert" {
		d.drop(r.Item)
		d.tell(callback.Ended{Item: r.Item, Outcome: "refused", Reason: r.Reason})
	}
}

// Announce implements acd.Connector: nobody listens.
func (d *callbackDoor) Announce(acd.Announce) {}

// AgentChanged implements acd.Connector.
func (d *callbackDoor) AgentChanged(acd.AgentChanged) {}

// ItemEnded implements acd.Connector. A caller who left before he was a callback has taken his wish with him.
func (d *callbackDoor) ItemEnded(e acd.ItemEnded) {
	ended := callback.Ended{Item: e.Item, Outcome: e.Outcome.String(), Reason: e.Reason}
	if left := e.Outcome == acd.ItemAbandoned || e.Outcome == acd.ItemShort; left && d.call(e.Item) == "" {
		ended.Outcome, ended.Reason = "cancelled", "caller"
	}
	d.drop(e.Item)
	d.tell(ended)
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
	return &callbackDoor{
		queue: func() *acd.Dispatcher { return g.dispatcher }, calls: func() *b2bua.Switch { return g.calls }, from: g.cfg.Callbacks.CallerID, log: g.log,
		write: func(ev journey.Event) error { return g.journal.Append(ev) }, live: map[string]string{},
		dial: func(number string) (b2bua.Destination, bool) { return g.router.callback(number) },
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
	return callback.Live{Item: it.ID, Record: it.Record, Interaction: it.Interaction, Queue: it.Queue, From: it.From, Until: it.Until, Gap: it.Gap,
		Tried: it.Tried, Data: it.Data}
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
	r.From, err = g.callbacks.owner.Request(ctx, r)
	return r, err
}

// callbackForm is the web form's door: a visitor asks to be called.
func (g *site) callbackForm() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.Header.Get(access.ForgeryHeader) == "" {
			access.WriteProblem(w, r, access.Problem{Status: http.StatusForbidden, Detail: "only our own pages may ask", Do: "send POST with the header " + access.ForgeryHeader})
			return
		}
		var form struct{ Number, Topic string }
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&form); err != nil {
			access.WriteProblem(w, r, access.Problem{Status: http.StatusBadRequest, Detail: "the body is not the JSON object it should be"})
			return
		}
		_, queue := g.lead(journey.Chat, "")
		asked, err := g.askCallback(r.Context(), callback.Request{Number: form.Number, Queue: queue, Source: callback.ByWeb,
			Data: map[string]string{"topic": form.Topic, "caller": form.Number}})
		var refused callback.RefusedError
		switch {
		case err == nil:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusAccepted)
			_ = json.NewEncoder(w).Encode(map[string]string{"callback": asked.ID})
		case errors.As(err, &refused):
			access.WriteProblem(w, r, access.Problem{Status: http.StatusConflict, Detail: refusedWords[refused.Reason], Do: "call us, or write in the chat"})
		default:
			g.log.Error("callback not booked", "err", err)
			access.WriteProblem(w, r, access.Problem{Status: http.StatusServiceUnavailable, Detail: "callbacks are not possible right now"})
		}
	})
}

// refusedWords say to a customer why a callback is refused.
var refusedWords = map[string]string{
	callback.RefusedInvalid: "This is not a number that we can call.", callback.RefusedDuplicate: "You have asked for a callback already. We will call you.",
	callback.RefusedOptOut: "This number does not want to be called.", callback.RefusedHours: "We cannot call this number in the time that you wish.",
	callback.RefusedFull: "Too many callbacks wait. Please try later.", callback.RefusedQueue: "Callbacks are not possible right now.",
}
