package softphone

import "errors"

// What a command can be refused for.
var (
	// ErrClosed: the phone or its set is closed.
	ErrClosed = errors.New("phone closed")
	// ErrBusy: the mailbox of the phone is full.
	ErrBusy = errors.New("phone busy")
	// ErrConfig: an option is missing or cannot stand in a message.
	ErrConfig = errors.New("phone misconfigured")
	// ErrHeader: a header that does not begin with X-, or too many.
	ErrHeader = errors.New("header not allowed")
	// ErrAddress: text that cannot be dialled.
	ErrAddress = errors.New("address not fit to dial")
	// ErrDigit: not one of 0-9, *, #, A-D.
	ErrDigit = errors.New("no such key")
	// ErrPhones: no more phones are taken.
	ErrPhones = errors.New("phone limit reached")
)

// What a phone can end with.
var (
	// ErrFlow: the gateway dropped the flow.
	ErrFlow = errors.New("flow to the gateway lost")
	// ErrOwner: the events were not read.
	ErrOwner = errors.New("events not read")
	// ErrOverflow: more came from the gateway than the mailbox holds.
	ErrOverflow = errors.New("mailbox overflow")
)
