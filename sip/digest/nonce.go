package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// A nonce holds its own proof, so that challenging costs no memory:
//
//	 0                   8        12                  28
//	+-------------------+--------+-------------------+
//	| unix milliseconds | serial | HMAC-SHA256, cut  |   base64url without padding, 38 characters
//	+-------------------+--------+-------------------+
//
// The HMAC covers the first 12 bytes and the peer's address.
const (
	nonceStamp = 12
	nonceSize  = nonceStamp + 16
)

// nonceText is the length of a nonce in characters.
var nonceText = base64.RawURLEncoding.EncodedLen(nonceSize)

// newNonce signs time, serial number and peer.
func newNonce(secret []byte, now time.Time, serial uint32, peer string) string {
	var b [nonceSize]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixMilli()))
	binary.BigEndian.PutUint32(b[8:], serial)
	copy(b[nonceStamp:], nonceMAC(secret, b[:nonceStamp], peer))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// openNonce returns when a nonce was issued. ok is false when it is not ours or was issued to another peer.
func openNonce(secret []byte, nonce, peer string) (issued time.Time, ok bool) {
	if len(nonce) != nonceText {
		return time.Time{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != nonceSize || !hmac.Equal(b[nonceStamp:], nonceMAC(secret, b[:nonceStamp], peer)) {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b))), true
}

func nonceMAC(secret, stamp []byte, peer string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(stamp)
	mac.Write([]byte(peer))
	return mac.Sum(nil)[:nonceSize-nonceStamp]
}
