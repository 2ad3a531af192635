package sip

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

// Cookie starts every branch made after RFC 3261 §8.1.1.7.
const Cookie = "z9hG4bK"

// lower32 keeps the order of what it encodes.
var lower32 = base32.NewEncoding("234567abcdefghijklmnopqrstuvwxyz").WithPadding(base32.NoPadding)

// NewTag returns a tag with 80 random bits (RFC 3261 §19.3 asks for 32), 16 lower-case characters.
func NewTag() string { return random(10) }

// NewCallID returns a Call-ID with 120 random bits and no host in it (RFC 3261 §8.1.1.4).
func NewCallID() string { return random(15) }

// NewBranch returns a branch that starts with the cookie and holds 80 random bits.
func NewBranch() string { return Cookie + random(10) }

func random(n int) string {
	var raw [15]byte
	rand.Read(raw[:n])
	return lower32.EncodeToString(raw[:n])
}

// Stamp is a time in milliseconds as 8 lower-case characters that sort by it; it comes round every 34 years.
func Stamp(t time.Time) string {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(t.UnixMilli())<<24)
	return lower32.EncodeToString(raw[:5])
}
