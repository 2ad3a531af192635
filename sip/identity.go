package sip

import (
	"slices"
	"strconv"
	"strings"
)

// Asserted reads P-Asserted-Identity (RFC 3325 §9.1): at most one sip or sips and one tel address count. Whether they may
// be believed is the business of the trunk they came from.
func Asserted(msg Message) []NameAddr {
	as, _ := NameAddrs(msg, "P-Asserted-Identity")
	return as
}

// Diversion is one value of the Diversion header (RFC 5806 §5), newest first in a message.
type Diversion struct {
	NameAddr
	Reason  string // "no-answer", "user-busy", "unconditional", …
	Counter int    // 1 when absent
	Privacy string
}

// Diversions reads all Diversion values in the order of the message.
func Diversions(msg Message) []Diversion {
	as, _ := NameAddrs(msg, "Diversion")
	var out []Diversion
	for _, a := range as {
		d := Diversion{NameAddr: a, Reason: a.Params.Value("reason"), Privacy: a.Params.Value("privacy"), Counter: 1}
		if n, err := strconv.Atoi(a.Params.Value("counter")); err == nil && n > 0 {
			d.Counter = n
		}
		out = append(out, d)
	}
	return out
}

// Privacy reads the Privacy header (RFC 3323 §4.2) as lower-case values: "id", "header", "user", "session", "critical", "none".
func Privacy(msg Message) []string {
	var out []string
	for h := range Fields(msg, "Privacy") {
		for _, v := range strings.FieldsFunc(h.Value(), func(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '\t' }) {
			out = append(out, strings.ToLower(v))
		}
	}
	return out
}

// IsAnonymous reports whether the caller asked that the number be withheld: Privacy of id, user or header, or a From that
// RFC 3323 §4.1.1.3 gives for it.
func IsAnonymous(msg Message) bool {
	p := Privacy(msg)
	if slices.Contains(p, "id") || slices.Contains(p, "user") || slices.Contains(p, "header") {
		return true
	}
	from := msg.From()
	return from != nil && (strings.EqualFold(from.Address.Host, "anonymous.invalid") || strings.EqualFold(from.Address.User, "anonymous"))
}
