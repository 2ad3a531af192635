package sip

import (
	"crypto/rand"
	"encoding/base32"
)

// Cookie starts every branch made after RFC 3261 §8.1.1.7.
const Cookie = "z9hG4bK"

var lower32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

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
