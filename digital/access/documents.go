package access

import (
	"context"
	"errors"
	"time"
)

// Limits of Documents: the most bytes of a document's body, and the most documents that a List is asked for.
const (
	MaxDocument = 256 << 10
	MaxList     = 1000
)

// What Documents may answer, beside errors of the medium.
var (
	ErrNotFound = errors.New("not found")
	ErrVersion  = errors.New("changed meanwhile")
)

// Document is a small stored value.
type Document struct {
	Key     string    // at most 128 bytes, parts separated by "/"
	Version uint64    // grows with each Put; 0 was never stored
	Expires time.Time // from then on it is as if it were not there; zero: never
	Body    []byte    // 1 to MaxDocument bytes
}

// Documents keeps small values with compare-and-set.
type Documents interface {
	// Get gives a document, or ErrNotFound.
	Get(ctx context.Context, key string) (Document, error)
	// Put writes d if what is stored has d.Version, 0 meaning that there is none; else ErrVersion. It returns the new version, and is
	// durable when it returns.
	Put(ctx context.Context, d Document) (uint64, error)
	// Delete removes a document of that version (0: of any); ErrNotFound or ErrVersion if there is none such.
	Delete(ctx context.Context, key string, version uint64) error
	// List gives at most limit (1 to MaxList) documents whose key begins with prefix and is greater than after, by key.
	List(ctx context.Context, prefix, after string, limit int) ([]Document, error)
}
