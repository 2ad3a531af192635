package store

import "errors"

// Answered at the door: nothing was written.
var (
	ErrBusy      = errors.New("store: queue full")
	ErrClosed    = errors.New("store: closed")
	ErrUnhealthy = errors.New("store: cannot write")
	ErrInvalid   = errors.New("store: invalid batch")
)

// Answered while reading or applying.
var (
	ErrNotFound = errors.New("store: not found")
	ErrLimit    = errors.New("store: limit reached")
	ErrCorrupt  = errors.New("store: unreadable entry")
	ErrConflict = errors.New("store: changed by somebody else")
	ErrFenced   = errors.New("store: lease is no longer held")
	ErrHeld     = errors.New("store: lease is held by somebody else")
	ErrUsed     = errors.New("store: token cannot be used")
	ErrErased   = errors.New("store: customer was erased")
	ErrGone     = errors.New("store: older than what is kept")
)
