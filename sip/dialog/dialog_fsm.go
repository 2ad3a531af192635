package dialog

import "tandem/sip/fsm"

// The dialog machine: does the relation exist? States and events are those of RFC 4235 §3.7.1, for the usage as a whole: a UAC's
// early dialogs share one state. A pair that is not listed is a retransmission or a crossing and changes nothing.

// State is the state of the dialog machine.
type State uint8

// The states.
const (
	StateTrying     State = iota // INVITE sent or received, nothing heard or said
	StateProceeding              // a provisional response without a tag
	StateEarly                   // a provisional response with a tag
	StateConfirmed               // a 2xx: "confirmed" in RFC 4235
	StateTerminated              // over; only retransmissions and forks are still answered
)

type dialogOn uint8

const (
	on1xx    dialogOn = iota // provisional without a tag
	on1xxTag                 // provisional with a tag
	on2xx                    // 2xx, sent or received
	onRejected
	onCancelled
	onLocalBye
	onRemoteBye
	onError   // 408 or 481 to an in-dialog request, a protocol violation
	onTimeout // nobody answered, no ACK, no PRACK, session expired
)

type dialogDo uint8

const (
	doEnd dialogDo = 1 << iota // raise Ended once
	doBye                      // the peer holds a dialog: it gets a BYE
)

var dialogMachine = fsm.Compile(fsm.Rows[State, dialogOn, dialogDo]{
	{StateTrying, on1xx, StateProceeding, 0, "4235 §3.7.1"},
	{StateTrying, on1xxTag, StateEarly, 0, "4235 §3.7.1"},
	{StateTrying, on2xx, StateConfirmed, 0, "4235 §3.7.1"},
	{StateTrying, onRejected, StateTerminated, doEnd, "3261 §13.2.2.3"},
	{StateTrying, onCancelled, StateTerminated, doEnd, "3261 §9.1"},
	{StateTrying, onRemoteBye, StateTerminated, doEnd, "3261 §15.1.2"},
	{StateTrying, onError, StateTerminated, doEnd, "3261 §8.1.3.1"},
	{StateTrying, onTimeout, StateTerminated, doEnd, "3261 §17.1.1.2"},
	{StateProceeding, on1xx, StateProceeding, 0, "4235 §3.7.1"},
	{StateProceeding, on1xxTag, StateEarly, 0, "4235 §3.7.1"},
	{StateProceeding, on2xx, StateConfirmed, 0, "4235 §3.7.1"},
	{StateProceeding, onRejected, StateTerminated, doEnd, "3261 §13.2.2.3"},
	{StateProceeding, onCancelled, StateTerminated, doEnd, "3261 §9.1"},
	{StateProceeding, onError, StateTerminated, doEnd, "3261 §8.1.3.1"},
	{StateProceeding, onTimeout, StateTerminated, doEnd, "3261 §17.1.1.2"},
	{StateEarly, on1xxTag, StateEarly, 0, "3261 §12.1"},
	{StateEarly, on1xx, StateEarly, 0, "3261 §12.1"},
	{StateEarly, on2xx, StateConfirmed, 0, "3261 §13.2.2.4"},
	{StateEarly, onRejected, StateTerminated, doEnd, "3261 §12.3"},
	{StateEarly, onCancelled, StateTerminated, doEnd, "3261 §9.2"},
	{StateEarly, onRemoteBye, StateTerminated, doEnd, "3261 §15.1.2"},
	{StateEarly, onError, StateTerminated, doEnd, "3261 §12.3"},
	{StateEarly, onTimeout, StateTerminated, doEnd, "3262 §3"},
	{StateConfirmed, onCancelled, StateTerminated, doEnd | doBye, "3261 §9.1: CANCEL crossed the 2xx"},
	{StateConfirmed, onLocalBye, StateTerminated, doEnd | doBye, "3261 §15.1.1"},
	{StateConfirmed, onRemoteBye, StateTerminated, doEnd, "3261 §15.1.2"},
	{StateConfirmed, onError, StateTerminated, doEnd | doBye, "3261 §12.2.1.2"},
	{StateConfirmed, onTimeout, StateTerminated, doEnd | doBye, "3261 §13.3.1.4, 4028 §10"},
})

var (
	stateNames    = [...]string{"trying", "proceeding", "early", "confirmed", "terminated"}
	dialogOnNames = [...]string{"1xx", "1xx-tag", "2xx", "rejected", "cancelled", "local-bye", "remote-bye", "error", "timeout"}
	dialogDoNames = [...]string{"end", "bye"}
)

// String is the name of the state in RFC 4235.
func (s State) String() string { return nameOf(stateNames[:], s) }
