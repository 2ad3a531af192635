// Package gsm knows the texts of short messages: the GSM 7 bit default alphabet with its extension table (3GPP TS 23.038 §6.2.1), UCS-2
// (sent as UTF-16, so that emoji survive), the user data header (3GPP TS 23.040 §9.2.3.24) and how a long text is cut and put together.
//
// Nouns: a Text is a string in the alphabet it needs; a Part is what one message carries of it; a Count tells a writer how many messages
// a text takes; a Piece is a received part with its place; a Reassembler puts pieces together, in any order, within bounds.
//
// Obligations of the caller:
//  1. Choose one reference number per long text and destination, and do not use it again soon.
//  2. Give the Reassembler one goroutine, and the time of each call; ask Expire at Deadline.
//  3. Keep a Piece that was acknowledged durably until its whole is: a Reassembler is memory.
//
// Ownership: everything but a Reassembler is a value.
//
// It does not pack septets into octets (SMPP carries one septet in an octet), know languages' shift tables, or hold PDUs.
package gsm
