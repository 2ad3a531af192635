// Package audio is the RTP side of the load's callers and agents: it sends 50 packets a second for each stream, presses keys
// by RFC 4733, and counts what comes, packet by packet, by its sequence number.
//
// Nouns: a Bank is one socket with all streams of a side; a Stream is one call's; a Tally is what one stream received.
//
// Obligations of the caller:
//  1. Everything runs on the goroutine of the ua.Loop that the Bank was made with.
//  2. Close a Stream when its call ends, before the gateway may give its port to another call.
//
// A stream is known by the gateway's address and port, since all of a bank share one socket. It plays nothing that could be
// heard and understands no audio.
package audio
