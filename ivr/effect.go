package ivr

import (
	"time"

	"tandem/store/journey"
)

// Effect is something that the owner of a Run must do.
type Effect interface{ effect() }

// Answer accepts the call, after a delay.
type Answer struct{ Delay time.Duration }

// Choice is an option of a menu: the keys to press, and its label where keys cannot be pressed.
type Choice struct{ Key, Label string }

// Play speaks clips one after the other. Loop repeats them until StopPlay or the next Play, which replaces this one.
type Play struct {
	Ticket  int
	Prompts []string
	Barge   bool // a key stops it
	Loop    bool
	Choices []Choice // of a menu
	Wants   int      // how many characters a collect step takes at most; 0 for none
	Secret  bool     // what is collected is a secret
}

// StopPlay ends the play with this ticket.
type StopPlay struct{ Ticket int }

// Enqueue makes a work item.
type Enqueue struct {
	Ticket     int
	Queue      string
	Skills     []string
	Priority   int
	Attributes map[string]string
	MaxWait    time.Duration
	Choices    []Choice // keys that leave the queue
	Callback   string   // key that asks for a callback; empty: none
}

// AskCallback asks that the work item of an Enqueue become a callback in its place. CallbackBooked or CallbackRefused answers it;
// booked, the item is not the flow's any more.
type AskCallback struct{ Ticket int }

// LeaveQueue withdraws the work item of an Enqueue. Reason is timeout, key, hangup or error.
type LeaveQueue struct {
	Ticket int
	Reason string
}

// Dial calls an endpoint or number and connects it when it answers.
type Dial struct {
	Ticket  int
	Target  string // name of an endpoint, or empty
	Number  string
	Timeout time.Duration
	MaxTime time.Duration
}

// CancelDial gives a Dial up, or a Transfer that takes too long.
type CancelDial struct{ Ticket int }

// Transfer hands the call over; TransferDone or TransferFailed answers it.
type Transfer struct {
	Ticket int
	Target string
	Number string
}

// SendLink sends a text message; LinkSent or LinkFailed answers it. Text holds flow.LinkMark where the address of this record's chat
// belongs.
type SendLink struct {
	Ticket int
	Number string
	Text   string
}

// Hangup ends the call with a Q.850 cause.
type Hangup struct{ Cause int }

// Journal is a fact for the record's timeline. Digits of a secret never stand in it, only their count.
type Journal struct {
	Kind journey.Kind
	Data map[string]string
}

// Taken says that a step was left by an exit: for live graphs, tests and coverage; nothing needs to be done. Exit is empty for
// a step that ended its flow.
type Taken struct{ Flow, Step, Exit string }

func (Taken) effect()       {}
func (Answer) effect()      {}
func (Play) effect()        {}
func (StopPlay) effect()    {}
func (Enqueue) effect()     {}
func (LeaveQueue) effect()  {}
func (AskCallback) effect() {}
func (Dial) effect()        {}
func (CancelDial) effect()  {}
func (Transfer) effect()    {}
func (SendLink) effect()    {}
func (Hangup) effect()      {}
func (Journal) effect()     {}
