// Package webhook tells servers what happens: each subscription's events in order, signed as Standard Webhooks has it, until they are taken.
//
// Nouns: a Subscription is a URL with a filter and signing secrets; its position is the cursor behind the last event that was taken; a
// Delivery is one attempt; a Dead event was given up and waits to be replayed; the Guard decides which addresses may be called at all.
//
//	feed ─ Deliverer (owner: who is due) ─ job ─► worker: sign, POST ─ position made durable ─ outcome ─► Deliverer
//
// An event is delivered at least once, with the same webhook-id each time. One that fails is tried again with growing pauses, later ones
// wait behind it; after Options.Attempts it is dead and the next one has its turn. 410 Gone ends the subscription.
//
// Obligations of the caller:
//  1. Run once, and of several nodes on one only.
//  2. Documents outlive the process; Feed keeps events for as long as a receiver may be down.
//  3. Options.Allow names nothing that the integrators of this gateway may not reach.
//
// Ownership: the subscriptions' progress belongs to Run's goroutine; workers get values and give values; readers get copies. The methods
// for the API may be called from any goroutine: they write documents and wake Run.
//
// What it does not do: choose what is told (the feed's filler does), receive webhooks.
package webhook
