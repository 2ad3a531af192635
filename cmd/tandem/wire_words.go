package main

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tandem/acd"
	"tandem/acd/route"
	"tandem/digital"
	"tandem/digital/desk"
	"tandem/store"
	"tandem/store/journey"
)

// words are conversations between the rooms: what the hub wants of the store and the dispatcher, what the dispatcher and the desk want of
// the hub.
type words struct {
	hub     func() *digital.Hub
	queue   func() *acd.Dispatcher
	desk    func() *desk.Server
	again   func(item string) // shows an item anew at its agent's page
	store   store.Store
	files   visitFiles
	names   func(agent string) string // as customers see an agent
	sender  func(to string) string    // our number for texts to a customer
	country string
	log     *slog.Logger
}

// Append implements digital.Journal. Somebody waits for it, so it is not kept back.
func (w *words) Append(events []journey.Event, done func(error)) error {
	batch := batchOfEvents(events...)
	batch.Bindings, batch.Now = nil, true // a conversation needs no mark: it survives a restart
	return w.store.Append(batch, func(r store.Receipt) { done(r.Err) })
}

// Identify implements digital.Records.
func (w *words) Identify(a digital.Arrival, done func(digital.Identity)) error {
	c := store.Contact{Channel: a.Channel, Topic: a.Topic, At: time.Now(), Token: a.Token, Thread: a.Thread, Identities: a.Identities, Record: a.Record}
	return w.store.Resolve(c, func(r store.Resolution) {
		id := digital.Identity{Err: r.Err, Record: r.Record, Customer: r.Customer, Strength: r.Strength}
		if r.Err == nil && !r.NewRecord {
			w.known(&id, a)
		}
		done(id)
	})
}

// known adds what the record knows already, and the conversation of the same thread in it that is still open.
func (w *words) known(id *digital.Identity, a digital.Arrival) {
	rec, err := w.store.Record(id.Record)
	if err != nil {
		return
	}
	id.Attributes = rec.Attributes
	if c, err := w.store.Customer(rec.Customer); err == nil {
		id.Name, id.Language = c.Name, c.Language
	}
	if a.Thread == "" {
		return
	}
	for after := uint64(0); ; {
		events, err := w.store.Timeline(id.Record, after, store.MaxRead)
		if err != nil {
			return
		}
		for _, ev := range events {
			after = ev.Seq
			switch {
			case ev.Kind == journey.ConversationOpened && ev.Data["thread"] == a.Thread:
				id.Conversation = ev.Interaction
			case ev.Kind == journey.ConversationClosed && ev.Interaction == id.Conversation:
				id.Conversation = ""
			}
		}
		if len(events) < store.MaxRead {
			return
		}
	}
}

// Load implements digital.Records.
func (w *words) Load(conversation string, done func(digital.History)) error {
	record, err := w.store.RecordOf(conversation)
	if errors.Is(err, store.ErrNotFound) {
		done(digital.History{Err: digital.ErrNotFound})
		return nil
	}
	if err != nil {
		return err
	}
	h := digital.History{Identity: digital.Identity{Record: record}}
	w.known(&h.Identity, digital.Arrival{})
	if rec, err := w.store.Record(record); err == nil {
		h.Identity.Customer = rec.Customer
	}
	for after := uint64(0); ; {
		events, err := w.store.Timeline(record, after, store.MaxRead)
		if err != nil {
			return err
		}
		for _, ev := range events {
			if after = ev.Seq; ev.Interaction == conversation {
				h.Events = append(h.Events, ev)
			}
		}
		if len(events) < store.MaxRead {
			break
		}
	}
	done(h)
	return nil
}

// mediumOf is the medium of the work that a channel makes.
func mediumOf(c journey.Channel) acd.Media {
	switch c {
	case journey.Chat:
		return acd.Chat
	case journey.Email:
		return acd.Email
	}
	return acd.Message
}

// Enqueue implements digital.Queues.
func (w *words) Enqueue(d digital.WorkItem) error {
	it := acd.Item{
		ID: d.ID, Record: d.Record, Interaction: d.Conversation, Media: mediumOf(d.Channel), Queue: d.Queue, Customer: d.Customer, T0: d.At,
		MaxWait: d.MaxWait, Prefer: d.Prefer, Data: map[string]string{"customer": d.Customer, "channel": string(d.Channel)},
	}
	for k, v := range d.Attributes {
		it.Data[k] = v
	}
	if len(d.Skills) > 0 {
		it.Steps = route.Steps{{Need: d.Skills}}
	}
	if d.Priority > 0 {
		it.Weight = float64(1 + d.Priority)
	}
	return w.queue().Post(acd.Enqueue{Item: it})
}

// Leave implements digital.Queues.
func (w *words) Leave(item string) error { return w.queue().Post(acd.Leave{Item: item}) }

// Decline implements digital.Queues. An item that nobody wants any more ends: it would be offered and declined for ever.
func (w *words) Decline(o digital.OfferAgent, reason string) error {
	if w.over(o.Item) {
		return w.queue().Post(acd.Cancel{Item: o.Item, Reason: reason})
	}
	id, err := acd.ParseOfferID(o.Offer)
	if err != nil {
		return err
	}
	return w.queue().Post(acd.Decline{Offer: id, Agent: o.Agent, Reason: acd.ReasonFail})
}

// over tells whether an item's conversation has ended, has gone on with another item, or never became durable: what a restart
// between two writes leaves behind.
func (w *words) over(item string) bool {
	conversation := callOfItem(item)
	if v, ok := w.hub().View(conversation); ok && v.Record != "" && v.State != "new" {
		return v.State == "closed" || v.Item != "" && v.Item != item
	}
	_, err := w.store.RecordOf(conversation)
	return errors.Is(err, store.ErrNotFound)
}

// MediaUp implements digital.Queues.
func (w *words) MediaUp(item string, epoch uint64) error {
	return w.queue().Post(acd.MediaUp{Item: item, Epoch: epoch})
}

// End implements digital.Queues.
func (w *words) End(item, by string) error { return w.queue().Post(acd.End{Item: item, By: by}) }

// Park implements digital.Queues.
func (w *words) Park(item string, epoch uint64) error { return w.queue().Post(acd.Park{Item: item}) }

// Transfer implements digital.Queues.
func (w *words) Transfer(item string, epoch uint64, to, reason string) error {
	t, err := transferOf(item, to)
	if err != nil {
		return err
	}
	return w.queue().Post(t)
}

// CustomerSpoke implements digital.Queues.
func (w *words) CustomerSpoke(item string) error {
	return w.queue().Post(acd.CustomerSpoke{Item: item})
}

// AgentSpoke implements digital.Queues.
func (w *words) AgentSpoke(item string, epoch uint64) error {
	return w.queue().Post(acd.AgentSpoke{Item: item})
}

// transferOf reads where an item is to go: "queue:name" or "agent:id". It keeps its waiting time.
func transferOf(item, to string) (acd.Transfer, error) {
	t := acd.Transfer{Item: item, Keep: true}
	switch {
	case len(to) > len(queueTarget) && to[:len(queueTarget)] == queueTarget:
		t.Queue = to[len(queueTarget):]
	case len(to) > len(agentTarget) && to[:len(agentTarget)] == agentTarget:
		t.Agent = to[len(agentTarget):]
	default:
		return t, fmt.Errorf("%q is neither queue:name nor agent:id: %w", to, desk.ErrInvalid)
	}
	return t, nil
}

const agentTarget = "agent:"

// post gives a conversation what the dispatcher decided of its item.
func (w *words) post(item string, m digital.Command) {
	if err := w.hub().Post(callOfItem(item), m); err != nil {
		w.log.Error("conversation not told", "item", item, "err", err)
	}
}

// Offer implements acd.Connector: the desk answers it.
func (w *words) Offer(o acd.Offer) {
	w.post(o.Item.ID, digital.OfferAgent{Item: o.Item.ID, Offer: o.ID.String(), Epoch: o.ID.Epoch, Agent: o.Agent, Deadline: o.Deadline})
}

// Withdraw implements acd.Connector.
func (w *words) Withdraw(x acd.Withdraw) {
	w.post(x.ID.Item, digital.WithdrawOffer{Offer: x.ID.String()})
}

// Connect implements acd.Connector.
func (w *words) Connect(c acd.Connect) {
	w.post(c.Item.ID, digital.ConnectOffer{Item: c.Item.ID, Offer: c.Offer.String(), Epoch: c.Offer.Epoch, Agent: c.Agent, Name: w.names(c.Agent)})
}

// Refused implements acd.Connector.
func (w *words) Refused(r acd.Refused) {
	w.post(r.Item, digital.LeftQueue{Item: r.Item, Outcome: r.Reason})
}

// TimedOut implements acd.Connector.
func (w *words) TimedOut(t acd.TimedOut) {
	w.post(t.Item, digital.LeftQueue{Item: t.Item, Outcome: timedOut})
}

// Announce implements acd.Connector.
func (w *words) Announce(a acd.Announce) {
	told := digital.TellWaiting{Item: a.Item, Position: a.Position}
	if a.Wait.Known {
		told.P50, told.P80 = a.Wait.P50, a.Wait.P80
	}
	w.post(a.Item, told)
}

// AgentChanged implements acd.Connector.
func (w *words) AgentChanged(acd.AgentChanged) {}

// ItemEnded implements acd.Connector.
func (w *words) ItemEnded(e acd.ItemEnded) {
	w.post(e.Item, digital.ItemOver{Item: e.Item, Outcome: e.Outcome.String()})
}

// ItemChanged implements acd.Watcher: a conversation hears of its thread that is laid aside or wakes, and that it has no agent any more.
func (w *words) ItemChanged(c acd.ItemChanged) {
	switch {
	case c.State == acd.ItemParked:
		w.post(c.Item, digital.Parked{Item: c.Item})
	case c.State == acd.ItemActive && (c.Was == acd.ItemParked || c.Was == acd.ItemWaking):
		w.post(c.Item, digital.Woken{Item: c.Item, Epoch: c.Epoch})
	case c.State == acd.ItemQueued && c.Left != "":
		w.post(c.Item, digital.Requeued{Item: c.Item, Epoch: c.Epoch, Why: c.Reason})
	}
}

// Rejected implements acd.Watcher.
func (w *words) Rejected(acd.Rejection) {}
