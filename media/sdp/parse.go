package sdp

import (
	"strconv"
	"strings"
)

// Limits of Parse.
const (
	MaxSize    = 32 << 10 // bytes
	MaxLines   = 1024
	MaxMedia   = 32
	maxFormats = 64 // of one m-line
	maxConns   = 8  // c= lines of one level
)

// parser is the state while reading: the lines of a section go to the last m-line, those before the first to the session.
type parser struct {
	out  Session
	line int
}

// Parse reads a description. Lines end in CR LF, LF or CR; empty lines and blanks around are ignored.
func Parse(body []byte) (*Session, error) {
	if len(body) > MaxSize {
		return nil, ErrTooBig
	}
	p := parser{out: Session{Timing: "0 0"}}
	for line := range strings.FieldsFuncSeq(string(body), func(r rune) bool { return r == '\n' || r == '\r' || r == 0 }) {
		p.line++
		if p.line > MaxLines {
			return nil, ErrTooBig
		}
		line = strings.TrimSpace(line)
		if p.line == 1 && !strings.HasPrefix(line, "v=") {
			return nil, syntax(1, "does not begin with v=")
		}
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		if err := p.take(line[0], strings.TrimSpace(line[2:])); err != nil {
			return nil, err
		}
	}
	if p.line == 0 {
		return nil, syntax(0, "empty")
	}
	return &p.out, nil
}

func (p *parser) take(kind byte, value string) error {
	switch kind {
	case 'v':
		if value != "0" {
			return syntax(p.line, "version is not 0")
		}
	case 'o':
		return p.origin(value)
	case 's':
		p.out.Name = value
	case 't':
		if value != "" && len(p.out.Media) == 0 {
			p.out.Timing = value
		}
	case 'm':
		return p.media(value)
	case 'c':
		p.connection(value)
	case 'b':
		list := &p.out.Bandwidth
		if m := p.section(); m != nil {
			list = &m.Bandwidth
		}
		*list = append(*list, value)
	case 'a':
		p.attribute(value)
	}
	return nil
}

func (p *parser) section() *Media {
	if len(p.out.Media) == 0 {
		return nil
	}
	return &p.out.Media[len(p.out.Media)-1]
}

func (p *parser) origin(value string) error {
	f := strings.Fields(value)
	switch {
	case len(f) >= 6:
		f = append(f[:0:0], f[len(f)-6:]...) // blanks in the user name
	case len(f) == 5: // without a user name
		f = append([]string{"-"}, f...)
	default:
		return syntax(p.line, "o= has too few fields")
	}
	p.out.Origin = Origin{User: f[0], SessionID: f[1], Version: f[2], AddrType: strings.ToUpper(f[4]), Host: f[5]}
	return nil
}

// connection keeps what has three fields; others are as good as missing.
func (p *parser) connection(value string) {
	f := strings.Fields(value)
	if len(f) < 3 || !strings.EqualFold(f[0], "IN") {
		return
	}
	host, _, _ := strings.Cut(f[2], "/")
	list := &p.out.Connections
	if m := p.section(); m != nil {
		list = &m.Connections
	}
	if host != "" && len(*list) < maxConns {
		*list = append(*list, Connection{AddrType: strings.ToUpper(f[1]), Host: host})
	}
}

func (p *parser) media(value string) error {
	f := strings.Fields(value)
	if len(f) < 3 {
		return syntax(p.line, "m= has too few fields")
	}
	if len(p.out.Media) == MaxMedia || len(f)-3 > maxFormats {
		return ErrTooBig
	}
	number, _, _ := strings.Cut(f[1], "/")
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return syntax(p.line, "m= has no port")
	}
	p.out.Media = append(p.out.Media, Media{Kind: strings.ToLower(f[0]), Port: int(port), Proto: f[2], Formats: f[3:]})
	return nil
}

func (p *parser) attribute(value string) {
	name, value, _ := strings.Cut(value, ":")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" {
		return
	}
	list := &p.out.Attributes
	if m := p.section(); m != nil {
		list = &m.Attributes
	}
	*list = append(*list, Attribute{name, value})
}
