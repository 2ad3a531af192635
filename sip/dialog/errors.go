package dialog

import (
	"errors"
	"fmt"

	"tandem/sip"
)

// Errors that the owner gives to OnTxError. Any other error counts as ErrTransport.
var (
	ErrTimeout   = errors.New("no final response in time") // Timer B or F fired: like 408, RFC 3261 §8.1.3.1
	ErrTransport = errors.New("transport unusable")        // like 503
)

// RefusedError says that an INVITE does not become a Usage: the owner gives Response to its server transaction and forgets it.
type RefusedError struct {
	Response *sip.Response // 400, 415, 420 or 422
}

// Error names the status.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("invite refused: %d %s", e.Response.StatusCode, e.Response.Reason)
}
