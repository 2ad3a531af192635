package journey

import "time"

// Channel is the medium that an interaction runs over.
type Channel string

// The channels. An adapter never invents one.
const (
	Voice    Channel = "voice"
	Callback Channel = "callback"
	Chat     Channel = "chat"
	SMS      Channel = "sms"
	Email    Channel = "email"
)

// Strength says how far an identity may be trusted; the order is total: Claimed < Attested < Authenticated.
type Strength int

// The strengths. Claimed is an unsigned caller number or a form field; Attested is vouched for by a provider; Authenticated
// is proven by PIN, one-time code or signed token.
const (
	Claimed Strength = iota
	Attested
	Authenticated
)

// IdentityType is the kind of address that an identity holds.
type IdentityType string

// The identity types. Value is in normal form: tel in E.164 with "+", sip as user@host with a lower-case host, email with a
// lower-case domain.
const (
	Tel  IdentityType = "tel"
	SIP  IdentityType = "sip"
	Mail IdentityType = "email"
	Web  IdentityType = "web"
	Ext  IdentityType = "ext"
)

// Identity is an address of a customer in normal form. (Type, Value) is unique.
type Identity struct {
	Type     IdentityType `json:"type"`
	Value    string       `json:"value"`
	Strength Strength     `json:"strength"`
	Source   string       `json:"source,omitempty"` // who told us: a trunk's name, a form
	Shared   bool         `json:"shared,omitempty"` // a switchboard or hotel: never identifies
	First    time.Time    `json:"first"`
	Last     time.Time    `json:"last"`
}

// Consent is what a customer said about being written to or called on a channel.
type Consent string

// The consents; the empty one means that nothing was said.
const (
	OptIn  Consent = "in"
	OptOut Consent = "out"
)

// Customer is a person or organisation outside. Where several were merged, this is the whole of them under the lowest ID.
type Customer struct {
	ID         string              `json:"id"`
	Name       string              `json:"name,omitempty"`
	Language   string              `json:"language,omitempty"`
	Identities []Identity          `json:"identities,omitempty"`
	Consent    map[Channel]Consent `json:"consent,omitempty"`
	Merged     []string            `json:"merged,omitempty"` // the other ids of this customer, ascending
	Erased     time.Time           `json:"erased,omitzero"`  // when everything personal was made unreadable
}

// RecordState is where a record is in its life.
type RecordState string

// The record states.
const (
	Open    RecordState = "open"
	Dormant RecordState = "dormant"
	Closed  RecordState = "closed"
)

// Record is the context record: what is known, collected and happened in one matter of one customer, over all channels.
// Its events are kept beside it, in order.
type Record struct {
	ID         string            `json:"id"`
	Customer   string            `json:"customer,omitempty"` // Customer.ID, empty while unknown
	Topic      string            `json:"topic,omitempty"`
	State      RecordState       `json:"state"`
	Attributes map[string]string `json:"attributes,omitempty"` // collected, never secret
	Opened     time.Time         `json:"opened"`
	Touched    time.Time         `json:"touched"`
	Closed     time.Time         `json:"closed,omitzero"`
	Outcome    string            `json:"outcome,omitempty"`
	Seq        uint64            `json:"seq"`             // of the newest event
	Erased     time.Time         `json:"erased,omitzero"` // when everything personal was made unreadable
}

// Privacy is the class that decides how long an event's data lives and who may read it.
type Privacy string

// The privacy classes. There is no "secret" class here because a secret is never stored: only that it was given.
const (
	PublicOp  Privacy = "public-op"
	Personal  Privacy = "personal"
	Sensitive Privacy = "sensitive"
)

// Event is one line of a record's timeline. The store assigns Seq; everything else comes from the owner that saw it happen.
type Event struct {
	Record      string            `json:"record"`
	Seq         uint64            `json:"seq"` // gapless per record, first is 1
	At          time.Time         `json:"at"`
	Kind        Kind              `json:"kind"`
	Channel     Channel           `json:"channel,omitempty"`
	Interaction string            `json:"interaction,omitempty"` // e.g. the call's ID
	Item        string            `json:"item,omitempty"`        // work item ID
	Epoch       uint64            `json:"epoch,omitempty"`       // of the work item, where it has one
	Actor       string            `json:"actor,omitempty"`       // "caller", "agent:anna", "flow:main", "system"
	Key         string            `json:"key,omitempty"`         // duplicate suppression: same key, same record → dropped
	Privacy     Privacy           `json:"privacy,omitempty"`
	Data        map[string]string `json:"data,omitempty"` // at most 32 keys of at most 1 KiB; DataText at most MaxText bytes
}

// Kind names what happened. The set is closed: readers switch over it.
type Kind string

// The event kinds.
const (
	InteractionStarted Kind = "interaction-started"
	InteractionEnded   Kind = "interaction-ended"
	Identified         Kind = "identified"
	FlowEntered        Kind = "flow-entered"
	FlowLeft           Kind = "flow-left"
	StepInput          Kind = "step-input"
	AttributeSet       Kind = "attribute-set"
	Enqueued           Kind = "enqueued"
	Refused            Kind = "refused"
	Offered            Kind = "offered"
	OfferExpired       Kind = "no-answer"
	OfferDeclined      Kind = "declined"
	OfferFailed        Kind = "offer-failed"
	OfferWithdrawn     Kind = "offer-withdrawn"
	Accepted           Kind = "accepted"
	Connected          Kind = "connected"
	Held               Kind = "held"
	Resumed            Kind = "resumed"
	Transferred        Kind = "transferred"
	Dialled            Kind = "dialled"
	RecordingStarted   Kind = "recording-started"
	RecordingPaused    Kind = "recording-paused"
	RecordingResumed   Kind = "recording-resumed"
	RecordingStopped   Kind = "recording-stopped"
	Requeued           Kind = "requeued"
	Abandoned          Kind = "abandoned"
	ItemEnded          Kind = "item-ended"
	WrapUpStarted      Kind = "wrap-up-started"
	WrapUpEnded        Kind = "wrap-up-ended"
	Note               Kind = "note"
	Disposition        Kind = "disposition"
	AgentState         Kind = "agent-state"
	ConversationOpened Kind = "conversation-opened" // a thread of messages began; interaction is the conversation's id
	ConversationClosed Kind = "conversation-closed"
	MessageIn          Kind = "message-in"        // from the customer
	MessageOut         Kind = "message-out"       // to the customer, from a person or a flow (Actor says who)
	MessageDelivered   Kind = "message-delivered" // the provider or the page has it
	MessageRead        Kind = "message-read"
	MessageFailed      Kind = "message-failed"
	CallbackRequested  Kind = "callback-requested"
	CallbackAttempt    Kind = "callback-attempt"
	CallbackCancelled  Kind = "callback-cancelled"
	CallbackExpired    Kind = "callback-expired" // its window or its attempts are over
	Escalated          Kind = "escalated"        // the medium changed; item, agent and waiting time stay
	Parked             Kind = "parked"           // an idle thread frees most of its agent's capacity
	Woken              Kind = "woken"
	Joined             Kind = "joined" // a supervisor listens, whispers or takes part
	Left               Kind = "left"
	Quality            Kind = "quality" // media became bad, or good again
	TokenIssued        Kind = "token-issued"
	TokenUsed          Kind = "token-used"
	TokenReused        Kind = "token-reused"
	ConsentChanged     Kind = "consent-changed"
	Merged             Kind = "merged"   // of two customers
	Unmerged           Kind = "unmerged" // of two customers
	Erased             Kind = "erased"   // nothing personal before this event can be read
)
