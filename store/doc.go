// Package store says what a store of Tandem must do; the rooms below do it (bolt on disk, redis for
// several processes, memory for tests).
//
// Nouns: a Batch is written by one batching writer (group commit) and answered by a Receipt; a Contact is resolved to a
// customer and a record; a WorkEntry is a line of the dispatcher's journal; a Binding is a registrar entry; a Token lets its bearer
// go on with a record elsewhere; a Document is a small value with compare-and-set; a lease has one holder and an epoch.
//
// The contract, checked by storetest:
//  1. A Receipt without error means durable: what it covers is there after kill -9 at any later moment.
//  2. A batch is all or nothing, and batches of one goroutine are applied in the order in which it handed them in.
//  3. Seq is gapless per record from 1; Order is gapless per domain from 1.
//  4. An event whose Key is known in its record is dropped and counted; its batch succeeds. Keys live as long as the record.
//  5. An event of an unknown record opens that record without a customer: nothing that was seen is lost. An
//     interaction-started event binds its interaction to its record for RecordOf.
//  6. Resolve follows the first match: token · thread · forced record · identities that are not shared · new customer; then an
//     open record of the same topic in its continuity window · one closed within journey.ReopenWindow · a new one.
//  7. Work gives the newest snapshot and every entry after it, and nothing twice.
//  8. Bindings past their end are never given; they are forgotten at leisure.
//  9. A full queue answers ErrBusy at once, and what was refused leaves no trace.
//  10. When the medium refuses (full, failing), every write in flight and every new one gets ErrUnhealthy, Health says
//     why, reads go on, and the store recovers by itself when the medium does. What was in flight may be there all the same: its
//     events and work entries, appended again as they were by the same process, are known for ten minutes and not written twice.
//  11. Close answers everything that was accepted; afterwards everything gets ErrClosed.
//  12. A token's last use has one winner. Using it again writes token-reused; only the hash of its text is stored.
//  13. A batch whose Once was written within OnceKept writes nothing and says so.
//  14. A document is written only over the version that the batch names, and a record changed only at the Seq that an update
//     names; else the whole batch gets ErrConflict.
//  15. A lease has one holder; its epoch grows with each new holder. A batch fenced by an epoch that is not the lease's, or
//     after a release, gets ErrFenced and leaves no trace. One that merely ran out still counts until somebody takes it.
//  16. Follow gives every event of the site, once, in one order, gapless from 1, for FeedKept events back.
//  17. Merges are edges: whatever their order, the lowest id that hangs together stands for all; undoing one restores what
//     was. A contact that proves identities of two customers together merges them; a mere claim never does.
//  18. After an erasure nothing personal of the customer can be read, from the store or from its files: each record and each
//     customer is sealed (AES-256-GCM) under a key of its own, and the keys are destroyed. Sealed are: the values of
//     journey.PersonalKey and all data of events of class personal and sensitive, attributes, names, languages, identities and
//     consents, and identities bound to tokens. Identities and threads are looked up by an HMAC under the site's key. Not
//     sealed: times, kinds, ids, actors, keys, topics and outcomes, other data of public-op events, work entries, bindings and documents.
//
// Obligations of the caller: (a) give values that nobody changes afterwards; (b) done neither blocks nor calls back into
// the store synchronously in a way that waits; (c) never put a secret into an event: only the fact that it was given, and nothing
// personal into an id, a key, an actor, a topic or an outcome; (d) the tail of Work neither writes to the
// store nor waits for anything.
//
// What it does not do: expire records by age, encrypt what its user puts into documents, bindings and the journal, or fold events
// into figures (see cdr and acd/report).
package store
