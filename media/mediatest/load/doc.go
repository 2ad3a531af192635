// Package load drives a relay or a player of RTP with many streams and measures what comes back: loss, added delay and
// evenness of pace, by the kernel's receive timestamps.
//
// Nouns: a Generator has two sockets, one for each side of all calls; a Process is the program under test, pinned to a
// processor of its own, whose CPU time is read from the scheduler; a Result is one measured window.
//
// Obligations of the caller:
//  1. Run from one goroutine; each run pins its thread to processor 0 while it lasts.
//  2. The program under test must keep payloads as they are: they carry the time of sending.
//
// It is for benchmarks only, on Linux, and panics where its own sockets fail.
package load
