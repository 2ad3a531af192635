package api

import "errors"

// What a room may answer. Wrap one of them around what is wrong in words for the integrator: fmt.Errorf("queue %q: %w", name, ErrNotFound).
// The text is shown; it holds nothing secret. For a hint what to do, and for the place of the fault, use Refuse.
var (
	ErrNotFound = errors.New("not found")            // 404
	ErrInvalid  = errors.New("not valid")            // 422
	ErrConflict = errors.New("not possible now")     // 409: the state forbids it
	ErrVersion  = errors.New("changed meanwhile")    // 412: If-Match does not match
	ErrDenied   = errors.New("not allowed")          // 403
	ErrBusy     = errors.New("too much at once")     // 503 with Retry-After: nothing was done
	ErrDown     = errors.New("not available")        // 503 with Retry-After: a part that is needed is down, nothing was done
	ErrMissing  = errors.New("not part of this set") // 501: the room is not configured
)

// refusal is an error with its place and a hint.
type refusal struct {
	err       error
	where, do string
}

// Refuse adds to an error where the fault is ("body.number") and what to do about it. Either may be empty.
func Refuse(err error, where, do string) error { return &refusal{err, where, do} }

// Error is the text of the error.
func (r *refusal) Error() string { return r.err.Error() }

// Unwrap gives the error.
func (r *refusal) Unwrap() error { return r.err }
