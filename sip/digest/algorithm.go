package digest

import (
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
)

// Algorithm is a hash of RFC 7616 §6.1, with or without the -sess form.
type Algorithm uint8

// The algorithms, weakest first: a greater value is the stronger choice (RFC 8760 §2.3).
const (
	Unsupported Algorithm = iota
	MD5
	MD5Sess
	SHA256
	SHA256Sess
	SHA512256
	SHA512256Sess
)

var algorithmNames = [...]string{
	Unsupported: "", MD5: "MD5", MD5Sess: "MD5-sess", SHA256: "SHA-256", SHA256Sess: "SHA-256-sess",
	SHA512256: "SHA-512-256", SHA512256Sess: "SHA-512-256-sess",
}

// String returns the name as it stands in the header, "" for Unsupported.
func (a Algorithm) String() string {
	if int(a) >= len(algorithmNames) {
		return ""
	}
	return algorithmNames[a]
}

// ParseAlgorithm returns the algorithm named in a header. An absent name ("") means MD5 (RFC 7616 §3.3).
func ParseAlgorithm(name string) Algorithm {
	if name == "" {
		return MD5
	}
	for a := MD5; int(a) < len(algorithmNames); a++ {
		if strings.EqualFold(name, algorithmNames[a]) {
			return a
		}
	}
	return Unsupported
}

// sess tells whether HA1 is taken over nonce and cnonce as well.
func (a Algorithm) sess() bool { return a == MD5Sess || a == SHA256Sess || a == SHA512256Sess }

// hash returns H(s) in lower-case hex.
func (a Algorithm) hash(s string) string {
	switch a {
	case SHA256, SHA256Sess:
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	case SHA512256, SHA512256Sess:
		sum := sha512.Sum512_256([]byte(s))
		return hex.EncodeToString(sum[:])
	default:
		sum := md5.Sum([]byte(s))
		return hex.EncodeToString(sum[:])
	}
}

// HA1Set is what a server stores of a password: H(user:realm:password) per algorithm, in lower-case hex. An empty field means
// that the algorithm is not available to this user.
type HA1Set struct {
	MD5    string
	SHA256 string
}

// NewHA1Set hashes a password for both algorithms. The password itself need not be kept.
func NewHA1Set(user, realm, password string) HA1Set {
	a1 := user + ":" + realm + ":" + password
	return HA1Set{MD5: MD5.hash(a1), SHA256: SHA256.hash(a1)}
}

// of returns the stored hash for an algorithm that the server offers.
func (h HA1Set) of(a Algorithm) string {
	switch a {
	case MD5:
		return h.MD5
	case SHA256:
		return h.SHA256
	default:
		return ""
	}
}
