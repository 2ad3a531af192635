// Package siptest holds what tests of signalling need: a network in memory that loses, delays, doubles and reorders as it is
// told, a user agent that follows a script, and a recorder that prints what went over the wire as a ladder. These run inside a
// testing/synctest bubble, in virtual time, and give the same result for the same seed. Machine needs none of that.
//
// # Nouns
//
//   - Network: addresses and what lies between them. ListenPacket, Listen and Dial give sockets on it.
//   - Fate: what happens to one datagram, decided by a hook or by chance.
//   - UA: raw text in and out at one address.
//   - Ladder: one line for each message: time, direction, first line, key facts; tags are named A, B, C as they appear.
//   - Machine: a state machine of package fsm with its names; Check holds what every machine owes.
//
// # Obligations of the caller
//
//  1. Network, UA and Ladder are made inside the bubble; addresses are literals.
//  2. Before the bubble ends, contexts are cancelled and UAs closed; retained transactions need 64·T1 to pass, or Layer.Close.
//  3. Golden files are written by `go test -update`, read in review, and never edited by hand. A package that wants the flag for
//     other goldens asks Update, it does not declare the flag again.
//
// # What it does not do
//
// No bandwidth, no fragmentation, no TLS. A connection loses nothing: only datagrams have fates.
package siptest
