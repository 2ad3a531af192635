// Package ws is the door for SIP over WebSocket (RFC 7118): an http.Handler that upgrades and attaches the connection to an
// endpoint, where it is a flow like any other.
//
//	GET /sip ─ subprotocol, origin, limit, token ─► upgrade ─► transport.Endpoint.Attach ─ frames ─► Receiver
//
// # Nouns
//
//   - Handler: the door, for one endpoint.
//   - Flow: what the endpoint makes of a connection, transport.WS or WSS.
//
// # Obligations of the caller
//
//  1. The server in front bounds the time for the head of a request (http.Server.ReadHeaderTimeout); from the upgrade on this
//     room sees to it.
//  2. Behind a proxy, Config.Remote says who the client is, from a header that the proxy alone can set: limits count by it.
//  3. The name that Config.Authenticate returns stands in Flow.User, and whoever serves the requests believes it.
//
// # Ownership
//
// The endpoint owns an attached connection. Each has one timer, for pings; a goroutine waits for a pong only while one is due.
//
// # What it does not do
//
// No TLS and no listener (the HTTP server's), no compression, no digest.
package ws
