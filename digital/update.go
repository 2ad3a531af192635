package digital

import "time"

// Update is one thing that changed in a conversation: what feeds and observers get. Conversation and Kind are always set; of the
// rest what the kind names.
type Update struct {
	Kind         UpdateKind    `json:"kind"`
	Conversation string        `json:"conversation"`
	Record       string        `json:"record,omitempty"`
	At           time.Time     `json:"at"`
	Message      *Message      `json:"message,omitempty"`  // NewMessage: shared, never changed
	Messages     []Message     `json:"messages,omitempty"` // Caught: what was missed, in order
	View         *View         `json:"view,omitempty"`     // Caught, Changed
	More         bool          `json:"more,omitempty"`     // Caught: there are more than these
	Seq          uint64        `json:"seq,omitempty"`      // Progress: up to this message of From's other side
	From         From          `json:"from,omitempty"`     // Typing, Progress: who
	Delivery     Delivery      `json:"delivery,omitempty"` // Progress
	Reason       string        `json:"reason,omitempty"`
	On           bool          `json:"on,omitempty"` // Typing, Presence
	Agent        string        `json:"agent,omitempty"`
	Position     int           `json:"position,omitempty"` // Waiting
	P50          time.Duration `json:"p50,omitempty"`
	P80          time.Duration `json:"p80,omitempty"`
	By           string        `json:"by,omitempty"` // Call
	Err          error         `json:"-"`            // Missing: ErrNotFound, or why nobody can tell at the moment
}

// UpdateKind names what an Update tells.
type UpdateKind string

// The kinds of updates.
const (
	NewMessage UpdateKind = "message"  // Message is durable
	Progress   UpdateKind = "progress" // message Seq is now Delivery; for read and delivered all before it are too
	Caught     UpdateKind = "caught"   // the answer to Follow: View, and Messages after the sequence named; with More: Follow again after the last
	Changed    UpdateKind = "changed"  // View: the state or its agent is another
	TypingNow  UpdateKind = "typing"   // From types (On), or stopped
	Waiting    UpdateKind = "waiting"  // Position, P50, P80
	Presence   UpdateKind = "presence" // the customer's device is connected (On), or not
	CallBeside UpdateKind = "call"     // By wants a voice
	Lagging    UpdateKind = "lagging"  // updates were lost for this feed: Follow again with the last sequence that you have
	Missing    UpdateKind = "missing"  // the answer to Follow: there is no such conversation, or none that can be read now (Err)
)

// View is a conversation as readers see it: a copied value, at most one event old.
type View struct {
	ID        string    `json:"id"`
	Record    string    `json:"record"`
	Channel   string    `json:"channel"`
	State     string    `json:"state"` // open, flow, waiting, agent, parked, closed
	Customer  string    `json:"customer,omitempty"`
	Name      string    `json:"name,omitempty"`
	Address   string    `json:"address,omitempty"` // the customer's
	Flow      string    `json:"flow,omitempty"`
	Item      string    `json:"item,omitempty"`
	Epoch     uint64    `json:"epoch,omitempty"`
	Agent     string    `json:"agent,omitempty"`
	AgentName string    `json:"agent_name,omitempty"`
	Last      uint64    `json:"last"`     // sequence of the newest message
	ReadByUs  uint64    `json:"read_us"`  // the agent has read up to
	ReadBy    uint64    `json:"read"`     // the customer has read up to
	Got       uint64    `json:"got"`      // the customer's device has got up to
	Present   bool      `json:"present"`  // the customer's device is connected
	Position  int       `json:"position"` // in the queue; 0: unknown or not waiting
	Began     time.Time `json:"began"`
	Touched   time.Time `json:"touched"` // by a message
	Ended     time.Time `json:"ended,omitzero"`
	Why       string    `json:"why,omitempty"` // of the end
	By        string    `json:"by,omitempty"`
}
