package wire

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// Message is a request or a response as read. Header values are as written, without the white space around them.
type Message struct {
	Method string // of a request; empty: it is a response
	URI    string // Request-URI
	Status int    // of a response, 100 to 699
	Reason string

	Via         []string // topmost first, one entry each
	From, To    string
	CallID      string
	CSeq        uint32
	CSeqMethod  string
	Contact     string   // the first one
	RecordRoute []string // in the order of the message, one entry each
	Challenges  []string // WWW-Authenticate and Proxy-Authenticate
	Proxy       bool     // the last challenge was a proxy's
	RetryAfter  string
	Body        string
}

// Errors of Parse.
var (
	ErrStartLine = errors.New("no SIP start line")
	ErrHeader    = errors.New("header line without a colon")
	ErrMissing   = errors.New("a mandatory header is missing")
)

const version = "SIP/2.0"

// Parse reads one datagram (RFC 3261 §7, §18.3). Header names may be short, lists may be folded and joined by commas.
func Parse(datagram []byte) (*Message, error) {
	text := string(datagram)
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	start, rest, _ := strings.Cut(head, "\r\n")
	m := &Message{Body: body}
	if err := m.startLine(start); err != nil {
		return nil, err
	}
	for rest != "" {
		var line string
		line, rest = nextLine(rest)
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, ErrHeader
		}
		m.header(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if len(m.Via) == 0 || m.From == "" || m.To == "" || m.CallID == "" || m.CSeqMethod == "" {
		return nil, ErrMissing
	}
	return m, nil
}

func (m *Message) startLine(line string) error {
	first, rest, ok := strings.Cut(line, " ")
	second, third, ok2 := strings.Cut(rest, " ")
	switch {
	case !ok || !ok2 && first != version:
		return ErrStartLine
	case first == version:
		status, err := strconv.Atoi(second)
		if err != nil || status < 100 || status > 699 {
			return ErrStartLine
		}
		m.Status, m.Reason = status, third
	case third != version:
		return ErrStartLine
	default:
		m.Method, m.URI = first, second
	}
	return nil
}

// nextLine takes one header line, with the lines that continue it.
func nextLine(s string) (line, rest string) {
	line, rest, _ = strings.Cut(s, "\r\n")
	for rest != "" && (rest[0] == ' ' || rest[0] == '\t') {
		var more string
		more, rest, _ = strings.Cut(rest, "\r\n")
		line += " " + strings.TrimSpace(more)
	}
	return line, rest
}

func (m *Message) header(name, value string) {
	switch strings.ToLower(name) {
	case "via", "v":
		m.Via = appendList(m.Via, value)
	case "from", "f":
		m.From = value
	case "to", "t":
		m.To = value
	case "call-id", "i":
		m.CallID = value
	case "cseq":
		number, method, _ := strings.Cut(value, " ")
		if n, err := strconv.ParseUint(number, 10, 32); err == nil {
			m.CSeq, m.CSeqMethod = uint32(n), strings.TrimSpace(method)
		}
	case "contact", "m":
		if m.Contact == "" {
			m.Contact = firstOf(value)
		}
	case "record-route":
		m.RecordRoute = appendList(m.RecordRoute, value)
	case "www-authenticate":
		m.Challenges = append(m.Challenges, value)
	case "proxy-authenticate":
		m.Challenges, m.Proxy = append(m.Challenges, value), true
	case "retry-after":
		m.RetryAfter = value
	}
}

func firstOf(value string) string {
	if list := appendList(nil, value); len(list) > 0 {
		return list[0]
	}
	return ""
}

// appendList splits a header value at its commas, but not inside quotes or angle brackets.
func appendList(list []string, value string) []string {
	quoted, angle, from := false, false, 0
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle:
			list = append(list, strings.TrimSpace(value[from:i]))
			from = i + 1
		}
	}
	if last := strings.TrimSpace(value[from:]); last != "" {
		list = append(list, last)
	}
	return list
}

// Param gives a parameter of a header value, as of Via or From: what stands after the first ';' outside of quotes and angle
// brackets.
func Param(value, name string) string {
	if end := strings.LastIndexByte(value, '>'); end >= 0 {
		value = value[end:]
	}
	for {
		_, rest, ok := strings.Cut(value, ";")
		if !ok {
			return ""
		}
		param, _, _ := strings.Cut(rest, ";")
		if k, v, _ := strings.Cut(param, "="); strings.EqualFold(strings.TrimSpace(k), name) {
			return strings.TrimSpace(v)
		}
		value = rest
	}
}

// Tag gives the tag of a From or To value; empty: it has none.
func Tag(value string) string { return Param(value, "tag") }

// Branch gives the branch of the topmost Via.
func (m *Message) Branch() string { return Param(m.Via[0], "branch") }

// URI gives the URI of a name-addr or addr-spec, as of Contact (RFC 3261 §20.10).
func URI(value string) string {
	if from := strings.LastIndexByte(value, '<'); from >= 0 { // a name in quotes may hold more of them
		uri, _, _ := strings.Cut(value[from+1:], ">")
		return uri
	}
	uri, _, _ := strings.Cut(value, ";")
	return strings.TrimSpace(uri)
}

// User gives the user part of a URI; empty: it has none.
func User(uri string) string {
	_, rest, _ := strings.Cut(uri, ":")
	user, _, ok := strings.Cut(rest, "@")
	if !ok {
		return ""
	}
	return user
}

// HostPort gives the address that a URI points to, where its host is an IPv4 address. The port is 5060 unless given.
func HostPort(uri string) (netip.AddrPort, bool) {
	_, rest, ok := strings.Cut(uri, ":")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	rest, _, _ = strings.Cut(rest, ";")
	rest, _, _ = strings.Cut(rest, "?")
	host, port, given := strings.Cut(rest, ":")
	number := uint64(5060)
	if given {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return netip.AddrPort{}, false
		}
		number = n
	}
	addr, err := netip.ParseAddr(host)
	return netip.AddrPortFrom(addr, uint16(number)), ok && err == nil
}
