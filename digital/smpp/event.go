package smpp

import (
	"time"

	"tandem/digital/smpp/pdu"
)

// Submission is one submit_sm. Message must not be changed any more.
type Submission struct {
	Key     string // the caller's
	Message *pdu.Message
	Until   time.Time // not sent after this; zero: no limit
}

// Event is one of Result, Inbound and Link.
type Event interface{ event() }

// Outcome is what became of a submission.
type Outcome uint8

// The outcomes.
const (
	Accepted  Outcome = iota // the centre has it: MessageID
	Refused                  // the centre does not take it: Status
	Uncertain                // it was written and not answered
	Unsent                   // it was never written: Until has passed, the client ended, or it cannot be printed
)

var outcomeNames = [...]string{"accepted", "refused", "uncertain", "unsent"}

// String is the outcome's name, as in metrics.
func (o Outcome) String() string { return outcomeNames[o] }

// Result ends a submission.
type Result struct {
	Key       string
	Outcome   Outcome
	MessageID string
	Status    pdu.Status
}

// Inbound is a message or a receipt that the centre delivers. Answer it with its Token.
type Inbound struct {
	Token   uint64
	Message *pdu.Message
	Receipt *pdu.Receipt // nil: a message of a customer
}

// Link tells that the client is bound, or not any more and why.
type Link struct {
	Up  bool
	Why string
}

func (Result) event()  {}
func (Inbound) event() {}
func (Link) event()    {}
