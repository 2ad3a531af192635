package sdp

import (
	"errors"
	"fmt"
)

// Errors of Parse.
var (
	ErrSyntax = errors.New("sdp: not understood")
	ErrTooBig = errors.New("sdp: over a limit")
)

// Errors of negotiation.
var (
	ErrNoCommonCodec = errors.New("sdp: no common codec")
	ErrNoAudio       = errors.New("sdp: no audio section that can be used")
	ErrNoKeys        = errors.New("sdp: protected and plain audio do not go together, or no suite is common")
	ErrTurn          = errors.New("sdp: not the turn for this")
)

func syntax(line int, why string) error { return fmt.Errorf("%w: line %d: %s", ErrSyntax, line, why) }
