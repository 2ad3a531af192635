package record

import "errors"

// Errors of a Recorder.
var (
	ErrTooMany = errors.New("too many recordings at once")
	ErrClosed  = errors.New("recorder closed")
)

// Errors of Repair.
var ErrNotOurs = errors.New("not a recording")
