package journey

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the nouns. A store refuses what is beyond them.
const (
	MaxID         = 128      // bytes of any id, key, name of an actor or topic
	MaxData       = 32       // keys of Event.Data
	MaxDataValue  = 1 << 10  // bytes of one value of Event.Data
	MaxMessage    = 4000     // characters of a message
	MaxText       = 16000    // bytes of the value of DataText: a message in any script
	MaxAttributes = 256      // keys of Record.Attributes
	MaxAttribute  = 4 << 10  // bytes of one attribute's value
	MaxAttrBytes  = 64 << 10 // bytes of all attributes of a record together
	MaxIdentity   = 256      // bytes of an identity's value
)

// ErrInvalid is wrapped by every validation error of this package.
var ErrInvalid = errors.New("invalid")

// ContinuityWindow is how long after its last activity an open record goes on when its customer comes back over a channel.
func ContinuityWindow(c Channel) time.Duration {
	switch c {
	case Chat:
		return 24 * time.Hour
	case SMS, Email:
		return 72 * time.Hour
	default:
		return 2 * time.Hour
	}
}

// ReopenWindow is how long after its close a record is opened again instead of a new one.
const ReopenWindow = 24 * time.Hour

// SharedAfter is the number of distinct customers proven behind one identity from which on it identifies nobody.
const SharedAfter = 3

// Validate tells what is wrong with an event that is about to be stored; nil if nothing. Seq is not looked at.
func (e Event) Validate() error {
	if e.Record == "" {
		return fmt.Errorf("%w: event %q has no record", ErrInvalid, e.Kind)
	}
	if !e.Kind.Known() {
		return fmt.Errorf("%w: event kind %q is not one of the closed set", ErrInvalid, e.Kind)
	}
	if e.At.IsZero() {
		return fmt.Errorf("%w: event %s of record %s has no time", ErrInvalid, e.Kind, e.Record)
	}
	for _, f := range []struct{ name, value string }{
		{"record", e.Record}, {"interaction", e.Interaction}, {"item", e.Item}, {"actor", e.Actor}, {"key", e.Key},
	} {
		if err := checkID(f.name, f.value); err != nil {
			return err
		}
	}
	return checkData(e)
}

func checkID(name, value string) error {
	if len(value) > MaxID {
		return fmt.Errorf("%w: %s of %d bytes, at most %d", ErrInvalid, name, len(value), MaxID)
	}
	if strings.IndexByte(value, 0) >= 0 || !utf8.ValidString(value) {
		return fmt.Errorf("%w: %s holds a zero byte or is not UTF-8", ErrInvalid, name)
	}
	return nil
}

func checkData(e Event) error {
	if len(e.Data) > MaxData {
		return fmt.Errorf("%w: event %s carries %d data keys, at most %d", ErrInvalid, e.Kind, len(e.Data), MaxData)
	}
	for k, v := range e.Data {
		if k == "" || len(k) > MaxID {
			return fmt.Errorf("%w: event %s: data key of %d bytes", ErrInvalid, e.Kind, len(k))
		}
		limit := MaxDataValue
		if k == DataText {
			limit = MaxText
		}
		if len(v) > limit {
			return fmt.Errorf("%w: event %s: data %q of %d bytes, at most %d", ErrInvalid, e.Kind, k, len(v), limit)
		}
	}
	return nil
}

// Validate tells what is wrong with an identity; nil if nothing. It wants the normal form that Normal gives.
func (i Identity) Validate() error {
	n, err := Normal(i.Type, i.Value)
	if err != nil {
		return err
	}
	if n != i.Value {
		return fmt.Errorf("%w: %s identity %q is not in normal form %q", ErrInvalid, i.Type, i.Value, n)
	}
	if i.Strength < Claimed || i.Strength > Authenticated {
		return fmt.Errorf("%w: strength %d", ErrInvalid, i.Strength)
	}
	return nil
}

// ValidateID tells whether a text may serve as an id or key: at most MaxID bytes of UTF-8 without a zero byte.
func ValidateID(name, value string) error {
	if value == "" {
		return fmt.Errorf("%w: %s is empty", ErrInvalid, name)
	}
	return checkID(name, value)
}
