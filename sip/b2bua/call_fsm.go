package b2bua

import "tandem/sip/fsm"

// callState is where a call is as a whole: what is being done for the caller.
type callState uint8

const (
	callRouting   callState = iota // the script is in charge: prompts, menus, waiting
	callRinging                    // at least one attempt to reach somebody is under way
	callConnected                  // the caller is bridged to somebody
	callEnding                     // everybody is being hung up
	callEnded                      // nothing is left of it
)

type callEvent uint8

const (
	callOnAttempt callEvent = iota // a leg to a target was placed
	callOnNobody                   // the attempts came to nothing, or were taken back
	callOnBridge                   // the caller and the target are bridged
	callOnPart                     // the target is gone, the caller is still there
	callOnHangup                   // the call shall end
	callOnEmpty                    // the last leg and stream are gone
)

type callDo uint8

const (
	callTellPeer callDo = 1 << iota // the script gets the news of its peer
	callClear                       // hang up every leg, take back the work item
	callForget                      // journal the end and leave the index
)

// callMachine is the table. A pair that is not listed is ignored: legs end in any order.
var callMachine = fsm.Compile(fsm.Rows[callState, callEvent, callDo]{
	{callRouting, callOnAttempt, callRinging, 0, ""},
	{callRouting, callOnBridge, callConnected, callTellPeer, ""}, // echo: nobody had to ring
	{callRouting, callOnHangup, callEnding, callClear, ""},
	{callRinging, callOnNobody, callRouting, callTellPeer, ""},
	{callRinging, callOnBridge, callConnected, callTellPeer, ""},
	{callRinging, callOnHangup, callEnding, callClear, ""},
	{callConnected, callOnPart, callRouting, callTellPeer, ""},
	{callConnected, callOnHangup, callEnding, callClear, ""},
	{callEnding, callOnEmpty, callEnded, callForget, ""},
})
