// Package digital owns conversations: the message threads of all channels that are not a voice. A customer's message is written
// into the record, answered by a flow, put before an agent by the dispatcher, and answered through the adapter it came by.
//
//	adapter ─ Hub.Receive ─► conversation (mailbox) ─ Journal, durable ─► acknowledged ─► Script | agent's feed | Queues
//	agent   ─ Hub.Send ────► fenced by item and epoch ─ Journal, durable ─► feeds ─► Adapter.Send ─ Result ─► delivery state
//	acd     ─ Hub.Post ────► OfferAgent, ConnectOffer, LeftQueue, TellWaiting …
//
// Nouns: Hub (the one door and the indexes), conversation (owner of one thread), Message (one line of it, Seq gapless from 1),
// Inbound and Outgoing (a message as adapters see it), Script and its Actions (a flow), Command (what others want of a
// conversation), Feed (what a desk or a widget follows), Update (one thing that changed).
//
// Obligations of the caller:
//  1. Journal and Queues take commands without waiting; Journal calls done exactly once for what it took, in order.
//  2. Records answers Identify and Load once each. A conversation without a record does not begin: its messages are refused.
//  3. An Adapter calls done exactly once for what it took, and gives every Inbound an External that a repeat repeats.
//  4. Functions named done never wait and never call back into the hub synchronously other than by its own methods, which never wait.
//  5. A Script is used by one conversation only. One that panics or turns in circles loses its place: its conversation ends.
//  6. Close is called once, last; what was not durable by then was not acknowledged.
//
// Ownership: a conversation's fields belong to its goroutine, which lives while there is mail for it and is gone (parked) while
// there is none; its mailbox and its view do not. One timer each, no ticker. The indexes are sharded maps whose locks are held
// for one look-up.
//
// What it does not do: choose agents, keep records, speak to providers, serve pages, decide who may read what.
package digital
