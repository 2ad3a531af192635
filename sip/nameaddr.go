package sip

import (
	"fmt"
	"strings"

	base "github.com/emiago/sipgo/sip"
)

// NameAddr is one address of From, To, Contact, Route, Refer-To, P-Asserted-Identity and their like (RFC 3261 §20.10).
type NameAddr struct {
	Display  string // without quotes and escapes
	URI      URI
	Raw      string // the URI as it was received; printed instead of URI when set
	Params   Params // of the header, not of the URI
	Wildcard bool   // Contact: *
}

// ParseNameAddr reads one address. Without angle brackets, parameters after the URI belong to the header.
func ParseNameAddr(s string) (NameAddr, error) {
	var a NameAddr
	params, err := a.read(s, &a.URI)
	if err != nil {
		return NameAddr{}, err
	}
	a.Params = ParseParams(params)
	return a, nil
}

// read fills all but URI and Params, parses the URI into its place, and returns the text of the parameters.
func (a *NameAddr) read(s string, uri *URI) (params string, err error) {
	s = strings.TrimSpace(s)
	if s == "*" {
		a.Wildcard, a.Raw = true, "*"
		return "", nil
	}
	if !balanced(s) {
		return "", fmt.Errorf("address %.60q: unbalanced quote or bracket: %w", s, ErrMalformed)
	}
	rest, err := a.takeURI(s)
	if err != nil {
		return "", err
	}
	if rest = strings.TrimSpace(rest); rest != "" {
		if rest[0] != ';' {
			return "", fmt.Errorf("address %.60q: text after the URI: %w", s, ErrMalformed)
		}
		params = rest[1:]
	}
	if err := base.ParseUri(a.Raw, uri); err != nil {
		return "", fmt.Errorf("address %.60q: %w: %w", s, err, ErrMalformed)
	}
	switch {
	case strings.ContainsAny(a.Raw, " \t<>\"") || uri.Wildcard:
		return "", fmt.Errorf("address %.60q: not a URI: %w", s, ErrMalformed)
	case (uri.Scheme == "sip" || uri.Scheme == "sips") && uri.Host == "":
		return "", fmt.Errorf("address %.60q: no host: %w", s, ErrMalformed)
	}
	return params, nil
}

// takeURI fills Display and Raw and returns what follows.
func (a *NameAddr) takeURI(s string) (rest string, err error) {
	open := cutAngle(s)
	if open < 0 {
		if s != "" && s[0] == '"' {
			return "", fmt.Errorf("address %.60q: display name without <URI>: %w", s, ErrMalformed)
		}
		a.Raw = s
		if i := strings.IndexByte(s, ';'); i >= 0 {
			a.Raw, rest = s[:i], s[i:]
		}
		a.Raw = strings.TrimSpace(a.Raw)
		if strings.IndexByte(a.Raw, '?') >= 0 { // RFC 3261 §20.10: such a URI must stand in brackets
			return "", fmt.Errorf("address %.60q: headers without brackets: %w", s, ErrMalformed)
		}
		return rest, nil
	}
	end := strings.IndexByte(s[open:], '>')
	if end < 0 {
		return "", fmt.Errorf("address %.60q: unclosed bracket: %w", s, ErrMalformed)
	}
	a.Display = Unquote(s[:open])
	a.Raw = strings.TrimSpace(s[open+1 : open+end])
	return s[open+end+1:], nil
}

// cutAngle returns the index of the bracket that opens the URI, or -1 when the address has none. A bracket after a
// semicolon belongs to a parameter.
func cutAngle(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			return i
		case c == ';':
			return -1
		}
	}
	return -1
}

// ParseNameAddrs reads a list of addresses separated by commas. Addresses it could read are returned even beside an error.
func ParseNameAddrs(s string) ([]NameAddr, error) {
	var out []NameAddr
	var first error
	for part := range splitSeq(s, ',') {
		if strings.TrimSpace(part) == "" {
			continue
		}
		a, err := ParseNameAddr(part)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		out = append(out, a)
	}
	return out, first
}

// NameAddrs reads all addresses of all headers of that name in the order of the message: Route, Record-Route, Path,
// P-Asserted-Identity, Diversion, History-Info.
func NameAddrs(msg Message, name string) ([]NameAddr, error) {
	var out []NameAddr
	var first error
	for h := range Fields(msg, name) {
		if c, ok := h.(*base.ContactHeader); ok {
			out = append(out, fromModel(c))
			continue
		}
		as, err := ParseNameAddrs(h.Value())
		if err != nil && first == nil {
			first = err
		}
		out = append(out, as...)
	}
	return out, first
}

// fromModel takes over a contact that the parser has read already.
func fromModel(c *base.ContactHeader) NameAddr {
	if c.Address.Wildcard {
		return NameAddr{Wildcard: true, Raw: "*"}
	}
	return NameAddr{Display: unescape(c.DisplayName), URI: c.Address, Params: paramsOf(c.Params)}
}

// URIText returns the URI as received, or printed when the address was made here.
func (a NameAddr) URIText() string {
	if a.Raw != "" {
		return a.Raw
	}
	return a.URI.String()
}

// Tag returns the tag parameter (RFC 3261 §19.3).
func (a NameAddr) Tag() string { return a.Params.Value("tag") }

// String prints the address with brackets, the display name quoted.
func (a NameAddr) String() string {
	if a.Wildcard {
		return "*"
	}
	var b strings.Builder
	if Clean(a.Display) != "" {
		b.WriteString(Quote(a.Display))
		b.WriteByte(' ')
	}
	b.WriteByte('<')
	b.WriteString(a.URIText())
	b.WriteByte('>')
	a.Params.write(&b)
	return b.String()
}

// ParseURI reads a URI of any scheme.
func ParseURI(s string) (URI, error) {
	var u URI
	if err := base.ParseUri(strings.TrimSpace(s), &u); err != nil {
		return URI{}, fmt.Errorf("URI %.60q: %w: %w", s, err, ErrMalformed)
	}
	return u, nil
}

// TagOf returns the tag of a From or To header value of the model.
func TagOf(params base.HeaderParams) string {
	v, _ := params.Get("tag")
	return v
}

// FromTag returns the From tag of a message, "" when it has none.
func FromTag(msg Message) string {
	if h := msg.From(); h != nil {
		return TagOf(h.Params)
	}
	return ""
}

// ToTag returns the To tag of a message, "" when it has none: a request without one starts a dialog or stands outside all.
func ToTag(msg Message) string {
	if h := msg.To(); h != nil {
		return TagOf(h.Params)
	}
	return ""
}
