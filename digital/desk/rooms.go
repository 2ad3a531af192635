package desk

import "errors"

// The errors that a page can tell its user apart by. Everything else is "internal" to a page, and logged.
var (
	ErrGone    = errors.New("it is over")                 // offer, item, call or conversation
	ErrRefused = errors.New("not possible now")           // wrap the reason around it: "…: not possible now"
	ErrDenied  = errors.New("not allowed")                // another agent's, or not this role's
	ErrInvalid = errors.New("not understood")             // a missing or malformed field
	ErrBusy    = errors.New("too much at once, wait")     // a mailbox or limit
	errUnknown = errors.New("a frame of an unknown type") // of the protocol, not of a room
)

// Roles of a Person.
const (
	RoleAgent      = "agent"
	RoleSupervisor = "supervisor"
	RoleAdmin      = "admin"
)

// Person is who sits at a page: proven at the HTTP door.
type Person struct {
	User  string
	Agent string // the agent that the user works as; empty for one who only watches
	Role  string
}

func (p Person) watches() bool { return p.Role == RoleSupervisor || p.Role == RoleAdmin }

// Rooms is what the desk asks of the house. Agents are checked by the room against who owns what: ErrDenied.
type Rooms interface {
	Presence
	Voice
	Words
	// Story gives a record with the customer's timeline over all channels, newest last.
	Story(p Person, record string) (Story, error)
	// Newest tells the number of the newest event of each record, as far as it can be read, and that of the whole site. Where the site has
	// none after since, it need not look at the records. It is asked once a second at most.
	Newest(since uint64, records []string) (head uint64, newest map[string]uint64)
	// WrapUp ends the work after an item, with its outcome code and a note; either may be empty.
	WrapUp(agent, item, code, note string) error
	// EndItem ends an item that an agent works on: the conversation or call is over for him.
	EndItem(agent, item string) error
	// MoveItem hands an item to another queue ("queue:name") or agent ("agent:id"). The customer keeps his waiting time.
	MoveItem(agent, item, to string) error
}

// Presence is where agents stand.
type Presence interface {
	// SetState signs an agent in and out: state is available, away (with a reason) or offline.
	SetState(agent, state, reason string) error
	// Here tells that an agent has a page open, or none any more.
	Here(agent string, here bool)
	// Reject declines an offer.
	Reject(agent, offer string) error
	// Accept takes an offer. For voice, sdp answers the ringing call.
	Accept(agent, offer, sdp string) error
	// Board gives the queues and agents of now.
	Board() ([]Queue, []Agent, error)
}

// Voice is an agent's softphone.
type Voice interface {
	// Dial places a call from the page's SDP offer; "conv:ID" rings the visitor of a conversation. record may be empty.
	Dial(agent, to, record, sdp string) (call string, err error)
	Answer(agent, call, sdp string) error
	Hangup(agent, call string) error
	// Hold and its end are a new SDP offer of the page, which says in which direction audio goes; the answer comes by Server.Answer.
	Hold(agent, call, sdp string, on bool) error
	// Digits sends keys, for a page whose browser cannot.
	Digits(agent, call, digits string) error
	// Transfer hands the call's far end to a target: an extension, a number, "queue:name".
	Transfer(agent, call, to string) error
	// Join completes a consultation: the far ends of both calls talk, the agent leaves.
	Join(agent, call, other string) error
	// Reattach gives a live call a new browser connection. The answer comes by Server.Answer.
	Reattach(agent, call, sdp string) error
	// Listen lets a supervisor hear an agent's call, unheard; the answer to sdp comes by Server.Heard, the end by Server.HeardGone.
	Listen(p Person, agent, sdp string) (call string, err error)
	// Unlisten ends that.
	Unlisten(p Person, call string) error
	// Relisten gives a listening call a new browser connection, after a reload. The answer comes by Server.Heard.
	Relisten(p Person, call, sdp string) error
	// Listening tells to whom a supervisor listens; false: to nobody.
	Listening(p Person) (Hearing, bool)
}

// Words are conversations.
type Words interface {
	// Say sends a message. id makes it happen once; file names a stored file of the conversation, or is empty.
	Say(agent, conversation, id, text, file string) error
	Typing(agent, conversation string, on bool) error
	Read(agent, conversation string, seq uint64) error
	// Transcript gives the messages after seq, at most a few hundred.
	Transcript(p Person, conversation string, after uint64) ([]Message, error)
	// SMS sends a text to the customer of a record; to is a number, or empty for the one that is known.
	SMS(agent, record, to, id, text string) error
	Note(agent, record, text string) error
}
