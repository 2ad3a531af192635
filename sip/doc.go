// Package sip holds the signalling words that every room below it shares: methods, status codes, typed views of headers,
// URIs, identifiers and the checks of a received request. It is pure: values in, values out, no socket, goroutine or clock.
//
// # Nouns
//
//   - Message, Request, Response, Header, URI: the message model, parsed once at the socket.
//   - A view (NameAddr, Via, Reason, SessionExpires, RAck, Replaces, …) is read from header text when somebody asks for it,
//     leniently: case of names, blanks, quoting and empty parameters as RFC 3261 §7.3.1 and §25.1 allow them.
//   - LenientParsers is the header map that the transport room gives to the parser: a header that cannot be read becomes a
//     header of plain text and never costs the message or its connection.
//   - Policy.Validate says what a received request deserves before anybody looks at its meaning (RFC 3261 §8.2, §16.3).
//
// # Obligations of the caller
//
//  1. Every text that comes from outside SIP (an API, a flow, a customer record) goes through Clean before it enters a header.
//  2. Messages are read-only once they were handed on; an answer is built with NewResponse, never by cloning and editing.
//  3. A view returned by value may be kept; the strings in it point into the message text.
//  4. Contact is read with Contacts, never with the message's own accessor: that one knows single values only.
//  5. Route and Record-Route are read with NameAddrs and written back from NameAddr.Raw, so that no parameter is lost.
//
// # Ownership
//
// Nothing here has state. All functions may be called from any goroutine on messages that nobody writes.
//
// # What it does not do
//
// No sockets (sip/transport), no transactions (sip/transaction), no dialogs (sip/dialog), no SDP (media/sdp).
package sip
