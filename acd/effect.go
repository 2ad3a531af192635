package acd

import (
	"time"

	"tandem/acd/route"
)

// Connector performs what the dispatcher decides: the owners of calls and conversations stand behind it. Calls come from
// the dispatcher's goroutine, in journal order, after the entries they follow from are durable. No method may wait.
type Connector interface {
	Offer(Offer)
	Withdraw(Withdraw)
	Connect(Connect)
	Refused(Refused)
	TimedOut(TimedOut)
	Announce(Announce)
	AgentChanged(AgentChanged)
	ItemEnded(ItemEnded)
}

// Watcher is what a Connector may also be, to be told of every change of an item, and of events that were rejected. The rules of
// Connector hold.
type Watcher interface {
	ItemChanged(ItemChanged)
	Rejected(Rejection)
}

// ItemChanged says that an item has come into another state, medium, queue or hand. Each change of an item that lives on is told
// by exactly one, in the order of the journal and before the Offer or Connect that follows from it; the last change is told by
// ItemEnded alone. With Asks nothing has changed.
type ItemChanged struct {
	Item   string
	Queue  string
	Agent  string // who is offered it or has it; empty: nobody
	Left   string // who was offered it or had it until now; empty: nobody, or the same agent
	Media  Media
	Was    ItemState // the state before; may be the same
	State  ItemState
	Epoch  uint64
	Reason string
	Asks   string // OfferCallback: the customer is to be asked
}

// Effect is a call of one Connector or Watcher method.
type Effect interface{ perform(Connector) }

// Offer proposes an item to an agent until the deadline.
type Offer struct {
	ID       OfferID
	Item     Item
	Agent    string
	Endpoint string
	Deadline time.Time
	Waited   time.Duration // since first arrival
	Why      string        // "longest_idle: 1 of 3 free, urgency 0.6"
	// Recovered says that another agent was lost or did not reply: the customer has been served already.
	Recovered bool
}

// Withdraw takes an offer back, or tells a late accept that it lost. It may name an offer that the agent's side has ended.
type Withdraw struct {
	ID     OfferID
	Agent  string
	Reason string
}

// Connect says that the accept is durable: bridge now.
type Connect struct {
	Item  Item
	Offer OfferID
	Agent string
}

// Refused says that an item was not taken; no ItemEnded follows. With reason duplicate a live item of that ID goes on.
type Refused struct{ Item, Queue, Reason string }

// TimedOut says that an item has waited as long as it may, or that its queue was removed: take the overflow exit.
type TimedOut struct{ Item, Queue, Reason string }

// Announce tells a waiting item its place and time. The place never grows from one announcement to the next; a wait is
// not Known when too little is measured or when it would be longer than the one told before.
type Announce struct {
	Item     string
	Queue    string
	Position int
	Wait     route.Estimate
}

// AgentChanged says what an agent does now: offline, away, missed, finishing, leaving, or while available one of available,
// offered, busy, wrap-up.
type AgentChanged struct{ Agent, State, Reason string }

// ItemEnded says that an item has reached its outcome. A refused item is told by Refused alone.
type ItemEnded struct {
	Item    string
	Queue   string
	Agent   string // the last one, if any
	Outcome ItemState
	Reason  string
}

func (e Offer) perform(c Connector)        { c.Offer(e) }
func (e Withdraw) perform(c Connector)     { c.Withdraw(e) }
func (e Connect) perform(c Connector)      { c.Connect(e) }
func (e Refused) perform(c Connector)      { c.Refused(e) }
func (e TimedOut) perform(c Connector)     { c.TimedOut(e) }
func (e Announce) perform(c Connector)     { c.Announce(e) }
func (e AgentChanged) perform(c Connector) { c.AgentChanged(e) }
func (e ItemEnded) perform(c Connector)    { c.ItemEnded(e) }

func (e ItemChanged) perform(c Connector) {
	if w, ok := c.(Watcher); ok {
		w.ItemChanged(e)
	}
}

func (r Rejection) perform(c Connector) {
	if w, ok := c.(Watcher); ok {
		w.Rejected(r)
	}
}
