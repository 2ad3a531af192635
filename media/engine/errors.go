package engine

import "errors"

// What can go wrong with a command; the text goes into the Err field of its event.
var (
	errUnknownStream    = errors.New("unknown stream")
	errUnknownRecording = errors.New("unknown recording")
	errNothingToPlay    = errors.New("nothing to play")
	errTooManyItems     = errors.New("more than 256 items")
	errCodec            = errors.New("the stream's codec cannot be generated")
	errNoBrowser        = errors.New("this engine has no browser streams")
)

// Errors of opening a port pair.
var (
	errNoPorts   = errors.New("port range used up")
	errAddresses = errors.New("too many local addresses")
)
