package sip

import "strings"

// Tel is a telephone number in a tel: URI or in the user part of a sip: URI with user=phone or telephone parameters (RFC 3966).
type Tel struct {
	Number string // digits, or '+' and digits: visual separators are gone; A-D, * and # stay
	Raw    string // the number as it was received
	Params Params // phone-context, ext, isub, npdi, rn, …
}

// TelOf reads the number of a URI: tel:, or sip: and sips: whose user part looks like a number. It does not decide
// what the number means; that is a trunk's number plan.
func TelOf(u URI) (Tel, bool) {
	text := u.User
	if u.Scheme == "tel" {
		text = u.Raw()
	}
	return ParseTel(text)
}

// ParseTel reads `+1-201-555-0123;phone-context=…`.
func ParseTel(s string) (Tel, bool) {
	num, rest, _ := strings.Cut(s, ";")
	t := Tel{Raw: num, Params: ParseParams(rest)}
	var b strings.Builder
	for i := range len(num) {
		switch c := num[i]; {
		case c == '+' && i == 0, c >= '0' && c <= '9', c == '*', c == '#', c >= 'A' && c <= 'D', c >= 'a' && c <= 'd':
			b.WriteByte(c)
		case strings.IndexByte("-.() ", c) >= 0:
		default:
			return Tel{}, false
		}
	}
	t.Number = b.String()
	return t, t.Number != "" && t.Number != "+"
}

// Global reports whether the number is in international form.
func (t Tel) Global() bool { return strings.HasPrefix(t.Number, "+") }
