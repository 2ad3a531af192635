package transaction

import "errors"

// What a client transaction can end with instead of a response.
var (
	// ErrTimeout: no final response in time (Timer B or F), to be read as 408 (RFC 3261 §8.1.3.1).
	ErrTimeout = errors.New("transaction timed out")
	// ErrTransport: the request could not be sent or its connection is gone, to be read as 503 (RFC 3261 §8.1.3.1).
	ErrTransport = errors.New("transaction lost its transport")
)

// What a server transaction can suffer.
var (
	// ErrAnswered: a final response went out already, maybe the 487 of a CANCEL.
	ErrAnswered = errors.New("transaction has its final response")
	// ErrUnanswered: the watchdog answered for a user that did not.
	ErrUnanswered = errors.New("request was not answered in time")
	// ErrNoAnswer: an ACK is never answered.
	ErrNoAnswer = errors.New("an ACK takes no response")
)

// What the caller can do wrong.
var (
	// ErrLocal: the message given to the layer breaks the rules of this room.
	ErrLocal = errors.New("message not fit to send")
	// ErrClosed: the layer is closed.
	ErrClosed = errors.New("transaction layer closed")
)
