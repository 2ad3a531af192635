// Package acd decides who serves whom: queues, work items, offers and agents, and the one dispatcher that owns them all.
//
// Nouns: an Item is what is routed (a call, callback, chat or message: the core is channel-blind, media differ by
// configuration only). It is dormant (a callback before its time), waits in a queue, is offered to one agent at a time (an
// offer is named by OfferID: item and epoch), is connected, active, parked (an idle thread) or waking, in wrap-up, and ends
// in exactly one outcome. Named agents (sticky, transferred to, lost) are asked alone at first. State is the deterministic
// core: Step takes an event and the time and returns journal entries and effects. Dispatcher is the owner: one goroutine,
// one bounded mailbox, one timer. Journal makes entries durable, Connector performs effects; one that is a Watcher too is
// told of changes and rejections.
//
// Obligations of the caller:
//  1. Call Dispatcher.Run once; it alone touches the State. Everything else calls Post, which never waits.
//  2. Connector methods never wait and never call back into the dispatcher other than by Post. They run in journal order.
//  3. Journal.Append keeps order and calls done exactly once per call, from any goroutine.
//  4. A connected item is followed by MediaUp within the connect timeout, or by Decline with reason fail.
//  5. A customer who goes is reported by Leave before the item is active and by End afterwards (Leave is taken for both).
//  6. CustomerSpoke and AgentSpoke tell who has written; without them no reply is missed and no thread parked by silence.
//     An attempt to reach a callback's customer ends in MediaUp or Unreached.
//  7. Item IDs are unique for ever; a reused ID of a live item is refused as duplicate.
//  8. After a restart, give the journal and the items whose legs live on by Restore before the first other event, then say which
//     phones and desks are there: none is before.
//
// Ownership: State and all that it points to belong to the dispatcher's goroutine; views and images are copies.
//
// What it does not do: ring phones, play prompts, evaluate hours, store anything, run timers of its own outside the
// dispatcher, ring several agents for one item, dial customers (see digital/callback).
package acd
