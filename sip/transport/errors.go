package transport

import "errors"

var (
	// ErrNoFlow: there is no connection to the peer, and answers do not dial one.
	ErrNoFlow = errors.New("no connection to the peer")
	// ErrNotServed: the endpoint has no socket of that transport, or Serve does not run.
	ErrNotServed = errors.New("transport not served")
	// ErrSlowPeer: the queue of the connection was full; the connection is closed.
	ErrSlowPeer = errors.New("peer does not read its connection")
	// ErrPeerName: there is a connection to that address, but its peer has not proven the name asked for.
	ErrPeerName = errors.New("connection of another name")
	// ErrNoCertificate: an endpoint for TLS was configured without a certificate to show.
	ErrNoCertificate = errors.New("no certificate to show")
	// ErrTooLarge: the message does not fit into a datagram, or is above the limit for a frame.
	ErrTooLarge = errors.New("message too large")
	// ErrFull: no more connections are taken.
	ErrFull = errors.New("connection limit reached")
	// ErrTaken: there is a connection with the same addresses.
	ErrTaken = errors.New("second connection with the same addresses")
	// ErrFraming: a stream lost its message boundaries.
	ErrFraming = errors.New("no message boundary in the stream")
	// ErrRate: the peer of an accepted connection sent more than its source may.
	ErrRate = errors.New("peer sends too fast")
	// ErrIdle: nothing was received in time.
	ErrIdle = errors.New("connection idle")
)
