package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// Prefixes tell the kinds of secrets apart, so that a leaked one is found by a search.
const (
	tokenPrefix   = "tdm_"
	sessionPrefix = "tds_"
	linkPrefix    = "tdl_"
)

var secretCoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// newSecret makes an opaque secret of 128 random bits: 26 letters and digits behind the prefix.
func newSecret(prefix string) string {
	var b [16]byte
	rand.Read(b[:])
	return prefix + secretCoding.EncodeToString(b[:])
}

// wellFormed tells whether a text may be a secret of a kind at all: no look-up is spent on others.
func wellFormed(prefix, secret string) bool {
	rest, ok := strings.CutPrefix(secret, prefix)
	if !ok || len(rest) != 26 {
		return false
	}
	_, err := secretCoding.DecodeString(rest)
	return err == nil
}

// digest is what is kept of a secret. A plain hash does for 128 random bits.
func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// idOf names a secret without telling it: the beginning of its digest.
func idOf(digest string) string { return digest[:20] }

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
