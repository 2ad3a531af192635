package access

import (
	"errors"
	"time"
)

// What signing in may answer. Which of user and password was wrong is told to nobody.
var (
	ErrLogin    = errors.New("user or password is wrong")
	ErrDisabled = errors.New("the user is disabled")
)

// What the door may answer to proofs that are presented.
var (
	ErrProof   = errors.New("the token or session is unknown or over")
	ErrNoProof = errors.New("nobody has proven to be anybody")
	ErrLink    = errors.New("the link was used or is over")
)

// What changes may answer beside ErrNotFound and ErrVersion.
var (
	ErrInvalid = errors.New("not valid")
	ErrExists  = errors.New("exists already")
	ErrLast    = errors.New("the last admin cannot go")
	ErrFull    = errors.New("limit reached")
)

// BusyError says to come again later: too many attempts, or no room to hash.
type BusyError struct {
	Why   string
	After time.Duration
}

// Error is the reason.
func (e *BusyError) Error() string { return e.Why }
