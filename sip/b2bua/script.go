package b2bua

import (
	"time"

	"tandem/media"
	"tandem/store/journey"
)

// Script decides what happens to a caller: a running flow, a plain dial, a star code. It is a pure step machine inside the
// call owner, so it needs no lock and never waits. Step returns what to do, in order; Deadline is when Step wants an Expired
// event next, the zero value for never.
type Script interface {
	Step(ev ScriptEvent, now time.Time) []Action
	Deadline() time.Time
}

// ScriptEvent is what a call tells its script: one of the structs below.
type ScriptEvent interface{ scriptEvent() }

type (
	// Started is the first event: the caller's leg is there and has a stream; nothing was answered yet.
	Started struct{}
	// Answered tells that the caller's leg is up, after an Answer action.
	Answered struct{}
	// PlayEnded ends a Play action.
	PlayEnded struct {
		Play media.PlayID
		Why  media.PlayEnd
	}
	// DigitPressed is one key of the caller.
	DigitPressed struct {
		Digit  byte
		Source string // rfc4733, inband, info
	}
	// QueueEnded tells that the work item left the queue other than to an agent: refused, timed out, cancelled.
	QueueEnded struct{ Outcome string }
	// CallbackAnswered answers AskCallback. Booked, the caller will be called back, and the item has left with his place.
	CallbackAnswered struct {
		Booked bool
		Why    string // not: a closed word
	}
	// LinkAnswered answers SendLink: the message is on its way, or not.
	LinkAnswered struct {
		ID  int
		Why string // not: a closed word
	}
	// QueueWaiting tells the item's position (1 is next) and honest waiting times; 0 means unknown.
	QueueWaiting struct {
		Position int
		P50, P80 time.Duration
	}
	// PeerAnswered tells that a dialled target or an agent is connected to the caller.
	PeerAnswered struct{ Peer string }
	// PeerEnded tells that the target is gone: a dial that failed (Connected false), or the far side hung up.
	PeerEnded struct {
		Kind      Kind
		Connected bool
	}
	// CallerGone is the last event: the caller hung up. Only Note is performed after it.
	CallerGone struct{}
	// Moved is a last event too: the caller was transferred to where another script decides, or left the call to his partner.
	Moved struct{}
	// Expired tells that Deadline has come.
	Expired struct{}
)

func (Started) scriptEvent()          {}
func (Answered) scriptEvent()         {}
func (PlayEnded) scriptEvent()        {}
func (DigitPressed) scriptEvent()     {}
func (QueueEnded) scriptEvent()       {}
func (CallbackAnswered) scriptEvent() {}
func (LinkAnswered) scriptEvent()     {}
func (QueueWaiting) scriptEvent()     {}
func (PeerAnswered) scriptEvent()     {}
func (PeerEnded) scriptEvent()        {}
func (CallerGone) scriptEvent()       {}
func (Moved) scriptEvent()            {}
func (Expired) scriptEvent()          {}

// Action is what a script wants done: one of the structs below.
type Action interface{ action() }

type (
	// Answer answers the caller's leg. Answered follows.
	Answer struct{}
	// Ring tells the caller that it rings (180).
	Ring struct{}
	// Play plays to the caller, before answer as early media. PlayEnded follows.
	Play struct {
		ID    media.PlayID
		Items []media.Item
		Loop  bool
		Barge bool
	}
	// StopPlay ends a playback.
	StopPlay struct{ ID media.PlayID }
	// Enqueue makes the caller a work item of a queue.
	Enqueue struct {
		Queue      string
		Skills     map[string]int
		Attributes map[string]string // what agents shall see beside the caller
		Priority   int
		MaxWait    time.Duration
		Item       string    // of an item that exists and becomes this call's, e.g. a callback whose customer has answered; empty: a new one
		Since      time.Time // its first arrival; zero: now
	}
	// LeaveQueue takes the work item back. Why is key (the default) or timeout.
	LeaveQueue struct{ Why string }
	// AskCallback asks that the waiting item become a callback in its place. CallbackAnswered follows; booked, the item is not this call's
	// any more.
	AskCallback struct{}
	// SendLink asks that a text message be sent, with a link into this call's record. LinkAnswered follows.
	SendLink struct {
		ID   int
		To   string // number
		Text string
	}
	// Dial places a leg to a target and bridges it to the caller when it answers. PeerAnswered or PeerEnded follows.
	Dial struct {
		Target  string        // extension, number, "echo"
		Timeout time.Duration // how long it may ring; 0: a minute
		MaxTime time.Duration // how long the talk may last; 0: as long as they like
	}
	// Part gives a Dial up, or ends the talk with whom it reached. No PeerEnded follows: the script knows. A new Dial does the same.
	Part struct{}
	// HangUp ends the call, before answer with the kind's status.
	HangUp struct{ Kind Kind }
	// Listen answers the caller and lets him hear the talk of a phone of this site, without being heard, until it ends: then his call
	// ends too. Where there is no talk he hears 404.
	Listen struct {
		Endpoint string
		As       string // who listens, for record and readers
	}
	// Note writes an event of the call into its record.
	Note struct {
		Kind journey.Kind
		Data map[string]string
	}
	// DetectInband switches the detector for keys that are only tones on or off.
	DetectInband struct{ On bool }
)

func (Answer) action()       {}
func (Ring) action()         {}
func (Play) action()         {}
func (StopPlay) action()     {}
func (Enqueue) action()      {}
func (LeaveQueue) action()   {}
func (AskCallback) action()  {}
func (SendLink) action()     {}
func (Dial) action()         {}
func (Part) action()         {}
func (HangUp) action()       {}
func (Listen) action()       {}
func (Note) action()         {}
func (DetectInband) action() {}
