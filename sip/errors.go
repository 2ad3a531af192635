package sip

import "errors"

var (
	// ErrMalformed: a header value could not be read.
	ErrMalformed = errors.New("malformed header value")
	// ErrAbsent: the message has no header of that name.
	ErrAbsent = errors.New("header absent")
	// ErrNoSDP: a body was read but holds no session description.
	ErrNoSDP = errors.New("no session description in the body")
)
