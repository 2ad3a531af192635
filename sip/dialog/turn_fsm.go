package dialog

import "tandem/sip/fsm"

// The offer/answer machine: whose turn is it? RFC 3264 §4, RFC 3311 §5, RFC 6337. It decides 491 and 500. An offer or answer in an
// unreliable provisional response is a preview and moves nothing. A pair that is not listed is an error of the side that caused it:
// an answer nobody asked for is dropped, a command of ours is reported.

type turnState uint8

const (
	turnStable turnState = iota // no offer is open
	turnLocal                   // our offer waits for the peer's answer
	turnRemote                  // the peer's offer waits for our answer
)

type turnOn uint8

const (
	turnSendOffer turnOn = iota
	turnRecvAnswer
	turnRecvOffer
	turnSendAnswer
	turnDropped // the open offer was refused, withdrawn, or its carrier failed
)

type turnDo uint8

const (
	do491  turnDo = 1 << iota // both sides offered: 491 Request Pending
	do500                     // the peer offered twice: 500 with Retry-After
	doWait                    // our offer waits until the open one is settled
	doNext                    // a waiting offer of ours may go
)

var turnMachine = fsm.Compile(fsm.Rows[turnState, turnOn, turnDo]{
	{turnStable, turnSendOffer, turnLocal, 0, "3264 §5"},
	{turnStable, turnRecvOffer, turnRemote, 0, "3264 §6"},
	{turnLocal, turnSendOffer, turnLocal, doWait, "3264 §4"},
	{turnLocal, turnRecvAnswer, turnStable, doNext, "3264 §7"},
	{turnLocal, turnRecvOffer, turnLocal, do491, "3261 §14.2, 3311 §5.2"},
	{turnLocal, turnDropped, turnStable, doNext, "3261 §14.1"},
	{turnRemote, turnSendOffer, turnRemote, doWait, "3264 §4"},
	{turnRemote, turnSendAnswer, turnStable, doNext, "3264 §6"},
	{turnRemote, turnRecvOffer, turnRemote, do500, "3261 §14.2, 3311 §5.2"},
	{turnRemote, turnDropped, turnStable, doNext, "3261 §14.2"},
})

var (
	turnNames   = [...]string{"stable", "local offer", "remote offer"}
	turnOnNames = [...]string{"send offer", "receive answer", "receive offer", "send answer", "dropped"}
	turnDoNames = [...]string{"491", "500", "wait", "next"}
)

func (s turnState) String() string { return nameOf(turnNames[:], s) }
