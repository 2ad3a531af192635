package webchat

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"tandem/digital"
)

// Session is what a token stands for. The token itself is never stored: Sessions know its hash only.
type Session struct {
	Visitor      string    `json:"visitor"` // identity of type web
	Conversation string    `json:"conversation"`
	Created      time.Time `json:"created"`
	Expires      time.Time `json:"expires"`
}

// Sessions keep what tokens stand for, durably. hash is 64 hexadecimal digits. Get answers ErrNoSession for an unknown one,
// both ErrBusy where a repeat may help.
type Sessions interface {
	Put(ctx context.Context, hash string, s Session) error
	Get(ctx context.Context, hash string) (Session, error)
}

// Files keep attachments of conversations. A ref is opaque, names nothing but the file, and is found only with its conversation.
type Files interface {
	Put(ctx context.Context, conversation string, a digital.Attachment, content io.Reader) (ref string, err error)
	// Find gives what is known of a file; ErrNoFile for an unknown one, or one of another conversation.
	Find(ctx context.Context, conversation, ref string) (digital.Attachment, error)
	Open(ctx context.Context, conversation, ref string) (io.ReadCloser, error)
}

// Visit says whose frame it is.
type Visit struct {
	Conversation string
	Visitor      string
	Socket       uint64 // of the page, for Room.Tell
	Address      string // the visitor's, for limits
}

// Caller takes the frames of a visitor's voice: rtc.* and call.*. Its methods never wait. What it has to say goes by Room.Tell.
type Caller interface {
	Frame(v Visit, kind string, frame json.RawMessage)
	// Gone tells that a page is not connected any more. A call may go on: the page may come back.
	Gone(v Visit)
}
