package acd

import "time"

// Event is what happens to the core. The set is closed: the types of this file.
type Event interface{ apply(*State) }

// Enqueue brings a new item.
type Enqueue struct{ Item Item }

// Leave says that the customer has gone.
type Leave struct{ Item string }

// Accept is an agent's yes. For voice: the agent's leg is answered.
type Accept struct {
	Offer OfferID
	Agent string
}

// Decline is an agent's no (ReasonReject, ReasonBusy, ReasonFail, ReasonNoAnswer), also while connecting.
type Decline struct {
	Offer  OfferID
	Agent  string
	Reason string
}

// MediaUp says that both sides of a connecting item can hear or read each other.
type MediaUp struct {
	Item  string
	Epoch uint64 // 0: whatever is current
}

// End ends a connecting or active item. By is "customer", "agent" or "system".
type End struct{ Item, By string }

// Transfer gives an active item to another queue. Keep keeps its first arrival; without, it starts anew.
type Transfer struct {
	Item, Queue string
	Keep        bool
}

// Convert makes a waiting item one of another medium in its place, e.g. a voice item a callback.
type Convert struct {
	Item     string
	Media    Media
	Customer string // the new handle, e.g. the number to call
}

// Cancel ends an item in any live state.
type Cancel struct{ Item, Reason string }

// SignIn brings an agent to work: away at first, available if Ready.
type SignIn struct {
	Agent string
	Ready bool
}

// SignOut takes an agent from work, after the live items if there are some. Offers are withdrawn.
type SignOut struct{ Agent, Reason string }

// SetState makes an agent available (Ready) or away with a reason. With live items, away takes effect after them.
type SetState struct {
	Agent  string
	Ready  bool
	Reason string
}

// DeviceUsable tells whether an agent's phone or desk can be reached.
type DeviceUsable struct {
	Agent  string
	Device Device
	Usable bool
}

// WrapUpDone ends the work after an item. Before the queue's least wrap-up time it is noted and takes effect then, unless
// Force.
type WrapUpDone struct {
	Item, Agent string
	Disposition string
	Force       bool
}

// WrapUpExtend lengthens a wrap-up by as much as the queue allows, once.
type WrapUpExtend struct{ Item, Agent string }

// Configure applies a configuration, to waiting items too.
type Configure struct{ Config Config }

// SetQueue opens, drains or pauses a queue.
type SetQueue struct {
	Queue string
	Mode  QueueMode
}

// Restore rebuilds the state from an image, or none, and the entries after it. Items of live media that are not in Alive
// have lost their customer's leg. It must come before any other event but Configure.
type Restore struct {
	Image   *Image
	Entries []Entry
	Alive   map[string]bool // by item ID
}

// Tick does nothing but let deadlines pass.
type Tick struct{}

// cooloffs are how long an agent is spared an item after each reason.
var cooloffs = map[string]time.Duration{
	ReasonReject:   30 * time.Second,
	ReasonBusy:     10 * time.Second,
	ReasonFail:     5 * time.Second,
	ReasonConnect:  5 * time.Second,
	ReasonNoAnswer: 60 * time.Second,
}
