package sip

import (
	"strconv"
	"strings"
	"time"
)

// SessionExpires is the Session-Expires header (RFC 4028 §4).
type SessionExpires struct {
	Interval  time.Duration
	Refresher string // "uac", "uas" or ""
}

// SessionExpiresOf reads Session-Expires, in its long or compact form.
func SessionExpiresOf(msg Message) (SessionExpires, bool) {
	head, rest, _ := strings.Cut(HeaderText(msg, "Session-Expires"), ";")
	d, ok := Seconds(head)
	if !ok {
		return SessionExpires{}, false
	}
	s := SessionExpires{Interval: d}
	if r := strings.ToLower(ParseParams(rest).Value("refresher")); r == "uac" || r == "uas" {
		s.Refresher = r
	}
	return s, true
}

// Header makes the header.
func (s SessionExpires) Header() Header {
	v := strconv.FormatInt(int64(s.Interval/time.Second), 10)
	if s.Refresher != "" {
		v += ";refresher=" + s.Refresher
	}
	return NewHeader("Session-Expires", v)
}

// MinSE reads the Min-SE header (RFC 4028 §5).
func MinSE(msg Message) (time.Duration, bool) {
	head, _, _ := strings.Cut(HeaderText(msg, "Min-SE"), ";")
	return Seconds(head)
}

// MinSEHeader makes the header.
func MinSEHeader(d time.Duration) Header {
	return NewHeader("Min-SE", strconv.FormatInt(int64(d/time.Second), 10))
}
