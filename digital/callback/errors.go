package callback

import "errors"

// What Post and Request may answer.
var (
	// ErrBusy says that the mailbox is full: the event was not taken.
	ErrBusy = errors.New("callback planner mailbox full")
	// ErrStopped says that the planner has ended.
	ErrStopped = errors.New("callback planner stopped")
)

// RefusedError says why a request was refused: one of the Refused reasons.
type RefusedError struct{ Reason string }

// Error is the reason.
func (e RefusedError) Error() string { return "callback refused: " + e.Reason }
