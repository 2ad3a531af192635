// Package engine is the media engine: it owns the RTP sockets, relays and plays audio, sends and detects DTMF, latches,
// records, and reports. It speaks the values of package media. Linux only: it is built on epoll, eventfd and timerfd.
//
// Nouns: an Engine has workers, one per core; a worker owns streams, its own epoll set and one clock; a plan says where
// the packets of a stream go; a latch decides whose packets are heard; a speaker is what we send of our own accord
// (playback, digits, what it listens to); an ear is the audio of one stream on its way to another that listens (monitor.go);
// a guard (media/srtp) opens what comes from a socket and seals what goes to it, where a stream has keys.
//
//	socket ─► recv ─► latch (source) ─► rtp.Parse ─► payload type ─► rtp.Source (statistics) ─┬► plan ─► rewrite ─► send
//	                                                                                          ├► digits, detector
//	timerfd ─► wheel slot ─► speaker ─► frame ─► send                                         ├► recording tap
//	                                                                                          └► ear ─► speaker of who listens
//
// Obligations of the caller:
//  1. Run Serve once; Close ends it. Without Serve nothing is answered.
//  2. Read Events until it is closed. While events wait unread, commands are not taken and Do answers ErrBusy.
//  3. Close every stream and stop every recording.
//  4. Give a port range of which nothing else on the machine binds.
//
// Ownership: each stream belongs to one worker's goroutine, and streams of a bridge to the same worker (Connect moves one
// of them where needed), so the packet path has no lock and no allocation. Commands reach a worker through its bounded
// mailbox and are done between two packets.
//
// Choices that the contract leaves open:
//   - A relayed packet keeps the sender's framing; only what we play has the negotiated ptime.
//   - A digit that a peer sends as telephone-event to a side that did not negotiate it is played there as a tone of 100 ms.
//   - Without Symmetric, packets are heard from the SDP address only (any port, the first that sends 3 good packets,
//     until then only the SDP port). With it, anybody who sends 3 consecutive good packets is learned, after a Configure or a
//     long silence, but never while the one talks who is heard already or who sits at the SDP's address and port.
//   - Who listens hears at most 128 ms late, and nothing of music, prompts or digits played to those he listens to: only what
//     their peers say. At most 4 listen to one stream.
//   - Comfort noise (payload type 13) is relayed between sides that both accept it, else absorbed.
//   - Commands about unknown streams are answered by the failing event where there is one, else ignored and counted.
//
// What it does not do: agree on keys, know SDP, mix the audio of a bridge, or buffer against jitter where nobody listens.
package engine
