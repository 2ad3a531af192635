package b2bua

import "tandem/sip/fsm"

// legState is where one leg is: is its side of the call ringing, talking, or over? The dialog and the offer/answer turn have
// machines of their own in package dialog; hold is a direction value, not a state.
type legState uint8

const (
	legNew      legState = iota // it exists; its stream may still be opening
	legRinging                  // a provisional response crossed it
	legAnswered                 // a 2xx crossed it
	legEnding                   // we hung up; the dialog is still being torn down
	legEnded                    // the dialog is over; only retransmissions may still come
)

type legEvent uint8

const (
	legOnRing    legEvent = iota // a provisional response went out (caller) or came in (callee)
	legOnAnswer                  // a 2xx went out or came in
	legOnHangup                  // we want it over
	legOnOver                    // the dialog room said Ended
	legOnNoMedia                 // its stream could not be opened
)

type legDo uint8

const (
	legStamp   legDo = 1 << iota // note the time of answer
	legRelease                   // close its stream
	legTell                      // tell the call: this leg ended by itself
)

// legMachine is the table. A pair that is not listed is ignored: signalling may repeat and cross, and both are normal.
var legMachine = fsm.Compile(fsm.Rows[legState, legEvent, legDo]{
	{legNew, legOnRing, legRinging, 0, "3261 §13.2.2.1"},
	{legNew, legOnAnswer, legAnswered, legStamp, "3261 §13.2.2.4"},
	{legNew, legOnHangup, legEnding, legRelease, "3261 §9.1"},
	{legNew, legOnOver, legEnded, legRelease | legTell, "3261 §13.2.2.3"},
	{legNew, legOnNoMedia, legEnded, legRelease | legTell, ""},
	{legRinging, legOnAnswer, legAnswered, legStamp, "3261 §13.2.2.4"},
	{legRinging, legOnHangup, legEnding, legRelease, "3261 §9.1"},
	{legRinging, legOnOver, legEnded, legRelease | legTell, "3261 §13.2.2.3"},
	{legAnswered, legOnHangup, legEnding, legRelease, "3261 §15.1.1"},
	{legAnswered, legOnOver, legEnded, legRelease | legTell, "3261 §15.1.2"},
	{legEnding, legOnOver, legEnded, 0, "3261 §15.1.1"},
})
