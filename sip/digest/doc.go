// Package digest holds both sides of HTTP Digest authentication as SIP uses it: RFC 3261 §22, RFC 7616 and RFC 8760.
//
// Nouns: a Challenge is one WWW-Authenticate or Proxy-Authenticate value; Credentials are its answer; an HA1Set is what is
// stored of a password; a nonce is a stateless, signed stamp; a Verdict is what the server side says about a request.
//
// Obligations of the caller:
//  1. Never verify ACK or CANCEL: neither can be challenged (RFC 3261 §22.1).
//  2. Give NewServer a secret of at least 32 random bytes that no other process uses: replay windows are not shared.
//  3. Users must answer in the same time for known and unknown names; the rest of the check does.
//  4. Use the name in Verdict.User, not the From header, for every decision about who is asking.
//  5. On the client side raise CSeq and take a new branch before the request that Authorize changed is sent again, and give
//     up after three challenges of one request.
//  6. Set the Request-URI before Authorize or Prepare: its text is part of the hash.
//
// Ownership: Server and Client are safe for use from several goroutines; each guards a small bounded table by a mutex that is
// never held across anything that waits. All other functions are pure. Time is always an argument.
//
// It does not send, log, store users, or speak Basic; it never keeps a plain password on the server side. Of the quality of
// protection the server asks "auth" only; the client also answers "auth-int" when nothing else is offered.
package digest
