// Package peers tries this SMPP against an independent one, Kannel's: bearerbox and smsbox as the ESME of the built-in message centre,
// drive_smpp as the message centre of the client, alone and below the conversations. It holds tests only.
//
// Nouns: a box is a process of Kannel's; a proxy is the road that is cut at any moment; a bridge falls with what is on it, and with nothing
// of which the other side already knows.
//
// Obligations of the caller:
//  1. Debian's packages kannel and kannel-extras are installed; the tests fail where they are not.
//  2. Port 13001 of the loopback is free: drive_smpp looks for a bearerbox there and can be told no other.
//
// Ownership: a test ends the processes that it began.
//
// It does not test what package smpp's own tests test in virtual time.
package peers
