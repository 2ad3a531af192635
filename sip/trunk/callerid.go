package trunk

import (
	"cmp"
	"strings"

	"tandem/sip"
)

// Caller is who calls, as a leg towards the trunk wants to show it.
type Caller struct {
	Number  Number
	Display string
	Hidden  bool // the caller asked not to be shown (RFC 3323)
}

// CallerHeaders is how the trunk wants it. From is without tag.
type CallerHeaders struct {
	From    sip.NameAddr
	Headers []sip.Header // P-Asserted-Identity, P-Preferred-Identity, Privacy
}

// anonymousHost is the host of an anonymous From (RFC 3323 §4.1.1.3).
const anonymousHost = "anonymous.invalid"

// Caller builds From and the identity headers of an INVITE to a target, by the trunk's policy. An identity is asserted to a trusted
// trunk only (RFC 3325 §7); a hidden caller is shown to nobody else.
func (t *Trunk) Caller(c Caller, target Target) CallerHeaders {
	host := cmp.Or(t.cfg.FromDomain, target.Host)
	user := t.Dialled(c.Number)
	account := cmp.Or(t.cfg.FromUser, t.cfg.Auth.User)
	number := sip.NameAddr{Display: sip.Clean(c.Display), URI: sip.URI{Scheme: "sip", User: userPart(user), Host: host}}
	own := sip.NameAddr{URI: sip.URI{Scheme: "sip", User: account, Host: host}}
	out := CallerHeaders{From: number}
	if needsFromUser(t.cfg.CallerID) || user == "" {
		out.From = own
	}
	if c.Hidden && t.cfg.CallerID == CallerInFrom {
		out.From = sip.NameAddr{Display: "Anonymous", URI: sip.URI{Scheme: "sip", User: "anonymous", Host: anonymousHost}}
	}
	if out.From.URI.User == "" {
		out.From.URI.User = "anonymous"
	}
	out.Headers = t.identity(c, number)
	return out
}

func (t *Trunk) identity(c Caller, number sip.NameAddr) []sip.Header {
	name := ""
	switch {
	case t.cfg.CallerID == CallerHidden || number.URI.User == "":
	case t.cfg.CallerID == CallerInPrefer && !c.Hidden:
		name = "P-Preferred-Identity"
	case t.cfg.TrustID, t.cfg.CallerID == CallerInAsserted && !c.Hidden:
		name = "P-Asserted-Identity"
	}
	var out []sip.Header
	if name != "" {
		out = append(out, sip.NewHeader(name, number.String()))
	}
	if c.Hidden {
		out = append(out, sip.NewHeader("Privacy", "id"))
	}
	return out
}

// userPart escapes what may not stand in the user part of a URI (RFC 3261 §25.1).
func userPart(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()&=+$,;?/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}
