package b2bua

import (
	"time"

	"tandem/sip/trunk"
	"tandem/store/journey"
)

// Journal takes the events of calls. Append never blocks; it answers an error when the event could not be taken, and the call
// goes on.
type Journal interface {
	Append(journey.Event) error
}

// Queues is the dispatcher as a call sees it. No method blocks; an error means that the command was not taken (busy), and the
// call treats the caller as refused. Answers come back as Commands through Switch.Post.
type Queues interface {
	Enqueue(WorkItem) error
	Leave(item string) error
	Accept(OfferAgent) error
	Decline(o OfferAgent, why Kind) error
	MediaUp(item string, epoch uint64) error
	End(item, by string) error // by is customer, agent or system
}

// Movers are Queues that can move items. Without it an item that is transferred ends, and a new one with its time begins.
type Movers interface {
	// Transfer puts an active item into a queue again. Its first arrival is kept.
	Transfer(item, queue string) error
	// HandOver ends an active item for its agent, who has connected the customer to the endpoint: they talk already, and the call
	// knows the item no more.
	HandOver(item, endpoint string) error
}

// Recoverers are Queues that take back what an agent has lost. Without it the call ends when the agent's side is gone.
type Recoverers interface {
	// Recover puts an active item, whose agent's side is gone while the customer is there, back into its queue.
	Recover(item string, epoch uint64) error
}

// Leavers are Queues that want to know why an item left; they are told so instead of by Leave. why is key (the customer chose
// something else), timeout, transfer or hangup.
type Leavers interface{ LeaveWhy(item, why string) error }

// WorkItem is the demand for a person that a call puts into a queue. Its ID is the call's with a running number: a caller may wait more
// than once, and what is said of an earlier wait must not be taken for the present one.
type WorkItem struct {
	ID         string
	Call       string
	Record     string
	Queue      string
	Skills     map[string]int
	Attributes map[string]string // what agents shall see beside the caller
	Priority   int
	MaxWait    time.Duration
	Caller     string
	At         time.Time // first arrival, also of an item that was moved
	Again      bool      // the dispatcher knows the ID already: a callback or chat that becomes voice
}

// Arrival is what is known of an INVITE that passed the door.
type Arrival struct {
	Call     string       // the call's ID
	Caller   string       // number or user as presented, normal form where it is one
	Called   string       // user part of the Request-URI
	Name     string       // display name of the caller
	Outside  string       // caller as trunks shall see him; empty is Caller
	Trunk    *trunk.Trunk // nil if it came from an endpoint
	Endpoint string       // name of the endpoint that was authenticated, "" for a trunk
	Token    string       // of X-Tandem-Token, at most 128 token characters; only from trunks and over flows that prove their user
	At       time.Time
}

// Identity is whose call it is. An empty Record means that nothing of the call is written down.
type Identity struct {
	Record     string
	Customer   string
	Language   string
	Attributes map[string]string // of the record, for the script
}

// Records finds the record that an arrival belongs to. done is called exactly once, from any goroutine, when nil was returned;
// a store that cannot answer must not keep the caller waiting.
type Records interface {
	Identify(a Arrival, done func(Identity)) error
}

// Route is what shall happen to an arrival: a script, or a refusal.
type Route struct {
	Script Script
	Flow   string // name of the flow, for snapshots
	Refuse Kind   // with a nil Script: why not
}

// Router decides where an arrival goes. It is asked on the call's own goroutine and must not wait longer than a memory lookup.
type Router interface {
	Route(Arrival, Identity) Route
	// Resolve turns a dial target into what can be dialled: an endpoint's name or a trunk and number. ok is false for an
	// unknown target.
	Resolve(target string, from Arrival) (Destination, bool)
}

// Destination is where a leg can be placed to: an endpoint by its address of record, or a number over trunks in order.
type Destination struct {
	Endpoint string
	Number   string
	Trunks   []*trunk.Trunk
	Echo     bool
}
