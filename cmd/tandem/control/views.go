package control

import "time"

// Call is one call as the command line and the API show it.
type Call struct {
	ID     string `json:"id"`
	State  string `json:"state"` // routing, ringing, connected, …
	Caller string `json:"caller"`
	Called string `json:"called"`
	Trunk  string `json:"trunk,omitempty"`
	Flow   string `json:"flow,omitempty"`
	Step   string `json:"step,omitempty"`
	Queue  string `json:"queue,omitempty"`
	Agent  string `json:"agent,omitempty"` // who talks in it, whoever called whom
	Peer   string `json:"peer,omitempty"`  // whom the caller talks to
	Record string `json:"record,omitempty"`
	// Listeners are the supervisors who hear the call, Listens the call that this one hears.
	Listeners []string `json:"listeners,omitempty"`
	Listens   string   `json:"listens,omitempty"`
	// Recording is the file that the call is being recorded into, empty for none.
	Recording string    `json:"recording,omitempty"`
	Started   time.Time `json:"started"`
	Answered  time.Time `json:"answered,omitzero"`
	Legs      []Leg     `json:"legs,omitempty"` // only from Backend.Call
}

// Leg is one side of a call.
type Leg struct {
	ID     string `json:"id"`
	State  string `json:"state"`
	Remote string `json:"remote"` // URI of the other end
	Source string `json:"source"` // host:port it is reached at
	Codec  string `json:"codec,omitempty"`
	SRTP   string `json:"srtp,omitempty"` // how its audio is protected
	Held   bool   `json:"held,omitempty"`
	RTPIn  uint64 `json:"rtp_in"`  // packets received
	RTPOut uint64 `json:"rtp_out"` // packets sent
}

// TraceLine is one message of a call's ladder.
type TraceLine struct {
	At   time.Time `json:"at"`
	From string    `json:"from"`
	To   string    `json:"to"`
	Text string    `json:"text"` // "INVITE sip:1000@…", "200 OK (INVITE)", or a note such as "step: main/menu"
}

// RecordDo is what Backend.RecordCall does with the recording of a call.
type RecordDo string

// The recording commands.
const (
	RecordStart  RecordDo = "start"
	RecordPause  RecordDo = "pause"
	RecordResume RecordDo = "resume"
	RecordStop   RecordDo = "stop"
)

// Why is what is still known of how a work item was routed, oldest decision first.
type Why struct {
	Item      string     `json:"item"`
	Waiting   string     `json:"waiting,omitempty"` // what it waits for now, empty unless it waits
	Decisions []Decision `json:"decisions"`
}

// Decision is one routing decision with what was considered.
type Decision struct {
	At       time.Time `json:"at"`
	What     string    `json:"what"` // queued, relaxed, offered, missed, ended
	Queue    string    `json:"queue"`
	Agent    string    `json:"agent,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Need     string    `json:"need,omitempty"` // "german>=50"
	Urgency  float64   `json:"urgency,omitempty"`
	Waited   float64   `json:"waited_seconds"`
	Free     int       `json:"free"`           // agents free for the item
	Excluded int       `json:"excluded"`       // of those, spared the item for a while
	Next     string    `json:"next,omitempty"` // the item that came second
}

// Queue is one queue's live figures.
type Queue struct {
	Name        string      `json:"name"`
	Waiting     int         `json:"waiting"`
	LongestWait float64     `json:"longest_wait_seconds"`
	AgentsReady int         `json:"agents_ready"`
	AgentsBusy  int         `json:"agents_busy"`
	AgentsOn    int         `json:"agents_signed_in"`
	Answered    int         `json:"answered"`        // since start
	Abandoned   int         `json:"abandoned"`       // since start
	Items       []QueueItem `json:"items,omitempty"` // only from Backend.Queue
}

// QueueItem is one work item of a queue.
type QueueItem struct {
	ID       string  `json:"id"`
	Call     string  `json:"call,omitempty"`
	Customer string  `json:"customer,omitempty"` // number or name, as shown
	State    string  `json:"state"`
	Position int     `json:"position"`
	Wait     float64 `json:"wait_seconds"`
	Agent    string  `json:"agent,omitempty"` // offered to or assigned to
}

// Agent is one agent's live state.
type Agent struct {
	ID       string    `json:"id"`
	Name     string    `json:"name,omitempty"`
	Endpoint string    `json:"endpoint,omitempty"`
	State    string    `json:"state"` // offline, away, available, offered, busy, wrap-up
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Queues   []string  `json:"queues,omitempty"`
	Call     string    `json:"call,omitempty"`
}

// AgentChange asks for another agent state: "available", "away" or "offline".
type AgentChange struct {
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// Endpoint is one phone and what is registered for it.
type Endpoint struct {
	Name       string    `json:"name"`
	Extension  string    `json:"extension,omitempty"`
	Registered bool      `json:"registered"`
	Bindings   []Binding `json:"bindings,omitempty"`
}

// Binding is one registration of an endpoint.
type Binding struct {
	URI       string    `json:"uri"`
	Source    string    `json:"source"`
	UserAgent string    `json:"user_agent,omitempty"`
	Expires   time.Time `json:"expires"`
}

// Trunk is one trunk's live state.
type Trunk struct {
	Name       string    `json:"name"`
	Health     string    `json:"health"`       // unknown, up, degraded, down
	Registered string    `json:"registration"` // "none" where the trunk does not register
	Calls      int       `json:"calls"`
	Limit      int       `json:"limit,omitempty"` // 0: none
	RTT        float64   `json:"rtt_ms,omitempty"`
	Checked    time.Time `json:"checked,omitzero"`
	Error      string    `json:"error,omitempty"`
}

// Node is one of the processes that share a store.
type Node struct {
	Name  string `json:"name"`
	SIP   string `json:"sip"`
	HTTP  string `json:"http"`
	Owner bool   `json:"owner"` // of the calls
}

// TrunkTest is the result of asking a trunk's far end for a sign of life.
type TrunkTest struct {
	Name    string   `json:"name"`
	OK      bool     `json:"ok"`
	Targets []Target `json:"targets"`
}

// Target is one address of a trunk as tested.
type Target struct {
	Address string  `json:"address"`
	OK      bool    `json:"ok"`
	Status  int     `json:"status,omitempty"` // SIP status of the answer
	RTT     float64 `json:"rtt_ms,omitempty"`
	Error   string  `json:"error,omitempty"`
}

// Record is a context record with its timeline.
type Record struct {
	ID         string            `json:"id"`
	Customer   string            `json:"customer,omitempty"`
	Name       string            `json:"name,omitempty"`
	Topic      string            `json:"topic,omitempty"`
	State      string            `json:"state"`
	Outcome    string            `json:"outcome,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Opened     time.Time         `json:"opened"`
	Touched    time.Time         `json:"touched"`
	Events     []Event           `json:"events,omitempty"` // only from Backend.Record
}

// Event is one line of a record's timeline.
type Event struct {
	Seq         uint64            `json:"seq"`
	At          time.Time         `json:"at"`
	Kind        string            `json:"kind"`
	Channel     string            `json:"channel,omitempty"`
	Interaction string            `json:"interaction,omitempty"`
	Actor       string            `json:"actor,omitempty"`
	Data        map[string]string `json:"data,omitempty"`
}

// RecordQuery selects records; empty fields select everything.
type RecordQuery struct {
	Text  string    `json:"text,omitempty"`
	State string    `json:"state,omitempty"`
	Since time.Time `json:"since,omitzero"`
	Limit int       `json:"limit,omitempty"` // 1 to 1000; 0: 50
}

// Status says who answers on the socket.
type Status struct {
	Version string    `json:"version"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Calls   int       `json:"calls"`
	SIP     []string  `json:"sip,omitempty"`  // listening addresses, "udp 127.0.0.1:5060"
	HTTP    string    `json:"http,omitempty"` // listening address
	State   string    `json:"state"`          // running, draining
}
