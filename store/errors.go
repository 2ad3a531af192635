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
)
