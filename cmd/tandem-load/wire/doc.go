// Package wire writes and reads SIP messages as bytes, cheaply: just enough of RFC 3261 for a load generator that is both ends
// of its calls. It is a second reading of the RFC on purpose: it shares nothing with the gateway's own parser, so that a
// fault of the one does not hide in the other.
//
// Nouns: a Message is what was read; a Request is what is to be written; a Challenge is answered with digest MD5.
//
// Obligations of the caller:
//  1. Hand Parse one whole datagram. Strings of the Message share one copy of it; the buffer may be used again at once.
//  2. Give a Request every field that its method needs; nothing is filled in.
//
// It keeps no state, opens nothing and knows neither transactions nor dialogs.
package wire
