// Package sms is the adapter of text messages: it stands between the conversations (package digital) and a Carrier, which is SMPP
// (NewSMPP), an HTTP provider (package sms/provider) or Several of them, and holds the rules that are the channel's own.
//
//	hub ─ Send ─► Adapter (owner): opted out? quiet hours? whose turn? ─► Carrier ─► Result
//	Carrier ─ Arrived ─► Adapter: seen before? STOP, START, HELP? ─► hub.Receive ─ durable ─► done ─► Carrier acknowledges
//
// Nouns: an Adapter owns the rules; a Carrier moves texts; a sender is a number of ours, the senders are a pool; a line holds what
// waits for a sender's rate; OptOuts remembers who wants no messages; an Arrival is a customer's message as a Carrier gives it.
//
// Obligations of the caller:
//  1. Hand the Adapter to the hub, then call Run once with the hub as Door. What comes before is refused for now.
//  2. OptOuts.OptedOut is a memory look-up; Change makes a change durable and calls done once. Neither waits.
//  3. A Carrier acknowledges an Arrival to its provider only after done(nil), and repeats what was not acknowledged.
//  4. Begin conversations from Sender(to), so that the answer finds the same thread.
//  5. Messages by which customers opt out or in or ask for help are answered here and do not reach the hub; write them into the
//     record from Change.
//
// Ownership: lines, seen ids and the pool belong to Run's goroutine. One timer.
//
// It does not decide what is said, store messages, or send pictures: an attachment is refused.
package sms
