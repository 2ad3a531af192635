// Package desk is the socket of the people who work: agents take offers, calls and conversations over it, supervisors watch and listen.
//
// Nouns: a Person is who signed in at the HTTP door; a seat is what one agent has in hand (offers, items, calls), kept here so that a
// page that reloads is told all of it at once; a link is one page's socket. Rooms is what the desk asks of the rest of the house.
//
//	page ── frame ─► link ─ Rooms (calls, dispatcher, conversations)
//	rooms ── Offer, Item, Call, Message … ─► Server ─ seat ─► every link of the agent
//
// Every frame is a JSON object whose "t" names it. A page that connects gets a snapshot, then changes; a page that fell behind is closed
// and gets a snapshot again, so that what it shows is never stale and nothing is numbered. A request with an "id" is answered by ack or error
// with the same "re".
//
// A page that has asked for a story is told, within a second, that it goes on, and asks again.
//
// Obligations of the caller:
//  1. Handler is behind the HTTP door: Config.Person tells who asks, from a proven session only.
//  2. The methods of Rooms do not wait long: they run on the link's reader and hold up that one page only.
//  3. Server's methods may be called from any goroutine; they never wait.
//
// Ownership: a seat belongs to the Server under its lock, which is never held while anything is sent; a link's queue belongs to the link.
//
// What it does not do: route, call, store; know what SDP says.
package desk
