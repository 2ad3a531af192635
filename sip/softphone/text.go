package softphone

import (
	"fmt"
	"maps"
	"net/textproto"
	"slices"
	"strings"

	"tandem/sip"
)

// headersOf makes headers of what the owner gave: names that begin with X- only, so that nothing of the protocol can be
// overwritten.
func headersOf(given map[string]string) ([]sip.Header, error) {
	if len(given) > maxHeaders {
		return nil, ErrHeader
	}
	var out []sip.Header
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := sip.Clean(given[name])
		if !sip.IsToken(name) || !extension(name) || len(value) > maxText {
			return nil, fmt.Errorf("header %.40q: %w", name, ErrHeader)
		}
		out = append(out, sip.NewHeader(name, value))
	}
	return out, nil
}

func extension(name string) bool {
	return len(name) > 2 && name[1] == '-' && (name[0] == 'X' || name[0] == 'x')
}

// extensions reads the X- headers of a message; nil when there are none.
func extensions(msg interface{ Headers() []sip.Header }) map[string]string {
	var out map[string]string
	for _, h := range msg.Headers() {
		name := h.Name()
		if !extension(name) || len(name) > maxText || len(out) == maxHeaders {
			continue
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if _, twice := out[name]; twice || len(h.Value()) > maxText {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[name] = strings.Clone(h.Value())
	}
	return out
}

// address reads what somebody wants to call: a SIP or tel URI, user@host, or a number or name of the domain.
func address(to, domain string) (sip.URI, error) {
	to = strings.TrimSpace(to)
	if to == "" || len(to) > maxAddress || sip.Clean(to) != to {
		return sip.URI{}, ErrAddress
	}
	scheme, _, _ := strings.Cut(strings.ToLower(to), ":")
	switch {
	case scheme == "sip" && len(to) > 4, scheme == "sips" && len(to) > 5, scheme == "tel" && len(to) > 4:
	case strings.Contains(to, "@"):
		to = "sip:" + to
	default:
		return sip.URI{Scheme: "sip", User: escapeUser(to), Host: domain}, nil
	}
	uri, err := sip.ParseURI(to)
	if err != nil || strings.ContainsAny(to, " <>\"") {
		return sip.URI{}, fmt.Errorf("%.40q: %w", to, ErrAddress)
	}
	uri.Headers = nil
	return uri, nil
}

// escapeUser escapes what a user part cannot hold (RFC 3261 §19.1.2). Blanks of a written number go.
func escapeUser(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
		case unfitUser(rune(c)):
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// short is text of the far side that an event carries.
func short(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.Clone(strings.ToValidUTF8(s, ""))
}
