// Package dialog is the INVITE usage of one leg as a value: RFC 3261 dialogs (§12-§15), offer and answer turns (RFC 3264,
// RFC 6337), reliable provisional responses (RFC 3262), UPDATE (RFC 3311) and session timers (RFC 4028). It is pure: no goroutine,
// no socket, no clock, no logger. Messages and commands go in with the time, effects come out in the order to perform them.
//
// Nouns: a Usage is one leg's INVITE usage, a dialog set for a UAC (one early dialog for each remote tag) and one dialog for a UAS.
// An Effect is something the owner does. An Event is an Effect of kind Raise that tells the owner what happened. A TxID names a
// transaction: client ids are given out by the Usage, server ids by the owner, each from its own sequence.
//
// Obligations of the caller:
//
//  1. One goroutine owns a Usage. Every call gets the current time; time never runs backwards.
//  2. Perform the effects of one call in order before the next call.
//  3. The transaction room adds Via to what SendRequest and WriteACK carry. The same *Request given to WriteACK again goes out again
//     unchanged, with the Via and branch of the first time.
//  4. The ACK for a final response of 300 and above and retransmissions of a transaction belong to the transaction room. A 2xx to an
//     INVITE, every retransmission and every fork of it, comes to OnResponse.
//  5. The transaction room answers CANCEL with 200 and its INVITE with 487, and only then calls OnCanceled; it never does so after a
//     final response was given to Respond.
//  6. In-dialog requests arrive at OnRequest in the order they were received, ACK included, whatever its branch.
//  7. Arm one timer for Deadline after every call and call OnTimer when it is due.
//  8. After Release forget the Usage. A 2xx that comes later is answered by the transaction room (ACK, BYE).
//  9. Messages handed in are not changed afterwards, and messages that come out are not changed except for obligation 3.
//  10. Roll an SDP engine back on OfferRefused and OfferWithdrawn. After OfferRefused 491 the peer's own offer follows at once; offer
//     again afterwards if it is still wanted.
//
// Ownership: the Usage keeps no pointer to a received request longer than its answer is due; it keeps the last local SDP, and the
// last ACK for 64·T1.
//
// What it does not do: choose a route, read or write SDP, limit how long it rings, follow a redirect, keep REFER subscriptions.
package dialog
