// Package store says what a store of Tandem must do; the rooms below do it (bolt on disk, memory for tests).
//
// Nouns: a Batch is written by one batching writer (group commit) and answered by a Receipt; a Contact is resolved to a
// customer and a record; a WorkEntry is a line of the dispatcher's journal; a Binding is a registrar entry.
//
// The contract, checked by storetest:
//  1. A Receipt without error means durable: what it covers is there after kill -9 at any later moment.
//  2. A batch is all or nothing, and batches of one goroutine are applied in the order in which it handed them in.
//  3. Seq is gapless per record from 1; Order is gapless per domain from 1.
//  4. An event whose Key is known in its record is dropped and counted; its batch succeeds. Keys live as long as the record.
//  5. An event of an unknown record opens that record without a customer: nothing that was seen is lost. An
//     interaction-started event binds its interaction to its record for RecordOf.
//  6. Resolve follows the first match: forced record · identities that are not shared · new customer; then an open record of
//     the same topic in its continuity window · one closed within journey.ReopenWindow · a new one.
//  7. Work gives the newest snapshot and every entry after it, and nothing twice.
//  8. Bindings past their end are never given; they are forgotten at leisure.
//  9. A full queue answers ErrBusy at once, and what was refused leaves no trace.
//  10. When the medium refuses (full, failing), every write in flight and every new one gets ErrUnhealthy, Health says
//     why, reads go on, and the store recovers by itself when the medium does.
//  11. Close answers everything that was accepted; afterwards everything gets ErrClosed.
//
// Obligations of the caller: (a) give values that nobody changes afterwards; (b) done neither blocks nor calls back into
// the store synchronously in a way that waits; (c) never put a secret into an event: only the fact that it was given; (d) the tail of Work neither writes to the
// store nor waits for anything.
//
// What it does not do: expire records by age, encrypt, or fold events into figures (see cdr and acd/report).
package store
