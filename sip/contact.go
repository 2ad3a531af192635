package sip

import (
	"strconv"
	"strings"
	"time"
)

// Contact is one value of a Contact header (RFC 3261 §20.10).
type Contact struct {
	NameAddr
	Expires    time.Duration // of this contact; meaningless when HasExpires is false
	HasExpires bool
	Q          float64 // 0 to 1; 1 when absent
	Instance   string  // +sip.instance without its angle brackets, RFC 5626 §4.1
	RegID      int     // reg-id, 0 when absent, RFC 5626 §4.2
}

// Contacts reads all contacts of a message in their order, however they are spread over headers.
func Contacts(msg Message) ([]Contact, error) {
	as, err := NameAddrs(msg, "Contact")
	out := make([]Contact, 0, len(as))
	for _, a := range as {
		out = append(out, contactOf(a))
	}
	return out, err
}

func contactOf(a NameAddr) Contact {
	c := Contact{NameAddr: a, Q: 1}
	if v, ok := a.Params.Get("expires"); ok {
		if d, ok := Seconds(v); ok {
			c.Expires, c.HasExpires = d, true
		}
	}
	if v, ok := a.Params.Get("q"); ok {
		if q, err := strconv.ParseFloat(v, 64); err == nil && q >= 0 && q <= 1 {
			c.Q = q
		}
	}
	c.Instance = strings.Trim(a.Params.Value("+sip.instance"), "<>")
	if v, ok := a.Params.Get("reg-id"); ok {
		if n, err := strconv.Atoi(v); err == nil && n > 0 {
			c.RegID = n
		}
	}
	return c
}

// Seconds reads delta-seconds (RFC 3261 §25.1). Values above 2^32-1 are read as 2^32-1, as §20.19 wants for Expires.
func Seconds(s string) (time.Duration, bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		n = 1<<32 - 1
	}
	return time.Duration(n) * time.Second, true
}

// Expires reads the Expires header of a message.
func Expires(msg Message) (time.Duration, bool) { return Seconds(HeaderText(msg, "Expires")) }
