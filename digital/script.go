package digital

import (
	"time"

	"tandem/store/journey"
)

// Script decides what happens to a customer who is not talking to an agent: a running flow, a bot. It is a pure step machine inside
// the conversation's owner, so it needs no lock and never waits. Step returns what to do, in order; Deadline is when Step wants
// an Expired event next, the zero value for never.
type Script interface {
	Step(ev ScriptEvent, now time.Time) []Action
	Deadline() time.Time
}

// ScriptEvent is what a conversation tells its script: one of the structs below.
type ScriptEvent interface{ scriptEvent() }

type (
	// Started is the first event. Message is the customer's that began it; nil if the page was opened, or the script follows another.
	Started struct{ Message *Message }
	// Wrote is a message of the customer. Key is that of the choice it makes among the last ones said: by button, by its key or
	// by its label; empty if it makes none.
	Wrote struct {
		Message Message
		Key     string
	}
	// Said ends a Say action: its message is durable and on its way, or was lost.
	Said struct {
		ID  int
		Err error
	}
	// QueueEnded tells that the work item left the queue other than to an agent: refused, timed out, cancelled.
	QueueEnded struct{ Outcome string }
	// QueueWaiting tells the item's position (1 is next) and honest waiting times; 0 means unknown.
	QueueWaiting struct {
		Position int
		P50, P80 time.Duration
	}
	// PeerAnswered tells that an agent has the conversation. What the customer writes now is not told.
	PeerAnswered struct{ Agent string }
	// PeerEnded tells that the agent is gone and the customer is still there.
	PeerEnded struct{ Why string }
	// CustomerGone is the last event. Only Note is performed after it.
	CustomerGone struct{}
	// Expired tells that Deadline has come.
	Expired struct{}
	// WishAnswered tells what became of a RequestCallback, SendLink or RequestCall.
	WishAnswered struct {
		ID   int
		Err  error
		Text string // for the customer; may be empty
	}
)

func (Started) scriptEvent()      {}
func (Wrote) scriptEvent()        {}
func (Said) scriptEvent()         {}
func (QueueEnded) scriptEvent()   {}
func (QueueWaiting) scriptEvent() {}
func (PeerAnswered) scriptEvent() {}
func (PeerEnded) scriptEvent()    {}
func (CustomerGone) scriptEvent() {}
func (Expired) scriptEvent()      {}
func (WishAnswered) scriptEvent() {}

// Action is what a script wants done: one of the structs below.
type Action interface{ action() }

type (
	// Say writes to the customer: Text, or what Texts says for Prompts. Said follows; at once if there is nothing to say.
	Say struct {
		ID      int
		Text    string
		Prompts []string
		Choices []Choice
		Secret  bool // the answer is a secret: the script gets it, and nobody else; only its length is kept
	}
	// Enqueue makes the customer a work item of a queue. PeerAnswered or QueueEnded follows.
	Enqueue struct {
		Queue      string
		Skills     map[string]int
		Attributes map[string]string
		Priority   int
		MaxWait    time.Duration
		Medium     string // "chat", or "message": the customer need not wait; empty: chat where he is connected, else message
		Prefer     string // empty: the agent who had the conversation last
	}
	// LeaveQueue takes the work item back.
	LeaveQueue struct{ Why string }
	// SetAttributes writes attributes of the record. An empty value removes one.
	SetAttributes struct{ Values map[string]string }
	// Note writes an event into the record.
	Note struct {
		Kind journey.Kind
		Data map[string]string
	}
	// RequestCallback asks for a callback; a waiting item becomes it. WishAnswered follows.
	RequestCallback struct {
		ID          int
		Number      string
		Known       bool   // it is the number that the customer writes from
		Code        string // that was sent to it, as the customer writes it
		Queue       string
		From, Until time.Time
	}
	// SendLink asks for a link into this record over another channel. WishAnswered follows.
	SendLink struct {
		ID      int
		Channel journey.Channel
		To      string
		Text    string
	}
	// RequestCall asks for a voice beside the conversation. WishAnswered follows.
	RequestCall struct{ ID int }
	// Finish ends the script; the conversation stays open, and the customer's next message is routed anew.
	Finish struct{}
	// HangUp closes the conversation.
	HangUp struct{ Why string }
)

func (Say) action()             {}
func (Enqueue) action()         {}
func (LeaveQueue) action()      {}
func (SetAttributes) action()   {}
func (Note) action()            {}
func (RequestCallback) action() {}
func (SendLink) action()        {}
func (RequestCall) action()     {}
func (Finish) action()          {}
func (HangUp) action()          {}
