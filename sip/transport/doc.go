// Package transport owns the signalling sockets: the road of a message from bytes to a parsed message, and back.
//
//	datagram:  read → admit (ACL, rate) → tap → mend → parse → Receiver        (one reader per socket, arrival order kept)
//	stream:    accept or dial → read → frame → tap → parse → Receiver          (one reader and one writer per connection)
//	frames:    Attach → admit → read → tap → mend → parse → Receiver           (the same; one message in a frame, RFC 7118)
//	local:     AttachLocal → Send → tap → mend → parse → Receiver              (in the peer's goroutine; no admission)
//	out:       Write(flow, bytes) → tap → datagram sent at once | queue of the connection | peer in this process
//
// # Nouns
//
//   - Endpoint: one listen address with its UDP socket, its TCP and TLS listeners, and every connection made from it.
//   - Flow: transport, local and remote address: where a message came from and where its answers go. That of a WebSocket or
//     of a peer in this process also bears who the peer has proven to be, and a number that no later one has: what is bound
//     to it fails once it is gone, and never reaches whoever has its address next.
//   - Receiver: who gets the messages; the transaction layer.
//
// # Obligations of the caller
//
//  1. Serve is called once, with the Receiver, and ends with its context; connections work only while it runs.
//  2. A Receiver must not block: it runs in the reader of its flow, and nothing else of that flow is read meanwhile.
//  3. A tap must copy what it keeps: the bytes are the reader's buffer.
//  4. Requests to a stream peer are preceded by Open, which dials when no connection is there; answers never dial.
//  5. What hangs on a flow (bindings, legs) is ended when OnFlowClosed tells that it is gone.
//  6. The bytes handed to Write belong to the endpoint until the message is sent; nobody writes into them again.
//
// # Ownership
//
// A socket has one reader goroutine, a connection one reader and one writer, a LOCAL flow none. The table of connections is guarded by one
// mutex that is held for a look-up only. A peer that does not read its connection fills its queue and loses the connection;
// nobody else waits for it.
//
// # What it does not do
//
// No transactions, no retransmissions, no name resolution. It uses the parser of sipgo but none of its transports: those
// keep an entry for every source address, dial on their own and hand connections to the wrong peer.
package transport
