// Package redis is the store on a Redis server, shared by every process of a site.
//
// Nouns: Open gives a store.Store; the medium turns the engine's transactions into one Lua script each; a commit has a number,
// so that it may be sent again after a lost connection and is applied once.
//
//	group of writes ─► reads, pipelined, or remembered ─► one EVALSHA: is everything still as it was read? then write all of it
//
// What was read is compared inside the script (compare-and-set); if another process was faster, the group is decided again
// from fresh reads. So every rule of the engine holds between processes too: gapless numbers, one last use of a token, one
// holder of a lease, a fenced batch. All keys of a site carry one hash tag and live on one node of a cluster.
//
// Layout, with {site} before each: a hash for each bucket of values (heads, records, identities, …), a sorted set of its keys
// where it is scanned, a stream for each journal (events of a record, work of a domain, feed) whose entry ids are the numbers.
//
// Obligations of the caller:
//  1. Run the server with --appendonly yes and a noeviction policy; another policy is refused. A receipt means durable as far
//     as the server was told: with appendfsync always it is there after any end of the server, with everysec the last second may be
//     missing after a power cut or kill -9 of the server (not of this process). Open says in the log which one it is.
//  2. After an erasure, let the rewriting of the append-only file that it starts come to its end: until then the destroyed key
//     still stands in the file's history. Backups of the file are the operator's.
//  3. Give clocks that run evenly; leases are judged by the server's.
//
// While the server is gone, writes wait for Config.Patience and are then refused with ErrUnhealthy, as reads are; what was in
// flight at that moment may have become durable all the same, which the engine finds out. The store recovers by itself.
//
// Ownership: the engine's writer owns the transactions that write and the memory of values; readers have their own.
//
// What it does not do: give a reader one consistent moment over several round trips, spread a site over several nodes, or keep
// less than everything in the server's memory.
package redis
