// Package node is this process among those that share a store: who of them owns the calls, where the others are, and how they
// know each other's requests.
//
// Nouns: a Node has a name and two addresses, for SIP and for HTTP; the Owner is the node that holds the lease "routing"; a Tenure
// is the time for which this node does. All nodes share one key, which lies in the store: who can read the store is trusted.
//
//	Await: ask for the lease ─ held by another ─► tell where the owner is, ask again
//	                         └ ours ─► Tenure ─► Keep: renew ─ somebody else has it ─► ErrDeposed
//
// Obligations of the caller:
//  1. Everything that an owner writes bears Tenure.Fence: what comes late from a deposed one is refused by the store.
//  2. Await again only after everything of the last tenure has ended.
//  3. Give the lease back with Release when an owner ends by wish: the next one need not wait until it runs out.
//
// A store that is gone ends no tenure: nobody else can take the lease either, and calls in progress go on. When it comes back, those
// who wait hold back for one TTL, so that the owner of before is first.
package node
