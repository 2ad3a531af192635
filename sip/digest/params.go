package digest

import "strings"

// Limits of what is parsed from a peer.
const (
	// MaxHeader is the greatest length of one header value, in bytes.
	MaxHeader = 4096
	// MaxParams is the greatest number of parameters of one challenge.
	MaxParams = 32
)

// param is one name=value; quoted values are held without quotes and escapes.
type param struct{ name, value string }

// paramList is one scheme with its parameters.
type paramList struct {
	scheme string
	params []param
}

// get returns the value of a parameter, names compared without case.
func (l paramList) get(name string) (string, bool) {
	for _, p := range l.params {
		if strings.EqualFold(p.name, name) {
			return p.value, true
		}
	}
	return "", false
}

// value is get without the presence flag.
func (l paramList) value(name string) string {
	v, _ := l.get(name)
	return v
}

// scanner walks over a header value. pos never passes len(s).
type scanner struct {
	s   string
	pos int
}

func (sc *scanner) end() bool { return sc.pos >= len(sc.s) }

func (sc *scanner) skip(set string) {
	for !sc.end() && strings.IndexByte(set, sc.s[sc.pos]) >= 0 {
		sc.pos++
	}
}

const space = " \t\r\n"

// token reads RFC 3261 token characters, and those that peers use unquoted in values ("/", ":", "@", "=" within base64).
func (sc *scanner) token(extra string) string {
	start := sc.pos
	for !sc.end() && (isToken(sc.s[sc.pos]) || strings.IndexByte(extra, sc.s[sc.pos]) >= 0) {
		sc.pos++
	}
	return sc.s[start:sc.pos]
}

func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-.!%*_+`'~", c) >= 0
}

// quoted reads a quoted-string whose opening quote is at pos, and undoes its escapes.
func (sc *scanner) quoted() (string, bool) {
	var b strings.Builder
	for sc.pos++; !sc.end(); sc.pos++ {
		switch c := sc.s[sc.pos]; {
		case c == '"':
			sc.pos++
			return b.String(), true
		case c == '\\' && sc.pos+1 < len(sc.s):
			sc.pos++
			b.WriteByte(sc.s[sc.pos])
		case c < ' ' && c != '\t':
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// parseLists splits a header value into its schemes. Several challenges may share one line (RFC 7235 §2.1): a name that is
// followed by a space instead of "=" opens the next one.
func parseLists(s string) ([]paramList, error) {
	if len(s) > MaxHeader {
		return nil, ErrTooLong
	}
	sc := &scanner{s: s}
	var lists []paramList
	for count := 0; ; {
		sc.skip(space + ",")
		if sc.end() {
			break
		}
		name := sc.token("")
		if name == "" {
			return nil, ErrSyntax
		}
		sc.skip(space)
		if sc.end() || sc.s[sc.pos] != '=' {
			lists = append(lists, paramList{scheme: name})
			continue
		}
		if count++; count > MaxParams {
			return nil, ErrTooLong
		}
		if err := addParam(sc, lists, name); err != nil {
			return nil, err
		}
	}
	if len(lists) == 0 {
		return nil, ErrSyntax
	}
	return lists, nil
}

// addParam reads "=value" at the scanner into the last list. A parameter given twice is a fault (RFC 7616 §3.3).
func addParam(sc *scanner, lists []paramList, name string) error {
	if len(lists) == 0 {
		return ErrSyntax
	}
	last := &lists[len(lists)-1]
	if _, twice := last.get(name); twice {
		return ErrSyntax
	}
	sc.pos++
	sc.skip(space)
	var value string
	if !sc.end() && sc.s[sc.pos] == '"' {
		v, ok := sc.quoted()
		if !ok {
			return ErrSyntax
		}
		value = v
	} else {
		value = sc.token("/:@=?;&$()<>[]{}#|")
	}
	sc.skip(space)
	if !sc.end() && sc.s[sc.pos] != ',' {
		return ErrSyntax
	}
	last.params = append(last.params, param{name, value})
	return nil
}

// quote writes a quoted-string. Bytes below space are dropped, so that no value can end a header line.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < ' ' || c == 0x7f:
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// bare writes a value without quotes: token characters only, so that no value can end a parameter.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && isToken(byte(r)) {
			return r
		}
		return -1
	}, s)
}
