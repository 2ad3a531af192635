package smpp

import "errors"

// Answered by Submit: the submission was not taken.
var (
	ErrFull   = errors.New("submission queue full")
	ErrClosed = errors.New("client closed")
)
