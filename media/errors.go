package media

import "errors"

// Errors of Engine.Do.
var (
	ErrBusy   = errors.New("media engine: mailbox full")
	ErrClosed = errors.New("media engine: closed")
)
