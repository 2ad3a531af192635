package desk

import "time"

// Offer is a work item that rings at an agent: who, why, on which way, and until when.
type Offer struct {
	Offer    string            `json:"offer"`
	Item     string            `json:"item"`
	Medium   string            `json:"medium"` // voice, callback, chat, message
	Queue    string            `json:"queue"`
	Record   string            `json:"record,omitempty"`
	Who      string            `json:"who,omitempty"`    // the customer, as far as known
	Proven   bool              `json:"proven,omitempty"` // the identity is more than a claim
	Why      string            `json:"why,omitempty"`    // why this agent
	Reason   string            `json:"reason,omitempty"` // what the customer wants
	Path     []string          `json:"path,omitempty"`   // steps through the flow
	Facts    map[string]string `json:"facts,omitempty"`  // collected answers, never secret
	Last     []Message         `json:"last,omitempty"`   // the newest messages of a conversation
	Since    time.Time         `json:"since"`            // when the customer began to wait
	Deadline time.Time         `json:"deadline"`
	Call     string            `json:"call,omitempty"` // the softphone call that rings for it
	SDP      string            `json:"sdp,omitempty"`  // the offer of that call, to be answered by offer.accept
}

// Item is a work item that an agent has in hand.
type Item struct {
	Item         string    `json:"item"`
	Medium       string    `json:"medium"`
	Queue        string    `json:"queue"`
	State        string    `json:"state"` // connecting, active, parked, wrap-up
	Record       string    `json:"record,omitempty"`
	Who          string    `json:"who,omitempty"`
	Conversation string    `json:"conversation,omitempty"`
	Away         bool      `json:"away,omitempty"` // a chat's page is gone; its visitor reads what is written when he comes back
	Call         string    `json:"call,omitempty"`
	Since        time.Time `json:"since"`           // customer's first arrival
	At           time.Time `json:"at"`              // in this state
	Until        time.Time `json:"until,omitzero"`  // end of the wrap-up
	Codes        []string  `json:"codes,omitempty"` // dispositions that may be chosen
}

// Call is a call of the agent's softphone.
type Call struct {
	Call   string    `json:"call"`
	Peer   string    `json:"peer,omitempty"`
	State  string    `json:"state"` // ringing, dialling, up, held
	In     bool      `json:"in,omitempty"`
	Offer  string    `json:"offer,omitempty"`
	Item   string    `json:"item,omitempty"`
	Record string    `json:"record,omitempty"`
	At     time.Time `json:"at"`
	SDP    string    `json:"sdp,omitempty"` // of a call that rings: what to answer
}

// Message is one message of a conversation.
type Message struct {
	Conversation string    `json:"conversation"`
	Seq          uint64    `json:"seq"`
	ID           string    `json:"id,omitempty"`
	At           time.Time `json:"at"`
	From         string    `json:"from"` // customer, agent, bot, system
	Actor        string    `json:"actor,omitempty"`
	Text         string    `json:"text"`
	Choices      []string  `json:"choices,omitempty"`
	File         *File     `json:"file,omitempty"`
	State        string    `json:"state,omitempty"` // sent, delivered, read, failed
	Channel      string    `json:"channel,omitempty"`
}

// File is what stands beside a message; its bytes are asked for by HTTP.
type File struct {
	Ref  string `json:"ref"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // media type
	Size int64  `json:"size,omitempty"` // bytes
}

// Agent is what a supervisor, and the agent himself, sees of an agent.
type Agent struct {
	Agent  string    `json:"agent"`
	Name   string    `json:"name,omitempty"`
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	Since  time.Time `json:"since"`
	Phone  bool      `json:"phone"`
	Load   int       `json:"load"`
	Budget int       `json:"budget"`
	Queues []string  `json:"queues,omitempty"`
	Items  []string  `json:"items,omitempty"`

	Talks     bool     `json:"talks,omitempty"`     // there is a talk to listen to
	Listeners []string `json:"listeners,omitempty"` // users who hear the agent's talk; never shown to the agent
}

// Hearing is a supervisor's listening: the call that carries it, and whom it lets him hear.
type Hearing struct {
	Call  string `json:"call"`
	Agent string `json:"agent,omitempty"` // empty while the customer is handed on
}

// Queue is what everybody sees of a queue.
type Queue struct {
	Queue     string  `json:"queue"`
	Waiting   int     `json:"waiting"`
	Longest   float64 `json:"longest"` // seconds
	Free      int     `json:"free"`
	Staffed   int     `json:"staffed"`
	Answered  int     `json:"answered"`  // today, or since the start
	Abandoned int     `json:"abandoned"` // likewise
	Level     float64 `json:"level"`     // service level, 0 to 1; -1 unknown
}

// Line is one line of a customer's story over all channels.
type Line struct {
	Record  string            `json:"record"`
	Seq     uint64            `json:"seq"`
	At      time.Time         `json:"at"`
	Kind    string            `json:"kind"`
	Channel string            `json:"channel,omitempty"`
	Actor   string            `json:"actor,omitempty"`
	Data    map[string]string `json:"data,omitempty"`
}

// Story is a record as an agent reads it.
type Story struct {
	Record     string            `json:"record"`
	Customer   string            `json:"customer,omitempty"`
	Name       string            `json:"name,omitempty"`
	Identities []string          `json:"identities,omitempty"` // "tel +49…", with " (claimed)" where unproven
	Attributes map[string]string `json:"attributes,omitempty"`
	State      string            `json:"state,omitempty"`
	Lines      []Line            `json:"lines"`
}

// out is a frame to the page: one flat object for all types, so that a page needs one reader.
type out struct {
	T        string    `json:"t"`
	Re       string    `json:"re,omitempty"` // answers the request with this id
	Code     string    `json:"code,omitempty"`
	Text     string    `json:"text,omitempty"`
	Me       *Agent    `json:"me,omitempty"`
	Role     string    `json:"role,omitempty"`
	Offer    *Offer    `json:"offer,omitempty"`
	Offers   []Offer   `json:"offers,omitempty"`
	Item     *Item     `json:"item,omitempty"`
	Items    []Item    `json:"items,omitempty"`
	Call     *Call     `json:"call,omitempty"`
	Calls    []Call    `json:"calls,omitempty"`
	Hears    *Hearing  `json:"hears,omitempty"` // in a supervisor's snapshot
	Message  *Message  `json:"message,omitempty"`
	Messages []Message `json:"messages,omitempty"`
	Agents   []Agent   `json:"agents,omitempty"`
	Queues   []Queue   `json:"queues,omitempty"`
	Story    *Story    `json:"story,omitempty"`
	ID       string    `json:"id,omitempty"`   // of what is gone, or whom it concerns
	Why      string    `json:"why,omitempty"`  // it is gone
	SDP      string    `json:"sdp,omitempty"`  // an answer
	By       string    `json:"by,omitempty"`   // who types
	Read     uint64    `json:"read,omitempty"` // up to this message
}

// in is a frame from the page. Fields that a type does not need are ignored.
type in struct {
	T      string `json:"t"`
	ID     string `json:"id"`
	State  string `json:"state"`
	Reason string `json:"reason"`
	Offer  string `json:"offer"`
	Item   string `json:"item"`
	Call   string `json:"call"`
	Other  string `json:"other"`
	Conv   string `json:"conv"`
	Record string `json:"record"`
	To     string `json:"to"`
	Text   string `json:"text"`
	File   string `json:"file"` // ref
	Code   string `json:"code"`
	SDP    string `json:"sdp"`
	Digits string `json:"digits"`
	Seq    uint64 `json:"seq"`
	On     bool   `json:"on"`
}
