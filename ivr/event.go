package ivr

import "time"

// Event is something that happened to a Run.
type Event interface{ event() }

// Started begins the run.
type Started struct{}

// Answered says that the call was answered.
type Answered struct{}

// Clock says that Deadline has come.
type Clock struct{}

// PlayDone says that a Play without Loop came to its end.
type PlayDone struct{ Ticket int }

// Digit is a key pressed: 0-9, * or #. From a chat a button or message gives its keys one after the other.
type Digit struct{ Key byte }

// QueueRefused says that the queue takes nobody now. Reason is full, closed or no_staff; others count as refused.
type QueueRefused struct {
	Ticket int
	Reason string
}

// QueueAnswered says that an agent is connected.
type QueueAnswered struct{ Ticket int }

// CallbackBooked says that the customer will be called back: the item has left with his place.
type CallbackBooked struct{ Ticket int }

// CallbackRefused says that no callback could be booked; the customer waits on.
type CallbackRefused struct {
	Ticket int
	Reason string
}

// QueueEnded says that the talk with the agent is over and the customer is still there.
type QueueEnded struct{ Ticket int }

// QueueTimeout says that the queue gave up.
type QueueTimeout struct{ Ticket int }

// QueueAnnouncement tells place (from 1) and estimates of the remaining wait. Known is false while there is no estimate.
type QueueAnnouncement struct {
	Ticket   int
	Position int
	P50, P80 time.Duration
	Known    bool
}

// DialAnswered says that the dialled party is connected.
type DialAnswered struct{ Ticket int }

// DialEnded says that the dialled party is gone. Cause is busy, no_answer, rejected or unavailable; after an answer it does
// not matter.
type DialEnded struct {
	Ticket int
	Cause  string
}

// TransferDone says that the call is handed over: the run ends without Hangup.
type TransferDone struct{ Ticket int }

// TransferFailed says that the call is still ours.
type TransferFailed struct{ Ticket int }

// LinkSent says that the message of a SendLink is on its way.
type LinkSent struct{ Ticket int }

// LinkFailed says that it is not. Reason is no_consent, or counts as failed.
type LinkFailed struct {
	Ticket int
	Reason string
}

// HungUp says that the caller is gone, or, Moved, that he was transferred: he is somebody else's now.
type HungUp struct{ Moved bool }

func (Started) event()           {}
func (Answered) event()          {}
func (Clock) event()             {}
func (PlayDone) event()          {}
func (Digit) event()             {}
func (QueueRefused) event()      {}
func (QueueAnswered) event()     {}
func (QueueEnded) event()        {}
func (CallbackBooked) event()    {}
func (CallbackRefused) event()   {}
func (QueueTimeout) event()      {}
func (QueueAnnouncement) event() {}
func (DialAnswered) event()      {}
func (DialEnded) event()         {}
func (TransferDone) event()      {}
func (TransferFailed) event()    {}
func (LinkSent) event()          {}
func (LinkFailed) event()        {}
func (HungUp) event()            {}
