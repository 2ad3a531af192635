package provider

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answered by a Verifier.
var (
	ErrSignature = errors.New("signature is missing or wrong")
	ErrReplay    = errors.New("signature is too old or of the future")
)

// Request is what a signature is made over: the address as the provider called it and the body as it came.
type Request struct {
	URL    string
	Header http.Header
	Body   []byte
}

// Verifier proves that a request is the provider's. It compares in constant time.
type Verifier interface {
	Verify(r Request, now time.Time) error
}

// TwilioVerifier knows X-Twilio-Signature: base64 of HMAC-SHA1 over the address, followed by a form's names and values sorted by name; a
// body that is no form is covered by its SHA-256 in the query parameter bodySHA256.
type TwilioVerifier struct{ Token string }

// Verify checks the signature for the address with and without its port, as proxies and the provider disagree about it.
func (v TwilioVerifier) Verify(r Request, _ time.Time) error {
	got, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Twilio-Signature"))
	if err != nil || len(got) != sha1.Size || v.Token == "" {
		return ErrSignature
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return ErrSignature
	}
	form := url.Values{}
	if isForm(r.Header) {
		if form, err = url.ParseQuery(string(r.Body)); err != nil {
			return ErrSignature
		}
	} else if !bodyMatches(u, r.Body) {
		return ErrSignature
	}
	ok := false
	for _, address := range addresses(r.URL, u) {
		ok = hmac.Equal(got, TwilioSignature(v.Token, address, form)) || ok
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

// TwilioSignature computes the octets of X-Twilio-Signature. A name with several values has each different value once, sorted.
func TwilioSignature(token, address string, form url.Values) []byte {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		values := slices.Clone(form[name])
		slices.Sort(values)
		for _, value := range slices.Compact(values) {
			mac.Write([]byte(name + value))
		}
	}
	return mac.Sum(nil)
}

func bodyMatches(u *url.URL, body []byte) bool {
	want, err := hex.DecodeString(u.Query().Get("bodySHA256"))
	sum := sha256.Sum256(body)
	return err == nil && hmac.Equal(want, sum[:])
}

// addresses returns the address as it is and with the scheme's port put in or left out.
func addresses(text string, u *url.URL) []string {
	out := []string{text}
	host := u.Scheme + "://" + u.Host
	rest, ok := strings.CutPrefix(text, host)
	if !ok {
		return out
	}
	if u.Port() != "" {
		return append(out, u.Scheme+"://"+strings.TrimSuffix(u.Host, ":"+u.Port())+rest)
	}
	port := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	return append(out, host+":"+port+rest)
}

func isForm(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/x-www-form-urlencoded"
}

// HMACVerifier knows the generic scheme: HMAC-SHA256 over timestamp, a dot and the raw body, in hexadecimal or base64, with the time in
// Unix seconds in a header of its own. A prefix of the signature such as "sha256=" or "v1=" is skipped.
type HMACVerifier struct {
	Secret    string
	Signature string        // header [X-Signature]
	Timestamp string        // header [X-Timestamp]
	Window    time.Duration // around now [5m]
}

// Verify checks signature and time.
func (v HMACVerifier) Verify(r Request, now time.Time) error {
	header := func(name, preset string) string {
		if name == "" {
			name = preset
		}
		return strings.TrimSpace(r.Header.Get(name))
	}
	stamp := header(v.Timestamp, "X-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || v.Secret == "" {
		return ErrSignature
	}
	got := digest(header(v.Signature, "X-Signature"))
	if !hmac.Equal(got, HMACSignature(v.Secret, stamp, r.Body)) {
		return ErrSignature
	}
	window := v.Window
	if window <= 0 {
		window = 5 * time.Minute
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > window || age < -window {
		return ErrReplay
	}
	return nil
}

// HMACSignature computes the octets of the generic scheme.
func HMACSignature(secret, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return mac.Sum(nil)
}

// digest reads a SHA-256 in hexadecimal or base64, nil if it is neither.
func digest(text string) []byte {
	for _, prefix := range []string{"sha256=", "v1=", "v1,"} {
		text = strings.TrimPrefix(text, prefix)
	}
	if b, err := hex.DecodeString(text); err == nil && len(b) == sha256.Size {
		return b
	}
	if b, err := base64.StdEncoding.DecodeString(text); err == nil && len(b) == sha256.Size {
		return b
	}
	return nil
}
