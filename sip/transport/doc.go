// Package transport owns the signalling sockets: the road of a message from bytes to a parsed message, and back.
//
//	datagram:  read → admit (ACL, rate) → tap → mend → parse → Receiver        (one reader per socket, arrival order kept)
//	stream:    accept or dial → read → frame → tap → parse → Receiver          (one reader and one writer per connection)
//	out:       Write(flow, bytes) → tap → datagram sent at once | queue of the connection
//
// # Nouns
//
//   - Endpoint: one listen address with its UDP socket, its TCP and TLS listeners, and every connection made from it.
//   - Flow: transport, local and remote address: where a message came from and where its answers go.
//   - Receiver: who gets the messages; the transaction layer.
//
// # Obligations of the caller
//
//  1. Serve is called once, with the Receiver, and ends with its context; connections work only while it runs.
//  2. A Receiver must not block: it runs in the reader of its flow, and nothing else of that flow is read meanwhile.
//  3. A tap must copy what it keeps: the bytes are the reader's buffer.
//  4. Requests to a stream peer are preceded by Open, which dials when no connection is there; answers never dial.
//  5. The bytes handed to Write belong to the endpoint until the message is sent; nobody writes into them again.
//
// # Ownership
//
// A socket has one reader goroutine, a connection one reader and one writer. The table of connections is guarded by one
// mutex that is held for a look-up only. A peer that does not read its connection fills its queue and loses the connection;
// nobody else waits for it.
//
// # What it does not do
//
// No transactions, no retransmissions, no name resolution. It uses the parser of sipgo but none of its transports: those
// keep an entry for every source address, dial on their own and hand connections to the wrong peer.
package transport
