// Package pdu reads and prints the protocol data units of SMPP 3.4 (the specification of 12 October 1999, issue 1.2) and nothing else:
// values in, values out.
//
// Nouns: a PDU is a header with a Body; a Message is the body of submit_sm and deliver_sm; a TLV is an optional parameter; an Address is a
// number with its type; a Receipt is the fate of a message as a deliver_sm tells it; a Fault is a body that cannot be read, with the
// status that answers it.
//
//	 0               4               8              12              16
//	+---------------+---------------+---------------+---------------+----------
//	| command_length| command_id    | command_status| sequence      | body
//	+---------------+---------------+---------------+---------------+----------
//	 big endian; the length counts the header
//
// Obligations of the caller:
//  1. After ErrLength the stream has no next PDU: answer generic_nack and close it.
//  2. After a *Fault the stream is still in step: answer with its Status and go on.
//  3. Sequence numbers are the caller's: 1 to 0x7FFFFFFF, an answer bears its request's.
//
// Ownership: everything is a value; a parsed PDU shares no memory with the Reader.
//
// It does not send, keep windows, know alphabets (package gsm) or hold any state but a Reader's buffer.
package pdu
