package callback

import (
	"maps"
	"strconv"
	"time"
)

// Mode says who is reached first.
type Mode string

// The modes.
const (
	AgentFirst    Mode = "agent-first"
	CustomerFirst Mode = "customer-first"
)

// Source says who asked for a callback.
type Source string

// The sources.
const (
	ByIVR  Source = "ivr"
	ByWeb  Source = "web"
	ByChat Source = "chat"
	ByAPI  Source = "api"
)

// Request asks for a callback. Either Number or Conversation says where the customer is to be reached.
type Request struct {
	ID           string // of the work item, unique for ever; where Waiting is given it is that item
	Waiting      bool   // ID is an item that waits now and keeps its place
	Held         bool   // the customer is on the line still: not dialled before WisherGone, or half an hour
	Record       string
	Interaction  string
	Customer     string // the customer's ID, empty while unknown: then the number stands for them
	Number       string // as given; Rules.Number makes it E.164
	Conversation string
	Queue        string
	From, Until  time.Time // window; zero: now, and Config.Window later
	Mode         Mode      // [agent-first]
	Source       Source
	Attempts     int               // at most [the queue's default]
	Gap          time.Duration     // between attempts [the queue's default]
	Data         map[string]string // for the offer
}

// key is what one live callback is allowed for.
func (r Request) key() string {
	who := r.Customer
	if who == "" {
		who = r.handle()
	}
	return "callback/" + who + "/" + r.Queue
}

// handle is where the customer is to be reached.
func (r Request) handle() string {
	if r.Number != "" {
		return r.Number
	}
	return r.Conversation
}

// Booking is what the queue is asked for: an item of medium callback, or the conversion of a waiting one.
type Booking struct {
	Item        string
	Waiting     bool // Item waits already: convert it in its place
	Record      string
	Interaction string
	Queue       string
	Customer    string // handle
	Key         string // of which one live item is allowed
	From, Until time.Time
	Attempts    int
	Gap         time.Duration
	Aside       bool // dormant until Join: the customer is reached first
	Data        map[string]string
}

// The keys of Booking.Data by which Restore knows a callback.
const (
	dataMode     = "callback-mode"
	dataSource   = "callback-source"
	dataNumber   = "callback-number"
	dataThread   = "callback-conversation"
	dataCustomer = "callback-customer"
	dataFrom     = "callback-from"
	dataUntil    = "callback-until"
	dataHeld     = "callback-held"
)

// holdTime is how long a callback is held for a customer who stays on the line: it counts only if nobody tells that he is gone. hangTime
// is what he is given then to put his telephone down.
const (
	holdTime = 30 * time.Minute
	hangTime = 2 * time.Second
)

func (r Request) booking() Booking {
	data := maps.Clone(r.Data)
	if data == nil {
		data = map[string]string{}
	}
	for k, v := range map[string]string{dataMode: string(r.Mode), dataSource: string(r.Source), dataNumber: r.Number,
		dataThread: r.Conversation, dataCustomer: r.Customer, dataFrom: strconv.FormatInt(r.From.UnixMilli(), 10),
		dataUntil: strconv.FormatInt(r.Until.UnixMilli(), 10)} {
		if v != "" {
			data[k] = v
		}
	}
	from := r.From
	if r.Held {
		data[dataHeld], from = "yes", from.Add(holdTime)
	}
	return Booking{Item: r.ID, Waiting: r.Waiting, Record: r.Record, Interaction: r.Interaction, Queue: r.Queue,
		Customer: r.handle(), Key: r.key(), From: from, Until: r.Until, Attempts: r.Attempts, Gap: r.Gap,
		Aside: r.Mode == CustomerFirst, Data: data}
}

// Live is a callback that the queue still has after a restart.
type Live struct {
	Item, Record, Interaction, Queue string
	From, Until                      time.Time
	Gap                              time.Duration
	Attempts, Tried                  int
	Data                             map[string]string
	Done                             bool // it is no callback any more: a customer reached first waits or talks
}

// request is what a live item was booked with; ok is false if it was not booked here.
func (l Live) request() (r Request, ok bool) {
	r = Request{ID: l.Item, Record: l.Record, Interaction: l.Interaction, Queue: l.Queue, From: l.From, Until: l.Until, Attempts: l.Attempts, Gap: l.Gap,
		Mode: Mode(l.Data[dataMode]), Source: Source(l.Data[dataSource]), Number: l.Data[dataNumber],
		Conversation: l.Data[dataThread], Customer: l.Data[dataCustomer], Data: l.Data, Held: l.Data[dataHeld] != ""}
	if ms, err := strconv.ParseInt(l.Data[dataFrom], 10, 64); r.Held && err == nil {
		r.From = time.UnixMilli(ms)
	}
	return r, r.Mode == AgentFirst || r.Mode == CustomerFirst
}

// Again is what the item of a customer who was reached first is to be once more, when his call was cut off while he waited: no attempt
// counts. ok is false if it was not booked so.
func (l Live) Again() (b Booking, ok bool) {
	r, ok := l.request()
	r.Held, r.Interaction = false, l.Item
	if ms, err := strconv.ParseInt(l.Data[dataUntil], 10, 64); err == nil {
		r.Until = time.UnixMilli(ms)
	}
	return r.booking(), ok && r.Mode == CustomerFirst
}

// Attempt is one try to reach a customer.
type Attempt struct {
	ID           string // item, slash, number of the try; the dialer's reference
	Last         bool   // no other follows, whatever it comes to
	Item         string
	Record       string
	Interaction  string
	Queue        string
	Number       string
	Conversation string
	Mode         Mode
	Offer        string // agent first: the offer that rings the agent, whose answer accepts it
	Epoch        uint64
	Agent        string
	Endpoint     string
	Deadline     time.Time     // of the offer
	Ring         time.Duration // how long the customer's side may ring
	Data         map[string]string
}

// Outcome is what became of an attempt.
type Outcome string

// The outcomes. Unknown is an answer by a person or a machine: it counts as a person. AgentMissed is an agent who did not
// answer: the queue knows already. NoAgent is a customer who was reached first and for whom no agent was free in time.
const (
	Human       Outcome = "human"
	Unknown     Outcome = "unknown"
	Machine     Outcome = "machine"
	Busy        Outcome = "busy"
	NoAnswer    Outcome = "no-answer"
	Failed      Outcome = "failed"
	AgentMissed Outcome = "agent-missed"
	NoAgent     Outcome = "no-agent"
)

// Why a request is refused.
const (
	RefusedInvalid   = "invalid"
	RefusedDuplicate = "duplicate"
	RefusedOptOut    = "opt-out"
	RefusedHours     = "hours"
	RefusedFull      = "full"
	RefusedQueue     = "queue" // the queue did not take it
)
