package wire

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"strings"
)

// Login is what a digest answer is made of (RFC 2617 §3.2.2).
type Login struct {
	User, Password string
	Method, URI    string // of the request that is repeated
	CNonce         string
}

// ErrNoMD5 says that no challenge can be answered with MD5.
var ErrNoMD5 = errors.New("no challenge for digest MD5")

// Answer answers the first challenge that allows MD5; the value of Authorization or Proxy-Authorization. The nonce is used
// once: its count is 1.
func (l Login) Answer(challenges []string) (string, error) {
	for _, c := range challenges {
		scheme, rest, _ := strings.Cut(c, " ")
		p := params(rest)
		if alg := p["algorithm"]; !strings.EqualFold(scheme, "Digest") || alg != "" && !strings.EqualFold(alg, "MD5") {
			continue
		}
		return l.answer(p), nil
	}
	return "", ErrNoMD5
}

func (l Login) answer(p map[string]string) string {
	realm, nonce := p["realm"], p["nonce"]
	ha1, ha2 := sum(l.User, realm, l.Password), sum(l.Method, l.URI)
	out := `Digest username="` + l.User + `", realm="` + realm + `", nonce="` + nonce + `", uri="` + l.URI + `", algorithm=MD5`
	if opaque, ok := p["opaque"]; ok {
		out += `, opaque="` + opaque + `"`
	}
	if !offersAuth(p["qop"]) {
		return out + `, response="` + sum(ha1, nonce, ha2) + `"`
	}
	response := sum(ha1, nonce, "00000001", l.CNonce, "auth", ha2)
	return out + `, qop=auth, nc=00000001, cnonce="` + l.CNonce + `", response="` + response + `"`
}

func offersAuth(qop string) bool {
	for _, q := range strings.Split(qop, ",") {
		if strings.EqualFold(strings.TrimSpace(q), "auth") {
			return true
		}
	}
	return false
}

func sum(parts ...string) string {
	h := md5.Sum([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h[:])
}

// params reads name=value pairs; values lose their quotes.
func params(s string) map[string]string {
	out := map[string]string{}
	for _, part := range appendList(nil, s) {
		k, v, _ := strings.Cut(part, "=")
		out[strings.ToLower(strings.TrimSpace(k))] = strings.ReplaceAll(strings.Trim(strings.TrimSpace(v), `"`), `\`, "")
	}
	return out
}
