package main

import (
	"log/slog"
	"strings"

	"tandem/acd"
	"tandem/acd/route"
	"tandem/sip/b2bua"
)

// timedOut is the outcome of an item that waited as long as its queue allows.
const timedOut = "timed_out"

// queueDoor is the dispatcher as calls see it.
type queueDoor struct {
	dispatcher *acd.Dispatcher
	callback   func(b2bua.CallbackWish) error // books a callback and answers the call; may be nil
	callbacks  *callbackDoor                  // has the items of customers who were called before an agent; may be nil
}

// Enqueue implements b2bua.Queues.
func (q queueDoor) Enqueue(w b2bua.WorkItem) error {
	if w.Again && q.callbacks != nil {
		if ours, err := q.callbacks.enqueued(w); ours {
			return err
		}
	}
	it := acd.Item{
		ID: w.ID, Record: w.Record, Interaction: w.Call, Media: acd.Voice, Queue: w.Queue, Customer: w.Caller, T0: w.At, MaxWait: w.MaxWait,
		Data: map[string]string{"caller": w.Caller},
	}
	for k, v := range w.Attributes {
		it.Data[k] = v
	}
	if len(w.Skills) > 0 {
		it.Steps = route.Steps{{Need: w.Skills}}
	}
	if w.Priority > 0 {
		it.Weight = float64(1 + w.Priority)
	}
	return q.dispatcher.Post(acd.Enqueue{Item: it})
}

// Leave implements b2bua.Queues.
func (q queueDoor) Leave(item string) error { return q.dispatcher.Post(acd.Leave{Item: item}) }

// Accept implements b2bua.Queues.
func (q queueDoor) Accept(o b2bua.OfferAgent) error {
	id, err := acd.ParseOfferID(o.Offer)
	if err != nil {
		return err
	}
	return q.dispatcher.Post(acd.Accept{Offer: id, Agent: o.Agent})
}

// Decline implements b2bua.Queues.
func (q queueDoor) Decline(o b2bua.OfferAgent, why b2bua.Kind) error {
	id, err := acd.ParseOfferID(o.Offer)
	if err != nil {
		return err
	}
	return q.dispatcher.Post(acd.Decline{Offer: id, Agent: o.Agent, Reason: declineReason(why)})
}

func declineReason(k b2bua.Kind) string {
	switch k {
	case b2bua.Busy:
		return acd.ReasonBusy
	case b2bua.NoAnswer:
		return acd.ReasonNoAnswer
	case b2bua.Rejected:
		return acd.ReasonReject
	}
	return acd.ReasonFail
}

// MediaUp implements b2bua.Queues.
func (q queueDoor) MediaUp(item string, epoch uint64) error {
	return q.dispatcher.Post(acd.MediaUp{Item: item, Epoch: epoch})
}

// End implements b2bua.Queues.
func (q queueDoor) End(item, by string) error {
	return q.dispatcher.Post(acd.End{Item: item, By: by})
}

// callDoor is the calls as the dispatcher sees them.
type callDoor struct {
	calls func() *b2bua.Switch
	queue func() *acd.Dispatcher
	log   *slog.Logger
}

// Offer implements acd.Connector. A call that is gone cannot ring an agent: the offer fails at once.
func (c callDoor) Offer(o acd.Offer) {
	offer := b2bua.OfferAgent{Item: o.Item.ID, Offer: o.ID.String(), Epoch: o.ID.Epoch, Agent: o.Agent, Endpoint: o.Endpoint, Deadline: o.Deadline}
	if c.calls().Post(c.callOf(o.Item.ID), offer) {
		return
	}
	if err := c.queue().Post(acd.Decline{Offer: o.ID, Agent: o.Agent, Reason: acd.ReasonFail}); err != nil {
		c.log.Error("offer of a call that is gone not declined", "item", o.Item.ID, "err", err)
	}
}

// Withdraw implements acd.Connector.
func (c callDoor) Withdraw(w acd.Withdraw) {
	c.calls().Post(c.callOf(w.ID.Item), b2bua.WithdrawOffer{Offer: w.ID.String()})
}

// Connect implements acd.Connector.
func (c callDoor) Connect(a acd.Connect) {
	c.calls().Post(c.callOf(a.Item.ID), b2bua.ConnectOffer{Offer: a.Offer.String()})
}

// Refused implements acd.Connector.
func (c callDoor) Refused(r acd.Refused) {
	c.calls().Post(c.callOf(r.Item), b2bua.LeftQueue{Item: r.Item, Outcome: r.Reason})
}

// TimedOut implements acd.Connector.
func (c callDoor) TimedOut(t acd.TimedOut) {
	c.calls().Post(c.callOf(t.Item), b2bua.LeftQueue{Item: t.Item, Outcome: timedOut})
}

// Announce implements acd.Connector.
func (c callDoor) Announce(a acd.Announce) {
	w := b2bua.QueueWaiting{Position: a.Position}
	if a.Wait.Known {
		w.P50, w.P80 = a.Wait.P50, a.Wait.P80
	}
	c.calls().Post(c.callOf(a.Item), b2bua.TellWaiting{Item: a.Item, QueueWaiting: w})
}

// AgentChanged implements acd.Connector.
func (c callDoor) AgentChanged(a acd.AgentChanged) {
	c.log.Info("agent state", "agent", a.Agent, "to", a.State, "reason", a.Reason)
}

// ItemEnded implements acd.Connector: an item that ended by nobody's wish at the call ends its caller's waiting.
func (c callDoor) ItemEnded(e acd.ItemEnded) {
	switch e.Outcome {
	case acd.ItemCancelled, acd.ItemFailed, acd.ItemExpired:
		c.calls().Post(c.callOf(e.Item), b2bua.LeftQueue{Item: e.Item, Outcome: e.Outcome.String()})
	}
}

// callOf is the call that has an item now.
func (c callDoor) callOf(item string) string {
	if call, ok := c.calls().CallOf(item); ok {
		return call
	}
	return callOfItem(item)
}

// callOfItem is the call that an item belongs to: the item's ID without its running number.
func callOfItem(item string) string {
	if i := strings.LastIndexByte(item, '-'); i > 0 {
		return item[:i]
	}
	return item
}
