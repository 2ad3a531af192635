// Package rtp reads and rewrites RTP and RTCP packets in place (RFC 3550, RFC 5761), without allocating.
//
// Nouns: a Packet is a checked view of the bytes of one RTP packet; a Sender numbers everything that one of our streams
// sends, whether it is relayed or generated; a Source is the statistics of what a peer sends us; a Compound is one RTCP
// compound packet; NTP is a 64-bit NTP timestamp.
//
// Obligations of the caller:
//  1. A Packet and all slices taken from it live as long as the buffer that was parsed, and no longer.
//  2. Sender and Source belong to one goroutine each (the writer and the reader of a stream); nothing here locks.
//  3. Times are durations since any fixed moment on a monotonic clock; they never go back.
//  4. Check the source address before Parse, and the payload type after it: neither is done here.
//
// It has no sockets, no SRTP and no jitter buffer.
package rtp
