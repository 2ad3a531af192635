// Package feed gives the journal to outsiders: CloudEvents 1.0 in JSON, as server-sent events that resume exactly.
//
// Nouns: a Feed is the journal in one total order, an Event is one entry with its cursor, an Envelope the same event as CloudEvents has it,
// a Filter what a reader wants, a Stream one reader's connection; Followed is a Feed over a store that pushes its journal.
//
// Obligations of the caller:
//  1. Feed.After gives the same events for the same cursor until it answers ErrGone, and never skips one.
//  2. Feed.Changed is closed after the event can be read, not before.
//  3. The handler stands behind the HTTP door: who may read is decided there.
//
// Ownership: a stream belongs to the goroutine of its request and keeps no more than one batch of events; the feed is shared and only read.
//
// FromJourney leaves out what is personal: who may know it reads the record.
//
// What it does not do: keep events (the source does), push to servers (see webhook).
package feed
