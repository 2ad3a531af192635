package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of Standard Webhooks 1.0.
const (
	HeaderID        = "Webhook-Id"
	HeaderTimestamp = "Webhook-Timestamp"
	HeaderSignature = "Webhook-Signature"
)

// secretPrefix marks a secret; what follows is the key in base64.
const secretPrefix = "whsec_"

// What Verify may answer.
var (
	ErrSignature = errors.New("webhook: no signature fits")
	ErrTimestamp = errors.New("webhook: the time is too far from ours")
)

// NewSecret makes a signing secret of 256 random bits.
func NewSecret() string {
	var key [32]byte
	rand.Read(key[:])
	return secretPrefix + base64.StdEncoding.EncodeToString(key[:])
}

func keyOf(secret string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil || len(key) < 16 || len(key) > 128 {
		return nil, errors.New("webhook: the secret is no key")
	}
	return key, nil
}

// Sign gives the signature header's value: one v1 signature for each secret, separated by spaces.
func Sign(secrets []string, id string, at time.Time, body []byte) (string, error) {
	if len(secrets) == 0 {
		return "", errors.New("webhook: no secret to sign with")
	}
	out := make([]string, 0, len(secrets))
	for _, s := range secrets {
		key, err := keyOf(s)
		if err != nil {
			return "", err
		}
		out = append(out, "v1,"+base64.StdEncoding.EncodeToString(mac(key, id, strconv.FormatInt(at.Unix(), 10), body)))
	}
	return strings.Join(out, " "), nil
}

func mac(key []byte, id, timestamp string, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(id + "." + timestamp + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Verify tells whether a request's headers sign its body with one of the secrets, at a time no further from now than tolerance: what a
// receiver does.
func Verify(secrets []string, h http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, stamp := h.Get(HeaderID), h.Get(HeaderTimestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || id == "" {
		return fmt.Errorf("%w: %s or %s is missing", ErrSignature, HeaderID, HeaderTimestamp)
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return ErrTimestamp
	}
	fits := false
	for _, given := range strings.Fields(h.Get(HeaderSignature)) {
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(given, "v1,"))
		if err != nil || !strings.HasPrefix(given, "v1,") {
			continue
		}
		for _, s := range secrets {
			key, err := keyOf(s)
			fits = fits || err == nil && hmac.Equal(sum, mac(key, id, stamp, body))
		}
	}
	if !fits {
		return ErrSignature
	}
	return nil
}
