package feed

import (
	"encoding/json"
	"errors"
	"time"
)

// ErrGone says that events after the cursor were forgotten: the reader has missed some.
var ErrGone = errors.New("events after this cursor are no longer kept")

// ErrCursor says that a text is no cursor of this feed.
var ErrCursor = errors.New("not a cursor")

// Feed is the journal as outsiders read it: one total order, durable for a while, filled elsewhere.
type Feed interface {
	// After gives at most limit events behind the cursor, in order; none if there are none yet. Empty is the oldest kept.
	// The same cursor gives the same events, until ErrGone. It does not wait for events to come.
	After(cursor string, limit int) ([]Event, error)
	// Last gives the cursor of the newest event: After(Last()) gives what happens from now on. Empty if there was none ever.
	Last() (string, error)
	// Changed gives a channel that is closed when there is something newer. Take it before After, or lose wake-ups.
	Changed() <-chan struct{}
}

// Event is one event with its place in the feed.
type Event struct {
	Cursor  string // place: unique, printable ASCII without spaces, at most 128 bytes
	ID      string // unique for ever; the same event has the same ID in every feed; empty: the cursor
	Type    string // e.g. "tandem.interaction-started": "tandem." and the journey kind
	Subject string // what it is about, e.g. "call/c_17"
	Time    time.Time
	Queue   string // empty where it concerns none
	Record  string // likewise
	Agent   string // likewise
	Data    json.RawMessage
}
