package trunk

import "errors"

// Found while a call is set up.
var (
	// ErrFull reports that the trunk carries as many calls as it may: 503.
	ErrFull = errors.New("trunk has no free call")
	// ErrDown reports that no target of the trunk can be tried: 503.
	ErrDown = errors.New("trunk has no target that answers")
)

// Found while trunks are configured.
var (
	// ErrDuplicate reports a name, source network or inbound user that two trunks claim.
	ErrDuplicate = errors.New("claimed by two trunks")
)
