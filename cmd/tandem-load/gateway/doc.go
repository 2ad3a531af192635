// Package gateway starts the gateway under test and watches it from outside.
//
// Nouns: a Site is the configuration of a run; a Process is the running binary, pinned to a processor of its own with one
// scheduler thread's worth of Go; a Usage is what the kernel says it has used.
//
// Obligations of the caller:
//  1. Open the load's own sockets first: the Site names their addresses.
//  2. Stop the Process; its folder goes with it.
//  3. Reading processor time by thread misses threads that ended; Go ends none of its own.
//
// It is for Linux, on loopback.
package gateway
