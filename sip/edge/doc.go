// Package edge is the door of a node that does not own the calls of its site: a stateless proxy (RFC 3261 §16.11) between the
// phones and carriers at this node and the one node that does. When this node becomes the owner itself, the same sockets and
// connections lead to its own transaction layer.
//
//	phone, carrier ─► Receive ─► Via, Path or Record-Route, source ─► the owner, over TCP
//	owner ─► Receive ─► token of its Route ─► the flow of the phone
//	answers ─► token of our Via ─► back where the request came from
//
// # Nouns
//
//   - Owner: the node with the calls; an address, unknown for the seconds between the death of one and the next.
//   - Token: a flow of this node as text, signed with the key of the site: in Path (RFC 3327) and Record-Route it leads to a phone,
//     in Via it leads back. It outlives a restart of the node as far as the flow does, which is so for UDP.
//   - Source: the header in which a node tells the owner where a request really came from, signed with the same key: a carrier is
//     known by its address, and wrong passwords are counted against who sent them.
//
// # Obligations of the caller
//
//  1. Every node of a site is given the same key, and nobody else has it.
//  2. Each endpoint is served with its Receiver, once, for as long as the process lives.
//  3. Each node has an endpoint with TCP: requests between nodes, and between them only, are larger than a datagram may be.
//  4. The owner asks Source of each request that it believes an address of, and takes a Path from no request that has none.
//
// # Ownership
//
// An Edge has no goroutine and keeps nothing of a message: it works in the readers of its endpoints. What is lost between two nodes
// is sent again by its sender, for every node computes the same branch for the same request.
//
// # What it does not do
//
// No audio: phones at any node exchange RTP with the owner. No forking, no authentication, no limits: the owner has them.
package edge
