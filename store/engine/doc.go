// Package engine is the store's logic over any ordered key-value medium with transactions: the one batching writer, the
// assignment of numbers, duplicate suppression, resolution and reads. bolt, redis and memory give it a medium.
//
// Nouns: a Medium commits transactions durably; a Tx reads and writes buckets; an op is a queued write; a group is what one
// transaction commits; a doubt is a group that was refused and may be written.
//
//	Append, Resolve ─► queue (bounded by entries and bytes) ─► writer: take a group ─► apply each op ─► commit ─► done
//
// A medium that other processes write to (Remote) runs an Update again when what it read has changed; then the engine remembers
// nothing from one group to the next, and applies every op anew.
//
// Obligations of the caller:
//  1. Give the Medium to one Engine only, and close the Engine, not the Medium.
//  2. Keep the obligations of package store.
//
// Ownership: the writer goroutine owns every write, the head cache and the numbers; it begins in New and Close waits for its
// end. Readers use transactions of their own and never wait for the writer.
//
// What it does not do: know files, or decide when a medium is worth reopening beyond "after a failed commit".
package engine
