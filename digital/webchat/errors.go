package webchat

import (
	"errors"

	"tandem/digital"
)

// What Sessions and Files answer.
var (
	ErrNoSession = errors.New("no such session")
	ErrNoFile    = errors.New("no such file")
	ErrBusy      = errors.New("sessions cannot be read or written now") // nothing is said about the session: again later
)

// Codes of error and msg.refused frames: what a page can act upon. Texts for people stand in the page.
const (
	CodeBadFrame = "bad_frame" // not understood
	CodeHello    = "hello"     // hello must come first
	CodeSession  = "session"   // the token is unknown or over: hello without it
	CodeClosed   = "closed"    // the conversation is over: hello with fresh
	CodeRate     = "rate"      // too fast: again after retry milliseconds
	CodeBusy     = "busy"      // again after retry milliseconds, with the same id
	CodeFull     = "full"      // no room for another conversation
	CodeInvalid  = "invalid"   // empty, or of a wrong form
	CodeTooLong  = "too_long"
	CodeFile     = "file" // the attachment is unknown
	CodeInternal = "internal"
)

// codeOf is the code of an error of the hub, and whether a repeat can help.
func codeOf(err error) (code string, again bool) {
	switch {
	case errors.Is(err, digital.ErrClosed):
		return CodeClosed, false
	case errors.Is(err, digital.ErrFull):
		return CodeFull, true
	case errors.Is(err, digital.ErrTooLong):
		return CodeTooLong, false
	case errors.Is(err, digital.ErrInvalid):
		return CodeInvalid, false
	case errors.Is(err, digital.ErrNotFound), errors.Is(err, ErrNoSession):
		return CodeSession, false
	case errors.Is(err, digital.ErrBusy), errors.Is(err, digital.ErrNotStored), errors.Is(err, digital.ErrStopped), errors.Is(err, ErrBusy):
		return CodeBusy, true
	}
	return CodeInternal, true
}
