// Package webrtc lets browsers be the far end of ordinary streams. A Gate decorates a media.Engine: it answers the browser
// commands itself and hands everything else through.
//
//	browser ═ one UDP port ═ STUN ─► ICE-lite answer, the address is known
//	                         DTLS ─► handshake ─► keys
//	                         SRTP ─► open in place ─► elbow ─► the stream's port of the inner engine
//	browser ◄ seal ◄ elbow ◄───────────────────────────────── RTP and RTCP of the inner engine
//
// Nouns: a leg is a browser stream; a link is one browser connection (one RTCPeerConnection over there), of which a leg has
// one in force and at most one on its way; the port is the public UDP socket of all browsers; the elbow is the loopback socket
// towards all streams of the inner engine, told apart by the engine's port; the table says which link has an address or a name.
//
// Relay, prompts, digits, recording and quality are the inner engine's, which sees plain RTP: SSRC, numbers and payload types
// cross unchanged, and RTCP too, so that its figures (loss, round trip) are those of the browser.
//
// Obligations of the caller:
//  1. Run Serve once, and the inner engine's own Serve; give the inner engine no commands and read no events beside the Gate.
//  2. Read Events until it is closed. While events wait unread, commands are not taken and Do answers ErrBusy.
//  3. Wait for Linked before playing to a browser stream: what is sent before goes nowhere.
//  4. Give an Advertise address that browsers reach; nothing is asked of a STUN or TURN server. On a host with several addresses
//     Listen on the one that answers shall come from.
//  5. Take Linked as it is: a page that is reloaded says goodbye first (down), and its Describe follows when it is back.
//
// Ownership: the goroutine of Serve owns legs, links and all that SDP says. One goroutine reads the port and owns all that opens
// packets, one reads the elbow and owns all that seals. A link costs further goroutines only for its DTLS connection.
//
// Limits: streams (OpenFailed), SDP of 32 KB, the time of a handshake, addresses and sources per link, packets of a handshake
// that wait. A link that was not heard for LostAfter gets nothing any more until it is heard again (RFC 7675).
//
// What it does not do: no video, no data channels (their sections are refused), no Opus, no trickle, no full ICE, no TURN, no
// jitter buffer.
package webrtc
