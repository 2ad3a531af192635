package api

import "time"

// Queue is what everybody may see of a queue. Durations are seconds.
type Queue struct {
	Name      string  `json:"name"`
	Mode      string  `json:"mode" enum:"open,draining,paused"`
	Waiting   int     `json:"waiting"`
	Offered   int     `json:"offered"`
	Active    int     `json:"active" doc:"Connecting, active and in wrap-up"`
	Oldest    float64 `json:"oldest" doc:"Seconds since the first arrival of the oldest waiting item"`
	Members   int     `json:"members"`
	Staffed   int     `json:"staffed" doc:"Members signed in"`
	Free      int     `json:"free" doc:"Members who could take an item now"`
	WaitP50   float64 `json:"wait_p50,omitempty" doc:"Estimated wait of a new item in seconds, absent while too little is measured"`
	WaitP80   float64 `json:"wait_p80,omitempty" doc:"Likewise, 80th percentile"`
	Answered  uint64  `json:"answered" doc:"Since the start"`
	Abandoned uint64  `json:"abandoned" doc:"Since the start"`
}

// QueueDetail is a queue with what waits in it.
type QueueDetail struct {
	Queue
	Items []Item `json:"items" nullable:"false" doc:"By first arrival"`
}

// Agent is what an agent is doing.
type Agent struct {
	ID       string    `json:"id"`
	Name     string    `json:"name,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	State    string    `json:"state" doc:"offline, away, missed, finishing, leaving, available, offered, busy or wrap-up"`
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since"`
	Phone    bool      `json:"phone" doc:"A phone can be reached"`
	Desk     bool      `json:"desk" doc:"A desk page is open"`
	Load     int       `json:"load"`
	Budget   int       `json:"budget"`
	Queues   []string  `json:"queues" nullable:"false"`
	Items    []string  `json:"items" nullable:"false"`
}

// AgentState is a wish: available or away with a reason.
type AgentState struct {
	Agent  string
	Ready  bool
	Reason string
}

// Item is a piece of work. Times are RFC 3339.
type Item struct {
	ID          string            `json:"id"`
	State       string            `json:"state"`
	Medium      string            `json:"medium" doc:"voice, callback, chat, message, task, email or video"`
	Queue       string            `json:"queue"`
	Record      string            `json:"record,omitempty"`
	Interaction string            `json:"interaction,omitempty"`
	Agent       string            `json:"agent,omitempty"`
	Epoch       uint64            `json:"epoch"`
	Arrived     time.Time         `json:"arrived" doc:"First arrival: kept by transfers"`
	Entered     time.Time         `json:"entered" doc:"Came into the present queue"`
	Position    int               `json:"position,omitempty" doc:"1 is next; absent unless it waits"`
	Need        string            `json:"need,omitempty" doc:"Skills it needs at present"`
	WaitP50     float64           `json:"wait_p50,omitempty" doc:"Estimated remaining wait in seconds"`
	Data        map[string]string `json:"data,omitempty" doc:"What agents see beside the customer"`
}

// Why explains how an item was routed.
type Why struct {
	Item      string     `json:"item"`
	Waiting   string     `json:"waiting,omitempty" doc:"What it waits for now"`
	Decisions []Decision `json:"decisions" nullable:"false" doc:"Oldest first"`
}

// Decision is one routing decision with what was considered.
type Decision struct {
	At       time.Time `json:"at"`
	What     string    `json:"what"`
	Epoch    uint64    `json:"epoch"`
	Queue    string    `json:"queue"`
	Agent    string    `json:"agent,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Need     string    `json:"need,omitempty"`
	Urgency  float64   `json:"urgency,omitempty"`
	Waited   float64   `json:"waited" doc:"Seconds"`
	Free     int       `json:"free"`
	Excluded int       `json:"excluded"`
	Next     string    `json:"next,omitempty" doc:"The item that came second"`
}

// ItemTransfer moves an item to a queue or to an agent: exactly one of the two.
type ItemTransfer struct {
	Item, Queue, Agent string
	Fresh              bool // starts to wait anew; else it keeps its first arrival
	By                 string
}

// Call is a call with its legs.
type Call struct {
	ID        string    `json:"id"`
	Record    string    `json:"record,omitempty"`
	Item      string    `json:"item,omitempty"`
	State     string    `json:"state" doc:"routing, ringing, connected, ending or ended"`
	Waiting   string    `json:"waiting,omitempty" doc:"queued, offered, accepted or active"`
	Caller    string    `json:"caller,omitempty"`
	Called    string    `json:"called,omitempty"`
	Trunk     string    `json:"trunk,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Flow      string    `json:"flow,omitempty"`
	Peer      string    `json:"peer,omitempty" doc:"Whom the caller talks to"`
	Agent     string    `json:"agent,omitempty" doc:"The agent who talks in it, whoever called whom"`
	Listeners []string  `json:"listeners,omitempty" doc:"Supervisors who hear it; not shown to agents"`
	Listens   string    `json:"listens,omitempty" doc:"The call that its caller hears, as a supervisor"`
	Hold      bool      `json:"hold,omitempty"`
	Recording string    `json:"recording,omitempty"`
	Began     time.Time `json:"began"`
	Answered  time.Time `json:"answered,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Cause     string    `json:"cause,omitempty"`
	By        string    `json:"by,omitempty" doc:"Who hung up"`
	Legs      []Leg     `json:"legs" nullable:"false"`
}

// Leg is one side of a call.
type Leg struct {
	Name   string  `json:"name"`
	State  string  `json:"state"`
	To     string  `json:"to,omitempty"`
	Codec  string  `json:"codec,omitempty"`
	SRTP   string  `json:"srtp,omitempty" doc:"how its audio is protected: the suite, or DTLS; absent where it is not"`
	Held   bool    `json:"held,omitempty"`
	MOS    float64 `json:"mos,omitempty" doc:"1.0 to 4.5, once its stream is closed"`
	Lost   uint64  `json:"lost,omitempty"`
	Source string  `json:"source,omitempty"`
}

// Trace is the SIP ladder of a call.
type Trace struct {
	Call  string    `json:"call"`
	Began time.Time `json:"began"`
	Rungs []string  `json:"rungs" nullable:"false" doc:"Seconds, leg, arrow, message"`
}

// Originate asks for a call to two sides, the first one first: click-to-call.
type Originate struct {
	First    string            // rung first: an extension, "agent:<id>", or a number
	Then     string            // rung when First answered: likewise, or "queue:<name>"
	CallerID string            // what Then sees; empty: as configured
	Record   string            // the matter it belongs to; empty: resolved from the customer's number
	Token    string            // a link token instead of Record
	Timeout  time.Duration     // of the first ring; 0: as configured
	Data     map[string]string // shown to the agent: page, form fields
	By       string            // who asked
}

// CallTransfer hands one side of a call to another target.
type CallTransfer struct {
	Call, To string
	By       string
}

// Conversation is a message thread.
type Conversation struct {
	ID       string    `json:"id"`
	Channel  string    `json:"channel"`
	State    string    `json:"state" doc:"open, with-flow, waiting, with-agent or closed"`
	Record   string    `json:"record,omitempty"`
	Customer string    `json:"customer,omitempty"`
	Item     string    `json:"item,omitempty"`
	Queue    string    `json:"queue,omitempty"`
	Agent    string    `json:"agent,omitempty"`
	Address  string    `json:"address,omitempty" doc:"The customer's number or handle"`
	Opened   time.Time `json:"opened"`
	Touched  time.Time `json:"touched"`
	Closed   time.Time `json:"closed,omitzero"`
	Seq      uint64    `json:"seq" doc:"Of the newest message"`
}

// ConversationFilter selects threads; empty fields select everything.
type ConversationFilter struct{ State, Channel, Queue, Agent, Record string }

// Message is one message of a thread.
type Message struct {
	Conversation string    `json:"conversation"`
	Seq          uint64    `json:"seq" doc:"Gapless in its conversation"`
	ID           string    `json:"id,omitempty" doc:"The sender's own id"`
	At           time.Time `json:"at"`
	From         string    `json:"from" doc:"customer, agent, bot or system"`
	Actor        string    `json:"actor,omitempty"`
	Text         string    `json:"text"`
	Choices      []string  `json:"choices,omitempty"`
	State        string    `json:"state,omitempty" doc:"sent, delivered, read or failed"`
}

// NewMessage is a message to be sent. From is customer for the intake of an integrator, else agent.
type NewMessage struct {
	Conversation, ID, From, Actor, Text string
}

// OpenConversation is a thread from a channel that an integrator brings.
type OpenConversation struct {
	Channel  string            // chat, sms or email
	Thread   string            // the integrator's own thread id: the same one again resumes
	Name     string            // of the customer, as claimed
	Address  map[string]string // identity type (tel, email, web, ext) to value
	Topic    string
	Queue    string // straight to a queue; empty: the channel's flow
	Token    string // a link token: the record it carries
	Text     string // first message, may be empty
	Data     map[string]string
	Actor    string // who opened
	Attested bool   // the integrator vouches for the addresses
}

// NewSMS is a text message to be sent.
type NewSMS struct{ To, From, Text, Record, Actor string }

// SentSMS is a text message on its way.
type SentSMS struct {
	ID           string `json:"id"`
	Conversation string `json:"conversation,omitempty"`
	Record       string `json:"record,omitempty"`
	Parts        int    `json:"parts"`
	State        string `json:"state"`
}
