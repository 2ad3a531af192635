package acd

import "time"

// Event is what happens to the core. The set is closed: the types of this file.
type Event interface{ apply(*State) }

// Enqueue brings a new item.
type Enqueue struct{ Item Item }

// Leave says that the customer has gone. For a callback before it is connecting it is rejected: nobody waits there (see Cancel).
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

// Transfer gives an active item to another queue, or to an agent. Keep keeps its first arrival; without, it starts anew.
// With Agent it is offered to that agent alone, a member of the queue or not, until Limit has passed or the agent can not
// take it any more; then to everybody in the queue. It is rejected where the agent does not want work. A consultation is
// not an event here: the item does not move.
type Transfer struct {
	Item, Queue string // Queue empty: the present one
	Keep        bool
	Agent       string
	Limit       time.Duration // [60s]
}

// Convert makes a waiting or dormant item one of another medium in its place, e.g. a voice item a callback, or a callback
// whose customer has been reached first a voice item. First arrival and place stay. It is rejected where a live item has the
// key.
type Convert struct {
	Item        string
	Media       Media
	Customer    string // the new handle, e.g. the number to call
	Key         string // the new key; empty: the old one
	Interaction string // the new one; empty: the old one
	From, Until time.Time
	Attempts    int
	Gap         time.Duration
	Aside       bool
	Data        map[string]string // added to the item's
}

// Unreached says that an attempt to reach a callback's customer came to nothing. The item is dormant for its gap, its first
// arrival kept the first time and new afterwards; without attempts left it fails, beyond its window it expires.
type Unreached struct {
	Item   string
	Epoch  uint64 // 0: whatever is current
	Reason string // "busy", "no answer", ...
}

// Postpone makes an item that is not active dormant until a time, without an attempt being counted: calling hours, a wish of the
// customer. Beyond its window it expires.
type Postpone struct {
	Item   string
	From   time.Time
	Reason string
}

// Park lays an active thread aside: the agent keeps it at its parked weight until the customer speaks. Agent empty: whoever
// has it.
type Park struct{ Item, Agent string }

// CustomerSpoke says that the customer of an active or parked item has written. A parked one wakes: it is active again, even
// beyond the agent's budget, or, where the agent does not come back within the medium's grace, waits in its queue. From an
// active one on the agent owes a reply.
type CustomerSpoke struct{ Item string }

// AgentSpoke says that the agent has replied. A parked thread wakes by it too.
type AgentSpoke struct{ Item string }

// Switch makes an active item one of another medium with the same agent: a chat becomes a call, or back. Item, first arrival,
// agent and record stay. It is rejected where the agent has no room for it.
type Switch struct {
	Item        string
	Media       Media
	Customer    string // the new handle; empty: the old one
	Interaction string // the new one; empty: the old one
}

// AgentLost says that the agent's side of an active item is gone while the customer is there: it waits again, first of its
// class, for 20 s with the same agent alone if possible.
type AgentLost struct {
	Item  string
	Epoch uint64 // 0: whatever is current
}

// Lease tells of an agent's connection to the desk: down for longer than the configured lease it is as DeviceUsable says of a
// desk that cannot be reached, until it is up again. After Restore no desk is there until Lease or DeviceUsable says so; those of
// agents at work are awaited for as long as a lease: what they had there waits for them alone.
type Lease struct {
	Agent string
	Up    bool
}

// Elsewhere says how many calls or conversations that are no items an agent has: they count as live ones of the medium.
type Elsewhere struct {
	Agent string
	Media Media
	Count int
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

// DeviceUsable tells whether an agent's phone or desk can be reached. What is offered on it goes back at once. When a desk is
// lost, what is active on it goes back after the medium's grace, and wrap-up is closed with the code agent-lost.
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
	ReasonNoReply:  60 * time.Second,
}
