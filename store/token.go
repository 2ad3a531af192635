package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"tandem/store/journey"
)

// How long a token lives if nothing else is said (semantics of the context record).
const (
	TokenForCall    = 15 * time.Minute   // click-to-call
	TokenForMessage = 7 * 24 * time.Hour // a link in a message
)

// Token lets its bearer go on with a record over another channel. Only its hash is stored.
type Token struct {
	Text     string // what the bearer shows, from NewToken; never stored, empty when read
	Record   string
	Channels []journey.Channel // where it may be used; empty: everywhere
	Strength journey.Strength  // what showing it proves
	Expires  time.Time
	Uses     int               // how often it may be used, 1 to MaxUses; 0: once. When read: how often is left
	Identity *journey.Identity // only together with this identity
	By       string            // who issued it: an actor
	At       time.Time         // when it was issued
}

// TokenState is what came of showing a token.
type TokenState string

// The token states. Everything but TokenGood leaves resolution to the rules that follow.
const (
	TokenGood    TokenState = "good"
	TokenUsedUp  TokenState = "used" // no use left; token-reused was written
	TokenExpired TokenState = "expired"
	TokenUnknown TokenState = "unknown"
	TokenForeign TokenState = "foreign" // not for this channel, or not together with the bound identity
)

// Use asks for one use of a token.
type Use struct {
	Text       string
	Channel    journey.Channel
	Identities []journey.Identity // shown together with it
	At         time.Time
	Actor      string // for the event; default "caller"
}

// Used answers a Use.
type Used struct {
	Err      error // ErrUsed wraps every state but TokenGood; else the store's
	State    TokenState
	Record   string // of a good or used-up token
	Strength journey.Strength
	Left     int // uses that are left
}

// NewToken gives the text of a token: 128 random bits in 26 lower-case letters and digits.
func NewToken() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}

// HashToken gives what is stored in place of a token's text.
func HashToken(text string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(text))))
	return hex.EncodeToString(sum[:])
}

// TokenName is the short public name of a token, for events and logs: it does not let anybody use it.
func TokenName(text string) string { return "tk_" + HashToken(text)[:12] }

// Allows tells whether the token may be used over a channel together with identities.
func (t Token) Allows(c journey.Channel, ids []journey.Identity) bool {
	if len(t.Channels) > 0 && !slices.Contains(t.Channels, c) {
		return false
	}
	return t.Identity == nil || slices.ContainsFunc(ids, func(i journey.Identity) bool {
		return i.Type == t.Identity.Type && i.Value == t.Identity.Value
	})
}
