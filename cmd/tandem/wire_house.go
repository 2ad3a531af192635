package main

import (
	"strings"

	"tandem/acd"
)

// houseDoor is the house as the dispatcher sees it: who owns an item performs what is decided of it, and the desk is told.
//
// The owner is in the item's ID, which its room made: a call's begins with "c_", a callback's with "b_", a conversation's otherwise. A call
// that became a callback is the callbacks'.
type houseDoor struct {
	calls     acd.Connector
	callbacks *callbackDoor
	words     acd.Connector
	desk      *deskDoor
}

// Prefixes of the IDs of work items.
const (
	callItems     = "c_"
	callbackItems = "b_"
)

func (h houseDoor) owner(item string) acd.Connector {
	switch {
	case h.callbacks.owns(item), strings.HasPrefix(item, callbackItems):
		return h.callbacks
	case strings.HasPrefix(item, callItems):
		return h.calls
	}
	return h.words
}

// Offer implements acd.Connector.
func (h houseDoor) Offer(o acd.Offer) {
	h.desk.tell(o)
	h.owner(o.Item.ID).Offer(o)
}

// Withdraw implements acd.Connector.
func (h houseDoor) Withdraw(w acd.Withdraw) {
	h.desk.tell(w)
	h.owner(w.ID.Item).Withdraw(w)
}

// Connect implements acd.Connector.
func (h houseDoor) Connect(c acd.Connect) {
	h.desk.tell(c)
	h.owner(c.Item.ID).Connect(c)
}

// Refused implements acd.Connector.
func (h houseDoor) Refused(r acd.Refused) { h.owner(r.Item).Refused(r) }

// TimedOut implements acd.Connector.
func (h houseDoor) TimedOut(t acd.TimedOut) { h.owner(t.Item).TimedOut(t) }

// Announce implements acd.Connector.
func (h houseDoor) Announce(a acd.Announce) { h.owner(a.Item).Announce(a) }

// AgentChanged implements acd.Connector.
func (h houseDoor) AgentChanged(a acd.AgentChanged) { h.calls.AgentChanged(a) }

// ItemEnded implements acd.Connector.
func (h houseDoor) ItemEnded(e acd.ItemEnded) {
	h.desk.tell(e)
	h.owner(e.Item).ItemEnded(e)
	h.callbacks.decide(e.Item, false)
}

// ItemChanged implements acd.Watcher.
func (h houseDoor) ItemChanged(c acd.ItemChanged) {
	h.desk.tellChange(c)
	if w, ok := h.owner(c.Item).(acd.Watcher); ok {
		w.ItemChanged(c)
	}
}

// Rejected implements acd.Watcher.
func (h houseDoor) Rejected(r acd.Rejection) {
	if w, ok := h.owner(r.Item).(acd.Watcher); ok && r.Item != "" {
		w.Rejected(r)
	}
}
