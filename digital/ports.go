package digital

import (
	"math"
	"time"

	"tandem/store/journey"
)

// Adapter carries messages of one channel to customers. Its methods never wait.
type Adapter interface {
	Channel() journey.Channel
	// Send hands a message to the provider. done is called exactly once when nil was returned, from any goroutine, never before
	// Send has returned: as soon as it is known whether the provider took the message. What becomes of it later is told by
	// Hub.Report. An error means that nothing was sent: the hub tries again later, and after Config.SendTries calls it failed.
	Send(o Outgoing, done func(Result)) error
	// Idempotent tells whether a message from an address of ours whose fate is unknown is sent again: the provider drops a repeated Key
	// itself, or twice was chosen over never.
	Idempotent(from string) bool
}

// Numbers is what an Adapter may also be that has several addresses: which of ours a customer sees, and how theirs is written. An
// Outreach without a From gets it from here, so that the answer finds the same thread.
type Numbers interface {
	Sender(to string) string
	Normal(number string) string
}

// Inlet is the hub as an adapter sees it.
type Inlet interface {
	Receive(in Inbound, done func(Receipt)) error
	Report(r Report) bool
}

// Outgoing is a message to a customer.
type Outgoing struct {
	Conversation string
	Record       string
	Seq          uint64
	Key          string // of idempotence: the same message has the same key for ever
	To           string // the customer's address
	From         string // ours, as the customer knows it; empty: the adapter's default
	Thread       string // provider's thread reference, if it has one
	Text         string
	Choices      []Choice
	Attachment   *Attachment
	At           time.Time
	Retry        bool // it may have been sent before
}

// Result is what became of an Outgoing. State is Sent, Delivered, Failed or Uncertain.
type Result struct {
	State    Delivery
	External string        // the provider's id, by which Hub.Report finds the message again
	Reason   string        // of a failure: a closed word, e.g. "opted_out", "unreachable", "rejected", "throttled"
	Again    time.Duration // with Failed, and Uncertain of an Idempotent adapter: not final, try again after so long; 0: final, or at the hub's pace
}

// Report is news about a message that a provider took earlier.
type Report struct {
	Channel  journey.Channel
	External string
	State    Delivery // Delivered, Read, Failed
	Reason   string
	At       time.Time
}

// Inbound is a message of a customer. Either Conversation is set (a widget that has one), or From and To, or Thread, say which it is.
type Inbound struct {
	Channel      journey.Channel
	External     string // id of the sender or provider: the same message has the same id
	Conversation string // known to the adapter; empty: found by thread
	Thread       string // the provider's thread; empty: From and To are the thread
	From         journey.Identity
	To           string // our address
	Text         string
	Choice       string // key of the button pressed
	Attachment   *Attachment
	At           time.Time // the provider's; the zero value: now
	Token        string    // that leads to a record, see Records
}

// Receipt answers a message: durable, a duplicate of a durable one, or refused.
type Receipt struct {
	Err          error
	Conversation string
	Seq          uint64
	At           time.Time
	Duplicate    bool
}

// Opening begins a conversation of a channel whose customers hold a connection to us (web chat).
type Opening struct {
	Channel    journey.Channel
	Identities []journey.Identity
	Token      string // a call's link, a message link
	Name       string // as the visitor calls himself
	Language   string
	Page       string            // where he is
	Facts      map[string]string // what the page told: journaled with the beginning, at most 8
	Topic      string            // of the matter; empty: unknown
	Queue      string            // straight to this queue; empty: as the router decides
}

// Opened answers an Opening.
type Opened struct {
	Err          error
	Conversation string
	Record       string
}

// Outreach is a message by which an agent begins a conversation, or goes on in one that nobody owns: an SMS during a call.
type Outreach struct {
	Channel journey.Channel
	To      journey.Identity
	From    string // our address; empty: the adapter's default
	Record  string // the matter that it belongs to; empty: found by To
	Agent   string // who writes; empty: the house itself or a program, whoever has the conversation
	Name    string // the agent's, as customers see it
	ID      string // of idempotence
	Text    string
}

// AgentMessage is a message of the agent who owns a conversation's item.
type AgentMessage struct {
	Conversation string
	Item         string
	Epoch        uint64
	Agent        string
	Name         string // as customers see it
	ID           string // of idempotence
	Text         string
	Choices      []Choice
	Attachment   *Attachment
}

// AgentDo says what an AgentOp wants.
type AgentDo uint8

// The agent's operations.
const (
	AgentClose    AgentDo = iota + 1 // end the conversation; wrap-up begins
	AgentPark                        // let an idle thread sleep
	AgentTransfer                    // to To: "queue:sales" or "agent:anna"
	AgentCall                        // call the customer beside the conversation
	AgentTyping                      // On
	AgentRead                        // up to Seq
)

// AgentOp is what the agent who owns the item does beside writing.
type AgentOp struct {
	Do           AgentDo
	Conversation string
	Item         string
	Epoch        uint64
	Agent        string
	To           string // AgentTransfer
	Reason       string // AgentTransfer
	On           bool   // AgentTyping
	Seq          uint64 // AgentRead
}

// Arrival is what is known of the customer when a conversation begins.
type Arrival struct {
	Conversation string // its id, unless Identity names an older one
	Channel      journey.Channel
	Token        string
	Thread       string // channel, our and their address or the provider's thread: the key of the conversation among the open ones
	Identities   []journey.Identity
	To           string // our address
	Topic        string // of the matter; empty: unknown
	Queue        string // where the opener wants it; empty: as the router decides
	Record       string // force this one
	At           time.Time
}

// Identity is whose conversation it is.
type Identity struct {
	Err          error // the store could not tell: the messages are refused
	Record       string
	Customer     string
	Name         string
	Language     string
	Strength     journey.Strength
	Attributes   map[string]string // of the record, for the script
	Conversation string            // an open one of the same thread in that record, to be gone on with; empty: none
}

// History is a conversation as the record remembers it.
type History struct {
	Err      error // ErrNotFound: there is no such conversation
	Identity Identity
	Events   []journey.Event // of this interaction, in order of Seq
}

// Records finds the record that a conversation belongs to, and remembers conversations. Methods never wait; done is called exactly
// once, from any goroutine, when nil was returned.
type Records interface {
	Identify(a Arrival, done func(Identity)) error
	Load(conversation string, done func(History)) error
}

// Journal makes events durable. Append never waits; done is called exactly once when nil was returned, from any goroutine, in the
// order of the calls of one conversation. Events whose Key the record knows are dropped and count as written.
type Journal interface {
	Append(events []journey.Event, done func(error)) error
}

// WorkItem is the demand for a person that a conversation puts into a queue.
type WorkItem struct {
	ID           string
	Conversation string
	Record       string
	Channel      journey.Channel
	Queue        string
	Skills       map[string]int
	Attributes   map[string]string // what agents shall see
	Priority     int
	MaxWait      time.Duration
	Medium       string // "chat" (the customer waits) or "message" (he need not)
	Customer     string // name or address, as shown
	Prefer       string // the agent who had the conversation last
	At           time.Time
}

// Queues is the dispatcher as a conversation sees it. No method blocks; an error means that the command was not taken. Answers
// come back as Commands through Hub.Post.
type Queues interface {
	Enqueue(WorkItem) error
	Leave(item string) error
	Decline(o OfferAgent, reason string) error
	MediaUp(item string, epoch uint64) error
	End(item, by string) error // by is customer, agent or system
	Park(item string, epoch uint64) error
	Transfer(item string, epoch uint64, to, reason string) error
	CustomerSpoke(item string) error // wakes a parked item; the agent's time to reply begins
	AgentSpoke(item string, epoch uint64) error
}

// Route is what shall happen to a conversation: a script, or nothing.
type Route struct {
	Script Script
	Flow   string // its name, for views and the journal
}

// Router decides who answers. It is asked on the conversation's own goroutine when it begins, and again when the customer writes
// where no flow runs and nobody is responsible; it must not wait longer than a memory look-up.
type Router interface {
	Route(Situation) Route
}

// Situation is what a Router decides by.
type Situation struct {
	Arrival   Arrival
	Identity  Identity
	Resumed   bool   // not the first time
	LastAgent string // who had it last, or began it
	Language  string // of the page, else of the customer; empty: unknown
}

// Texts gives what a prompt says, where nobody hears it.
type Texts interface {
	// Text joins what the prompts say in a language ("" is the site's); empty if there is nothing to say (music).
	Text(prompts []string, language string) string
}

// Wishes takes what a conversation wants of other rooms. Methods never wait; an error is told to the script. ErrLater says that the
// answer takes its time: it comes as the command WishDone.
type Wishes interface {
	CallWanted(CallWanted) error
	CallbackWanted(CallbackWanted) error
	LinkWanted(LinkWanted) error
}

// CallWanted asks for a voice beside a conversation that stays. By is "agent:anna" or "customer".
type CallWanted struct {
	Conversation string
	Record       string
	Item         string
	Epoch        uint64
	Agent        string // who has it; empty: nobody
	By           string
	At           time.Time
}

// CallbackWanted asks for a callback in the record of a conversation. A waiting item of the conversation keeps its place: Item.
type CallbackWanted struct {
	ID           int
	Conversation string
	Record       string
	Item         string // empty: none waits
	Number       string
	Known        bool   // the customer writes from it
	Code         string // that was sent to it, as he writes it
	Queue        string
	From, Until  time.Time
	Language     string // the customer's; empty: unknown
	At           time.Time
}

// LinkWanted asks that a link with a token be sent: to "sms" or another channel.
type LinkWanted struct {
	ID           int
	Conversation string
	Record       string
	Channel      journey.Channel
	To           string
	Text         string
	At           time.Time
}

// Latest as the sequence of Follow asks for the newest messages only.
const Latest = math.MaxUint64

// Observer hears every Update of every conversation: events for others, webhooks. It is called from many goroutines, in order for
// each conversation; it never waits and calls nothing back.
type Observer interface{ Observe(Update) }
