// Package webchat is the visitor's door: the WebSocket that a widget holds while its panel is open, and the attachments beside it.
//
//	GET  <path>            WebSocket, JSON text frames, protocol version 1
//	POST <path>/attachment a file, body as it is, name in ?name=, Authorization: Bearer <session token>
//	GET  <path>/attachment/<ref> the same way back
//	POST <path>/session, GET <path>/stream, POST <path>/frame: the same frames where WebSocket does not get through (stream.go)
//
// A frame is an object; t names it. The visitor's: hello (first, within ten seconds) · msg.send {id} · typing · read {seq} · got {seq} ·
// call · bye · ping, and rtc.* and call.*, which go to the Caller. Ours: welcome {token} · msg.ack {id, seq} or msg.refused {id, code}
// · msg.new · msg.progress · state · typing · position · presence · error {code} · pong, and what Tell is given.
// hello {token, after} resumes: everything behind sequence after follows, each message once, in order, without a gap.
//
// Nouns: Room (all sockets), socket (one page), Session (what a token stands for), Caller (who takes rtc.* and call.*).
//
// Obligations of the caller:
//  1. Run Serve while the Handler serves; Close ends both.
//  2. Sessions and Files may wait as long as their context; Caller never waits.
//  3. Config.Origins names every foreign page whose scripts may connect; our own is always allowed.
//  4. Config.Address tells the visitor's address where a proxy stands before us.
//
// Ownership: a socket's reader is one goroutine; its writer lives while there is something to write. The room's map is guarded by a
// lock that is held for one look-up.
//
// What it does not do: keep conversations (package digital), escape texts (the page does), carry audio.
package webchat
