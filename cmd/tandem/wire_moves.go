package main

import (
	"tandem/acd"
	"tandem/digital/callback"
	"tandem/sip/b2bua"
)

// Transfer implements b2bua.Movers: the item waits again, its first arrival kept.
func (q queueDoor) Transfer(item, queue string) error {
	return q.dispatcher.Post(acd.Transfer{Item: item, Queue: queue, Keep: true})
}

// HandOver implements b2bua.Movers. The dispatcher has no way to give an active item to another agent without an offer, and that one talks
// already: for the first agent the work is done, and his wrap-up begins.
func (q queueDoor) HandOver(item, _ string) error {
	return q.dispatcher.Post(acd.End{Item: item, By: "agent"})
}

// LeaveWhy implements b2bua.Leavers: who chose something else has not given up.
func (q queueDoor) LeaveWhy(item, why string) error {
	if why == "key" || why == "transfer" {
		return q.dispatcher.Post(acd.Cancel{Item: item, Reason: why})
	}
	return q.dispatcher.Post(acd.Leave{Item: item})
}

// Recover implements b2bua.Recoverers.
func (q queueDoor) Recover(item string, epoch uint64) error {
	return q.dispatcher.Post(acd.AgentLost{Item: item, Epoch: epoch})
}

// Callback implements b2bua.Callbackers: the planner is asked beside the call, which goes on waiting meanwhile.
func (q queueDoor) Callback(w b2bua.CallbackWish) error {
	if q.callbacks != nil && q.callbacks.waitsFirst(w.Item) {
		return q.callbacks.giveBack(w)
	}
	if q.callback == nil {
		return acd.ErrStopped
	}
	return q.callback(w)
}

// WisherGone implements b2bua.Callbackers: the planner may have the customer called.
func (q queueDoor) WisherGone(item string) {
	if q.callbacks != nil {
		q.callbacks.tell(callback.WisherGone{Item: item})
	}
}
