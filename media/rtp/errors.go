package rtp

import "errors"

// Errors of Parse and Compound.Parse. All mean that the bytes are to be dropped and counted.
var (
	ErrShort   = errors.New("rtp: packet too short")
	ErrVersion = errors.New("rtp: version is not 2")
	ErrPadding = errors.New("rtp: padding longer than the packet")
	ErrShape   = errors.New("rtp: lengths inside the packet do not fit")
	ErrType    = errors.New("rtp: compound does not begin with a report")
)
