package b2bua

import "errors"

// Errors of Order and Originate.
var (
	ErrNoCall   = errors.New("no such call")
	ErrBusy     = errors.New("call is too busy to take commands")
	ErrNotNow   = errors.New("not possible now")
	ErrNoTarget = errors.New("no such target")
	ErrDraining = errors.New("no new calls: shutting down")
	ErrFull     = errors.New("no new calls: limit reached")
)
