package sip

import (
	"bytes"
	"strings"
)

// ContentType is a media type with its parameters (RFC 3261 §20.15), type and subtype in lower case.
type ContentType struct {
	Type   string // "application/sdp"
	Params Params
}

// ParseContentType reads the value of a Content-Type header.
func ParseContentType(s string) (ContentType, bool) {
	head, rest, _ := strings.Cut(s, ";")
	major, minor, ok := strings.Cut(head, "/")
	major, minor = strings.TrimSpace(major), strings.TrimSpace(minor)
	if !ok || !IsToken(major) || !IsToken(minor) {
		return ContentType{}, false
	}
	if len(major)+1+len(minor) != len(head) { // blanks around the slash
		head = major + "/" + minor
	}
	return ContentType{Type: strings.ToLower(head), Params: ParseParams(rest)}, true
}

// ContentTypeOf reads the Content-Type of a message; false when absent or malformed.
func ContentTypeOf(msg Message) (ContentType, bool) {
	return ParseContentType(HeaderText(msg, "Content-Type"))
}

// Part is one part of a multipart body (RFC 2046 §5.1). Body points into the message.
type Part struct {
	ContentType ContentType
	Disposition string // "session", "render", … in lower case; "" when absent
	Body        []byte
}

const maxParts = 16

// Parts splits the body of a message: one part when it is not multipart, none when it is empty. Parts after the sixteenth
// are not looked at, and nested multipart bodies are not opened.
func Parts(msg Message) []Part {
	body := msg.Body()
	if len(body) == 0 {
		return nil
	}
	ct, ok := ContentTypeOf(msg)
	if !ok {
		return []Part{{Body: body}}
	}
	boundary := ct.Params.Value("boundary")
	if !strings.HasPrefix(ct.Type, "multipart/") || boundary == "" {
		disp, _, _ := strings.Cut(HeaderText(msg, "Content-Disposition"), ";")
		return []Part{{ContentType: ct, Disposition: strings.ToLower(strings.TrimSpace(disp)), Body: body}}
	}
	return multipart(body, "--"+boundary)
}

func multipart(body []byte, delim string) []Part {
	var parts []Part
	next := bytes.Index(body, []byte(delim))
	for next >= 0 && len(parts) < maxParts {
		body = body[next+len(delim):]
		if bytes.HasPrefix(body, []byte("--")) {
			break
		}
		if next = bytes.Index(body, []byte("\n"+delim)); next < 0 {
			break
		}
		parts = append(parts, parsePart(body[:next]))
		next++
	}
	return parts
}

func parsePart(raw []byte) Part {
	raw = bytes.TrimSuffix(raw, []byte("\r"))
	_, raw, _ = bytes.Cut(raw, []byte("\n")) // the rest of the delimiter line
	var p Part
	for {
		line, rest, ok := bytes.Cut(raw, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			p.Body = rest
			return p
		}
		name, value, _ := strings.Cut(string(line), ":")
		switch strings.ToLower(LongName(strings.TrimSpace(name))) {
		case "content-type":
			p.ContentType, _ = ParseContentType(value)
		case "content-disposition":
			disp, _, _ := strings.Cut(value, ";")
			p.Disposition = strings.ToLower(strings.TrimSpace(disp))
		}
		if !ok {
			return p
		}
		raw = rest
	}
}

// SDP returns the session description of a message, alone or as a part of a multipart body, pointing into the message.
// ErrAbsent says that there is no body, ErrNoSDP that there is one without a description.
func SDP(msg Message) ([]byte, error) {
	parts := Parts(msg)
	if len(parts) == 0 {
		return nil, ErrAbsent
	}
	for _, p := range parts {
		if p.ContentType.Type == "application/sdp" && (p.Disposition == "" || p.Disposition == "session" || p.Disposition == "early-session") {
			return p.Body, nil
		}
	}
	return nil, ErrNoSDP
}
