package cdr

import "time"

// CDR is one call. Durations are whole seconds unless the name says otherwise; times are zero where it did not happen.
type CDR struct {
	Call       string    `json:"call"`
	Record     string    `json:"record"`
	Channel    string    `json:"channel"`
	Direction  string    `json:"direction,omitempty"` // in, out, internal
	Caller     string    `json:"caller"`
	CallerName string    `json:"caller_name,omitempty"`
	Called     string    `json:"called"`
	Trunk      string    `json:"trunk,omitempty"`
	Path       []string  `json:"path,omitempty"`  // flows and steps in the order in which they were entered, "main/menu"
	Queue      string    `json:"queue,omitempty"` // the last one
	Agent      string    `json:"agent,omitempty"` // the last one that was connected
	Endpoint   string    `json:"endpoint,omitempty"`
	Started    time.Time `json:"started"`
	Queued     time.Time `json:"queued,omitzero"`
	Answered   time.Time `json:"answered,omitzero"`  // by us: the flow, or the dialled side
	Connected  time.Time `json:"connected,omitzero"` // to a person
	Ended      time.Time `json:"ended,omitzero"`
	Wait       int       `json:"wait_seconds"` // in queues, until accepted or given up
	Ring       int       `json:"ring_seconds"` // at agents and endpoints
	Talk       int       `json:"talk_seconds"` // connected to a person, hold left out
	Hold       int       `json:"hold_seconds"`
	Duration   int       `json:"duration_seconds"` // started to ended
	Billed     int       `json:"billed_seconds"`   // answered to ended
	Offers     int       `json:"offers"`
	Missed     int       `json:"missed"`
	Transfers  int       `json:"transfers"`
	Outcome    Outcome   `json:"outcome"`
	Cause      int       `json:"cause"`            // Q.850
	Status     int       `json:"status,omitempty"` // SIP, of an unanswered call
	By         string    `json:"by,omitempty"`     // who hung up
	Recording  string    `json:"recording,omitempty"`
	Codec      string    `json:"codec,omitempty"`
	MOS        float64   `json:"mos,omitempty"`
	Loss       float64   `json:"loss_pct"`
	Jitter     float64   `json:"jitter_ms"`
}

// Outcome is how a call went, in one word.
type Outcome string

// The outcomes. Flow: answered by a flow and by nobody else.
const (
	Answered  Outcome = "answered"
	Flow      Outcome = "flow"
	Abandoned Outcome = "abandoned"
	NoAnswer  Outcome = "no-answer"
	Busy      Outcome = "busy"
	Failed    Outcome = "failed"
	Running   Outcome = "running" // not ended yet
)
