package api

import (
	"encoding/json"
	"time"
)

// CallbackRequest is a wish to be called.
type CallbackRequest struct {
	Number   string
	Name     string
	Queue    string
	Topic    string
	Record   string
	Token    string    // a link token instead of Record
	First    string    // who is rung first: agent (default) or customer
	From     time.Time // not before; zero: as soon as an agent is free
	Until    time.Time // not after; zero: as configured
	Timezone string    // the customer's, IANA name
	Data     map[string]string
	By       string
}

// Callback is a promised call.
type Callback struct {
	ID       string    `json:"id"`
	State    string    `json:"state" doc:"waiting, offered, dialling, active, done, failed, expired or cancelled"`
	Number   string    `json:"number"`
	Name     string    `json:"name,omitempty"`
	Queue    string    `json:"queue"`
	Item     string    `json:"item,omitempty"`
	Record   string    `json:"record,omitempty"`
	First    string    `json:"first,omitempty"`
	Asked    time.Time `json:"asked" doc:"Its place in the queue counts from here"`
	From     time.Time `json:"from,omitzero"`
	Until    time.Time `json:"until,omitzero"`
	Attempts int       `json:"attempts"`
	Position int       `json:"position,omitempty"`
	Again    bool      `json:"again,omitempty" doc:"It was there already: the same number in the same queue is one callback"`
}

// Record is one matter of one customer.
type Record struct {
	ID         string            `json:"id"`
	Customer   string            `json:"customer,omitempty"`
	Topic      string            `json:"topic,omitempty"`
	State      string            `json:"state" enum:"open,dormant,closed"`
	Outcome    string            `json:"outcome,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Opened     time.Time         `json:"opened"`
	Touched    time.Time         `json:"touched"`
	Closed     time.Time         `json:"closed,omitzero"`
	Seq        uint64            `json:"seq" doc:"Of the newest event; also the ETag"`
}

// RecordQuery selects records; empty fields select everything.
type RecordQuery struct {
	Text, Customer, Identity, State string
	Since                           time.Time
}

// Event is one line of a record's timeline.
type Event struct {
	Record      string            `json:"record"`
	Seq         uint64            `json:"seq" doc:"Gapless in its record, first is 1"`
	At          time.Time         `json:"at"`
	Kind        string            `json:"kind"`
	Channel     string            `json:"channel,omitempty"`
	Interaction string            `json:"interaction,omitempty"`
	Item        string            `json:"item,omitempty"`
	Actor       string            `json:"actor,omitempty"`
	Privacy     string            `json:"privacy,omitempty"`
	Data        map[string]string `json:"data,omitempty"`
}

// AttributeChange writes attributes of a record.
type AttributeChange struct {
	Record string
	Set    map[string]string // an empty value removes
	Seq    uint64            // 0: whatever it is
	By     string
}

// RecordClose ends a matter.
type RecordClose struct{ Record, Outcome, Note, By string }

// Customer is who is outside.
type Customer struct {
	ID         string     `json:"id"`
	Name       string     `json:"name,omitempty"`
	Language   string     `json:"language,omitempty"`
	Identities []Identity `json:"identities" nullable:"false"`
	Merged     []string   `json:"merged,omitempty" doc:"Customers that were found to be this one"`
	Erased     time.Time  `json:"erased,omitzero"`
}

// Identity is an address of a customer.
type Identity struct {
	Type     string    `json:"type" doc:"tel, sip, email, web or ext"`
	Value    string    `json:"value"`
	Strength string    `json:"strength" enum:"claimed,attested,authenticated"`
	Shared   bool      `json:"shared,omitempty" doc:"A switchboard or the like: identifies nobody"`
	Last     time.Time `json:"last,omitzero"`
}

// CustomerQuery selects customers; empty fields select everything.
type CustomerQuery struct{ Text, Identity string }

// Merge says that customer Other is customer Into, or, unmerging, that it is not.
type Merge struct{ Into, Other, Reason, By string }

// Export is everything that is kept of a customer. The body's form belongs to the store.
type Export struct {
	Customer string          `json:"customer"`
	At       time.Time       `json:"at"`
	Data     json.RawMessage `json:"data"`
}

// Erasure is what became of a customer's data, and what is left to the operator.
type Erasure struct {
	Customer    string   `json:"customer"`
	Records     int      `json:"records" doc:"Whose personal content cannot be read any more"`
	Ended       []string `json:"ended" nullable:"false" doc:"Items that waited for the customer"`
	InHand      []string `json:"in_hand" nullable:"false" doc:"Items that an agent has: the dispatcher forgets them when they end"`
	Attachments int      `json:"attachments" doc:"Files removed"`
	Recordings  []string `json:"recordings" nullable:"false" doc:"Files below recordings.path that name the customer's voice: not removed"`
	NotReached  []string `json:"not_reached" nullable:"false" doc:"What is left to the operator"`
}

// NewLink asks for a token that carries a record to another channel.
type NewLink struct {
	Record   string
	Purpose  string // call (click-to-call) or message (link to the chat page)
	Channels []string
	Strength string
	TTL      time.Duration // 0: 15 minutes for call, 7 days for message
	Uses     int           // 0: 1
	Identity string        // bound to this address; may be empty
	By       string
}

// Link is an issued token. Token and URL are shown once.
type Link struct {
	Token   string    `json:"token"`
	URL     string    `json:"url,omitempty"`
	Code    string    `json:"code,omitempty" doc:"Short code that a caller can key in"`
	Record  string    `json:"record,omitempty"`
	Expires time.Time `json:"expires"`
	Uses    int       `json:"uses"`
}

// HealthReport is how the parts are.
type HealthReport struct {
	Ready   bool       `json:"ready"`
	Version string     `json:"version,omitempty"`
	Parts   []PartInfo `json:"parts" nullable:"false"`
}

// PartInfo is how one part is.
type PartInfo struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Why  string `json:"why,omitempty"`
}
