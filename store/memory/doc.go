// Package memory is a store that lives as long as its process: for tests, simulations and `demo` without a folder.
//
// Nouns: a Disk is what would be the file; Open gives a store.Store over it, and the same Disk may be opened again after
// Close; Break makes its writes fail as a full disk would.
//
// Obligations of the caller:
//  1. Open a Disk once at a time.
//  2. Expect nothing after the process ends.
//
// Ownership: a Disk's maps are guarded by one lock, held for one transaction; nothing in a transaction waits.
//
// What it does not do: hold millions of entries well. An insert in the middle moves what follows it.
package memory
