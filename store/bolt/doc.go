// Package bolt is the store on one bbolt file: durable, embedded, one process at a time.
//
// Nouns: Open gives a store.Store whose file is locked until Close; beside it, "<file>.keys" holds the data keys, 32 bytes each,
// written over in place when one is destroyed: bbolt would leave it in its free pages.
//
// Obligations of the caller:
//  1. Put the file on a local disk that keeps what fdatasync was told; a network file system does not.
//  2. Close the store before the process ends, where possible; after kill -9 everything acknowledged is there all the same.
//  3. Keep file and key file together, in backups too, and let backups of the key file grow no older than erasures may: a copy of
//     both from before an erasure still holds what was erased. Without the key file Open refuses.
//
// Ownership: the engine's writer is the only writer. Readers see consistent snapshots and never wait for it.
//
// What it does not do: replicate, compact (the file keeps its largest size), or share the file between processes.
package bolt
