package dialog

import "tandem/sip/fsm"

// The INVITE slot: which INVITE transaction of the confirmed dialog, or of its creation, is open? RFC 3261 §14: at most one, in either
// direction. It decides 491 and 500 for an INVITE without regard to SDP. A pair that is not listed changes nothing.

type slotState uint8

const (
	slotFree    slotState = iota
	slotClient            // our INVITE waits for its final response
	slotServer            // the peer's INVITE waits for our final response
	slotUnacked           // our 2xx waits for its ACK
)

type slotOn uint8

const (
	slotSend   slotOn = iota // we send an INVITE
	slotFinal                // its final response came, or its transaction failed
	slotRecv                 // the peer sends an INVITE
	slotAccept               // we sent 2xx
	slotReject               // we sent 300 or above, or the peer cancelled
	slotAck                  // the ACK for our 2xx came, or 64·T1 went by
)

type slotDo uint8

const (
	slot491  slotDo = 1 << iota // 491 Request Pending
	slot500                     // 500 with Retry-After
	slotWait                    // our INVITE waits until the slot is free
	slotNext                    // a waiting INVITE of ours may go
)

var slotMachine = fsm.Compile(fsm.Rows[slotState, slotOn, slotDo]{
	{slotFree, slotSend, slotClient, 0, "3261 §14.1"},
	{slotFree, slotRecv, slotServer, 0, "3261 §14.2"},
	{slotClient, slotSend, slotClient, slotWait, "3261 §14.1"},
	{slotClient, slotFinal, slotFree, slotNext, "3261 §14.1"},
	{slotClient, slotRecv, slotClient, slot491, "3261 §14.2"},
	{slotServer, slotSend, slotServer, slotWait, "3261 §14.1"},
	{slotServer, slotRecv, slotServer, slot500, "3261 §14.2"},
	{slotServer, slotAccept, slotUnacked, 0, "3261 §13.3.1.4"},
	{slotServer, slotReject, slotFree, slotNext, "3261 §14.2"},
	{slotUnacked, slotSend, slotUnacked, slotWait, "3261 §14.1"},
	{slotUnacked, slotRecv, slotUnacked, slot491, "5407 §3.1.4"},
	{slotUnacked, slotAck, slotFree, slotNext, "3261 §13.3.1.4"},
})

var (
	slotNames   = [...]string{"free", "client", "server", "unacked"}
	slotOnNames = [...]string{"send INVITE", "final received", "receive INVITE", "send 2xx", "send error", "ACK"}
	slotDoNames = [...]string{"491", "500", "wait", "next"}
)

func (s slotState) String() string { return nameOf(slotNames[:], s) }
