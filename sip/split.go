package sip

import (
	"iter"
	"strings"
)

// cut returns the index of the first sep outside quotes and angle brackets, or -1.
func cut(s string, sep byte) int {
	quoted, angle := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == sep && !angle:
			return i
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		}
	}
	return -1
}

// splitSeq yields the parts of s between separators that stand outside quotes and angle brackets.
func splitSeq(s string, sep byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			i := cut(s, sep)
			if i < 0 {
				yield(s)
				return
			}
			if !yield(s[:i]) {
				return
			}
			s = s[i+1:]
		}
	}
}

// balanced reports whether every quote and angle bracket is closed.
func balanced(s string) bool {
	quoted, angle := false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			if angle {
				return false
			}
			angle = true
		case c == '>':
			if !angle {
				return false
			}
			angle = false
		}
	}
	return !quoted && !angle
}

// Fields yields the headers of a name, long and in any case, without the copies that the model's own look-up makes.
func Fields(msg Message, name string) iter.Seq[Header] {
	return func(yield func(Header) bool) {
		m, ok := msg.(interface{ Headers() []Header })
		if !ok {
			return
		}
		for _, h := range m.Headers() {
			if n := h.Name(); len(n) == len(name) && strings.EqualFold(n, name) && !yield(h) {
				return
			}
		}
	}
}

// count returns how many headers of a name there are.
func count(msg Message, name string) (n int) {
	for range Fields(msg, name) {
		n++
	}
	return n
}

// Tokens returns the values of a token list such as Allow, Supported or Require over all headers of that name, in the
// order of the message, without empty ones (RFC 3261 §7.3.1). The compact name is understood by the parser already.
func Tokens(msg Message, name string) []string {
	var out []string
	for h := range Fields(msg, name) {
		for part := range splitSeq(h.Value(), ',') {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// HasToken reports whether a token list holds the token, without regard to case: `HasToken(req, "Supported", "timer")`.
func HasToken(msg Message, name, token string) bool {
	for h := range Fields(msg, name) {
		for part := range splitSeq(h.Value(), ',') {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// HeaderText returns the text of the first header of that name, or "". The name is the long one.
func HeaderText(msg Message, name string) string {
	for h := range Fields(msg, name) {
		return h.Value()
	}
	return ""
}
