// Package phone is a small SIP telephone without a person: it registers, calls, is called, talks in tones and presses keys. The
// self-test calls with it, and tests break calls with it.
//
// Nouns: a Phone is one UDP socket with its calls; a Call is one dialog with its Audio; Audio sends a tone, measures what it
// hears and counts what it missed; a Ladder keeps every message in order.
//
// Obligations of the caller:
//  1. Close a Phone that was opened: it ends its sockets and goroutines, and says goodbye to nobody.
//  2. Take calls from Incoming: what finds no room there is refused as busy.
//  3. Give a context with an end to everything that waits.
//
// It reads and writes messages with the load generator's words (cmd/tandem-load/wire), not with the gateway's own rooms, so
// that a fault of theirs does not hide in it. What it holds to: retransmissions both ways (RFC 3261 §17, §13.3.1.4), ACK, CANCEL
// towards it, digest MD5, offers within a call answered with the same session, RFC 4733 keys.
//
// What it does not do: TCP, SRTP, codecs beyond µ-law, transfer, more than one early dialog.
package phone
