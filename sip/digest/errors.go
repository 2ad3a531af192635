package digest

import "errors"

// Faults of a peer's header, found while parsing.
var (
	// ErrScheme reports a value whose scheme is not Digest.
	ErrScheme = errors.New("scheme is not digest")
	// ErrSyntax reports a value that RFC 7616 §3.3 and §3.4 do not allow.
	ErrSyntax = errors.New("malformed digest parameters")
	// ErrTooLong reports a value above MaxHeader bytes or MaxParams parameters.
	ErrTooLong = errors.New("digest header too long")
)

// Faults of our own set-up, found by NewServer.
var (
	// ErrRealm reports an empty realm or one that holds control characters.
	ErrRealm = errors.New("realm is empty or holds control characters")
	// ErrSecret reports a nonce secret that is too short.
	ErrSecret = errors.New("nonce secret is shorter than 32 bytes")
)
