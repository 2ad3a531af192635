package main

import (
	"strings"

	"tandem/acd"
	"tandem/digital/callback"
	"tandem/sip/b2bua"
)

// This file is callbacks as the dispatcher sees them: offers, connections and ends of their items.

// voice is who performs what is decided of an item that is, or still is, a caller's: the dispatcher may have offered it before it heard
// that it is to become a callback.
func (d *callbackDoor) voice() callDoor { return callDoor{calls: d.calls, queue: d.queue, log: d.log} }

// before is the same for an item that may be a conversation's.
func (d *callbackDoor) before(item string) acd.Connector {
	if d.talked(item) {
		return d.words
	}
	return d.voice()
}

// talked tells whether an item was a conversation's, and is no caller's.
func (d *callbackDoor) talked(item string) bool {
	return !strings.HasPrefix(item, callItems) && !strings.HasPrefix(item, callbackItems) && !d.waitsFirst(item)
}

// Offer implements acd.Connector.
func (d *callbackDoor) Offer(o acd.Offer) {
	if o.Item.Media != acd.Callback {
		d.before(o.Item.ID).Offer(o)
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
	d.before(w.ID.Item).Withdraw(w)
}

// Connect implements acd.Connector.
func (d *callbackDoor) Connect(c acd.Connect) {
	if call := d.call(c.Item.ID); call != "" {
		d.calls().Post(call, b2bua.ConnectOffer{Offer: c.Offer.String()})
		return
	}
	d.before(c.Item.ID).Connect(c)
}

// Refused implements acd.Connector.
func (d *callbackDoor) Refused(r acd.Refused) {
	d.drop(r.Item)
	d.tell(callback.Ended{Item: r.Item, Outcome: "refused", Reason: r.Reason})
}

// TimedOut implements acd.Connector: a callback has no longest wait, its window ends it. A customer who was reached first waits as long
// as any caller.
func (d *callbackDoor) TimedOut(t acd.TimedOut) {
	if d.waitsFirst(t.Item) {
		d.voice().TimedOut(t)
	}
}

// ItemChanged implements acd.Watcher.
func (d *callbackDoor) ItemChanged(c acd.ItemChanged) {
	if c.Media != acd.Callback {
		return
	}
	d.decide(c.Item, true)
	if c.State == acd.ItemDormant {
		d.givenBack(c.Item)
	}
}

// Rejected implements acd.Watcher: a waiting item that could not become a callback is none.
func (d *callbackDoor) Rejected(r acd.Rejection) {
	if r.Event == "convert" && !d.keptOn(r.Item) {
		if d.waitsFirst(r.Item) {
			d.calls().Post(d.call(r.Item), b2bua.LeftQueue{Item: r.Item, Outcome: acd.ItemCancelled.String()})
		}
		d.drop(r.Item)
		d.tell(callback.Ended{Item: r.Item, Outcome: "refused", Reason: r.Reason})
	}
}

// Announce implements acd.Connector: nobody listens, but a customer who was reached first.
func (d *callbackDoor) Announce(a acd.Announce) {
	if d.waitsFirst(a.Item) {
		d.voice().Announce(a)
	}
}

// AgentChanged implements acd.Connector.
func (d *callbackDoor) AgentChanged(acd.AgentChanged) {}

// ItemEnded implements acd.Connector. A caller who left before he was a callback has taken his wish with him.
func (d *callbackDoor) ItemEnded(e acd.ItemEnded) {
	ended := callback.Ended{Item: e.Item, Outcome: e.Outcome.String(), Reason: e.Reason}
	if left := e.Outcome == acd.ItemAbandoned || e.Outcome == acd.ItemShort; left && d.call(e.Item) == "" {
		ended.Outcome, ended.Reason = "cancelled", "caller"
	}
	switch {
	case d.waitsFirst(e.Item):
		d.voice().ItemEnded(e)
	case d.talked(e.Item):
		d.words.ItemEnded(e)
	}
	d.drop(e.Item)
	d.tell(ended)
}
