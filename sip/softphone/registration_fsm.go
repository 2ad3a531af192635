package softphone

import "tandem/sip/fsm"

// Registration: does the phone's binding hold? RFC 3261 §10.2. Fed by the answers to our last REGISTER, by the owner and by the
// clock. A pair that is not listed is ignored: an answer that comes late, a command said twice.

type regState uint8

const (
	regOff         regState = iota // not wanted
	regRegistering                 // REGISTER is out
	regRegistered                  // the binding holds; a refresh may be out
	regWaiting                     // refused: waiting before the next try
	regLeaving                     // the binding is being taken back
)

type regOn uint8

const (
	regStart   regOn = iota // the owner wants the binding
	regStop                 // the owner does not want it any more
	regDue                  // refresh or next try is due
	regOK                   // 2xx
	regBrief                // 423 with a Min-Expires above ours
	regRefused              // any other answer, or none
)

type regDo uint8

const (
	regSend    regDo = 1 << iota // send REGISTER
	regRemove                    // send REGISTER with expires=0
	regArm                       // set the time of the refresh
	regBackOff                   // set the time of the next try
	regDisarm                    // nothing is due any more
	regTell                      // tell the owner
)

var regMachine = fsm.Compile(fsm.Rows[regState, regOn, regDo]{
	{regOff, regStart, regRegistering, regSend, "3261 §10.2"},
	{regRegistering, regOK, regRegistered, regArm | regTell, "3261 §10.2.4"},
	{regRegistering, regBrief, regRegistering, regSend, "3261 §10.2.8"},
	{regRegistering, regRefused, regWaiting, regBackOff | regTell, "5626 §4.5"},
	{regRegistering, regStop, regLeaving, regRemove | regDisarm, "3261 §10.2.2"},
	{regRegistered, regDue, regRegistered, regSend, "3261 §10.2.4"},
	{regRegistered, regOK, regRegistered, regArm, "3261 §10.2.4"},
	{regRegistered, regBrief, regRegistered, regSend, "3261 §10.2.8"},
	{regRegistered, regRefused, regWaiting, regBackOff | regTell, "5626 §4.5"},
	{regRegistered, regStop, regLeaving, regRemove | regDisarm, "3261 §10.2.2"},
	{regWaiting, regDue, regRegistering, regSend, "5626 §4.5"},
	{regWaiting, regStop, regLeaving, regRemove | regDisarm, "3261 §10.2.2"},
	{regLeaving, regOK, regOff, regTell, "3261 §10.2.2"},
	{regLeaving, regBrief, regOff, regTell, "3261 §10.2.2"},
	{regLeaving, regRefused, regOff, regTell, "3261 §10.2.2"},
	{regLeaving, regStart, regRegistering, regSend, "3261 §10.2"},
})

var (
	regNames   = [...]string{"off", "registering", "registered", "waiting", "leaving"}
	regOnNames = [...]string{"start", "stop", "due", "2xx", "too brief", "refused"}
	regDoNames = [...]string{"send", "remove", "arm", "back off", "disarm", "tell"}
)
