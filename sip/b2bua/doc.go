// Package b2bua makes calls: it is the only room that sees both signalling and media. A caller's INVITE becomes a Call with one
// owner goroutine; a Script (a flow, a plain dial) decides what happens to the caller; legs to others are built from scratch
// and bridged by the media engine, so nothing of one leg's messages ever reaches the other.
//
//	INVITE  transaction room ─ Switch.ServeRequest ─ admit, identify ─► Call (mailbox) ─ dialog.Usage ─ stream ─ Script
//	agent   dispatcher ─ OfferAgent ─► Call ─ attempt ─ 2xx ─ Queues.Accept ─ durable ─ ConnectOffer ─► bridge
//	media   engine events ─ Switch.Run ─► Call
//	out     Originate ─► Call ─ first leg answers ─► it is the caller ─ Script, or the second leg
//	LISTEN  a supervisor's Call asks the one that talks; his stream monitors both of its streams (listen.go)
//	REFER   Call: the referrer steps out ─ somebody is reached, or comes from his other call ─► the caller has a new peer
//
// Nouns: Switch (the one door and the indexes), Call (owner of everything below it), leg (one dialog and its stream), target
// (where a leg can be placed), attempts (legs placed to reach one destination), Script and its Actions, Command (what others
// want of a call), Kind (why something ended; cause.go is the only table between kinds, SIP statuses and Q.850 causes),
// Origin (a call that we place), referral (a transfer under way), page (a browser: its legs are legs like any other, but the media
// room makes and reads their SDP).
//
// Obligations of the caller:
//  1. Attach every transaction layer before it serves; run Run for as long as the engine lives. Its end hangs up what is left.
//  2. Router, Endpoints and Hosts answer from memory; Journal and Queues take commands without waiting.
//  3. A Script is used by one call only, and never from outside its owner. One that panics, or turns in circles, loses its call.
//  4. The dispatcher answers Accept by ConnectOffer or WithdrawOffer, and every Enqueue in the end by one of its commands.
//  5. Records answers Identify once. After two seconds the call goes on without a record.
//  6. Find the call of a work item by CallOf: an item may belong to another call than the one that began it.
//  7. A user whom a flow proves (transport.Flow.User) passes without digest: prove users before Attach, and give FlowClosed to
//     OnFlowClosed.
//
// Ownership: a Call's fields belong to its goroutine, except its mailbox, view and flooded. The Switch's indexes are sharded maps
// whose locks are held for one look-up. A leg that changes its call goes over in one message (handover.go).
//
// What it does not do: decide where calls go, keep records, choose agents, read or mix audio, decide who may listen.
package b2bua
