// Package srtp protects the packets of a stream (RFC 3711, RFC 7714), whoever agreed on the keys: SDP or DTLS.
//
// Nouns: a Guard holds the keys of both directions; it seals what we send and opens what the peer sends, RTP and RTCP alike.
//
// Obligations of the caller:
//  1. Seal belongs to one goroutine, Open to one, which may be another.
//  2. A Guard lives as long as its keys: its counters of packets go on over everything else that changes on a stream.
//
// No call allocates, but for the first packets of a source that is not known.
package srtp
