package b2bua

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

// callRows is the table. A pair that is not listed is ignored: legs end in any order.
var callRows = []callRow{
	{callRouting, callOnAttempt, callRinging, 0},
	{callRouting, callOnBridge, callConnected, callTellPeer}, // echo: nobody had to ring
	{callRouting, callOnHangup, callEnding, callClear},
	{callRinging, callOnNobody, callRouting, callTellPeer},
	{callRinging, callOnBridge, callConnected, callTellPeer},
	{callRinging, callOnHangup, callEnding, callClear},
	{callConnected, callOnPart, callRouting, callTellPeer},
	{callConnected, callOnHangup, callEnding, callClear},
	{callEnding, callOnEmpty, callEnded, callForget},
}

type callRow struct {
	from callState
	on   callEvent
	to   callState
	do   callDo
}

var callTable = compile(callRows, func(r callRow) (callState, callEvent, step[callState, callDo]) {
	return r.from, r.on, step[callState, callDo]{r.to, r.do, true}
})

// stepCall is the machine: pure. ok is false for a pair that is not listed.
func stepCall(s callState, e callEvent) (to callState, do callDo, ok bool) {
	t := callTable[s][e]
	if !t.ok {
		return s, 0, false
	}
	return t.to, t.do, true
}
