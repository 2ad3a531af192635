package sip

import (
	"strings"
	"unicode/utf8"
)

// Clean makes a text safe to stand inside one header line: control characters (among them CR and LF, which would start a
// new header) and bytes that are not UTF-8 become blanks, and blanks at both ends go away. Text without any of those comes
// back unchanged and without an allocation.
func Clean(s string) string {
	if !dirty(s) {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == utf8.RuneError || r == 0x2028 || r == 0x2029 || r >= 0x80 && r < 0xa0 {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

func dirty(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return true
		}
	}
	return false
}

// Quote returns the text as a quoted string (RFC 3261 §25.1), cleaned, with backslash and quote escaped.
func Quote(s string) string {
	s = Clean(s)
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	escapeTo(&b, s)
	b.WriteByte('"')
	return b.String()
}

// Escape returns the text as the inside of a quoted string: what the message model wants for a display name, which it
// prints between quotes as it is.
func Escape(s string) string {
	s = Clean(s)
	if !strings.ContainsAny(s, `"\`) {
		return s
	}
	var b strings.Builder
	escapeTo(&b, s)
	return b.String()
}

func escapeTo(b *strings.Builder, s string) {
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
}

// Unquote returns the text of a quoted string without its quotes and escapes; anything else comes back trimmed.
func Unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return unescape(s[1 : len(s)-1])
}

func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// IsToken reports whether s is a non-empty token (RFC 3261 §25.1): what may be a parameter name, an option tag, a method.
func IsToken(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("-.!%*_+`'~", c) >= 0
}
