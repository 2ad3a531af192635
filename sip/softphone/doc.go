// Package softphone is a SIP user agent for code of this process: one phone for the page of an agent or the visit of a
// customer. A page speaks of calls and SDP, the gateway sees a phone like any other: hold, transfer and a page that was
// loaded again are re-INVITE and REFER, not a second mechanism.
//
//	page ─ owner ─ commands ─► Phone ─ dialog.Usage ─ transaction.Layer (one for all phones) ─► LOCAL flow ─► the gateway's endpoint
//	            ◄─── events ──┘
//
// # Nouns
//
//   - Set: all phones of a process, with one transaction layer and its one timer.
//   - Phone: one user agent. It registers over its flow, which bears the user's name as proven.
//   - Call: one INVITE dialog of a phone, named by a CallID that means nothing elsewhere.
//   - Event: what the owner of a phone must know, a value.
//
// # Obligations of the caller
//
//  1. The events of a phone are read until the channel is closed. An owner who lets them pile up loses the phone: its calls
//     end and the channel is closed after a Closed event or without one.
//  2. Commands return at once; their outcome comes as events. An error means that nothing was done.
//  3. Offered is answered with Answer, or Refuse, within OfferTime; then the phone refuses.
//  4. Incoming is answered with Answer, or Reject; Ring tells the caller meanwhile.
//  5. After Renegotiated with a status of 491 the peer's own offer follows, as Offered; offer again afterwards if still wanted.
//  6. Every phone is closed, or its Set.
//
// # Ownership
//
// A phone works in one goroutine that exists only while there is something to do; an idle phone has none. Its mailbox is
// bounded and it has one timer. Nothing else touches its calls.
//
// # What it does not do
//
// No media: SDP passes through as text. No digest: the flow proves who it is. No queueing of what the page missed.
package softphone
