// Package b2bua makes calls: it is the only room that sees both signalling and media. A caller's INVITE becomes a Call with one
// owner goroutine; a Script (a flow, a plain dial) decides what happens to the caller; legs to others are built from scratch
// and bridged by the media engine, so nothing of one leg's messages ever reaches the other.
//
//	INVITE  transaction room ─ Switch.ServeRequest ─ admit, identify ─► Call (mailbox) ─ dialog.Usage ─ stream ─ Script
//	agent   dispatcher ─ OfferAgent ─► Call ─ attempt ─ 2xx ─ Queues.Accept ─ durable ─ ConnectOffer ─► bridge
//	media   engine events ─ Switch.Run ─► Call
//
// Nouns: Switch (the one door and the indexes), Call (owner of everything below it), leg (one dialog and its stream), target
// (where a leg can be placed), attempts (legs placed to reach one destination), Script and its Actions, Command (what others
// want of a call), Kind (why something ended; cause.go is the only table between kinds, SIP statuses and Q.850 causes).
//
// Obligations of the caller:
//  1. Attach every transaction layer before it serves; run Run for as long as the engine lives. Its end hangs up what is left.
//  2. Router, Endpoints and Hosts answer from memory; Journal and Queues take commands without waiting.
//  3. A Script is used by one call only, and never from outside its owner. One that panics, or turns in circles, loses its call.
//  4. The dispatcher answers Accept by ConnectOffer or WithdrawOffer, and every Enqueue in the end by one of its commands.
//  5. Records answers Identify once. After two seconds the call goes on without a record.
//
// Ownership: a Call's fields belong to its goroutine, except its mailbox, view and flooded. The Switch's indexes are sharded maps
// whose locks are held for one look-up.
//
// What it does not do: decide where calls go, keep records, choose agents, read audio.
package b2bua
