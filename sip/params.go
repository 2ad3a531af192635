package sip

import (
	"strings"

	base "github.com/emiago/sipgo/sip"
)

// Param is one parameter of a header value or URI.
type Param struct {
	Name   string // as it was received; compared without case
	Value  string // without quotes and escapes
	Quoted bool   // Value stood, or is to be printed, between quotes
}

// Params are parameters in their order. Names are compared without case (RFC 3261 §7.3.1).
type Params []Param

// ParseParams reads the text after the first semicolon of a header value: `a=b; c ;d="x;y"`. Empty parts are skipped.
func ParseParams(s string) Params {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	ps := make(Params, 0, parts(s))
	for part := range splitSeq(s, ';') {
		if p, ok := parseParam(part); ok {
			ps = append(ps, p)
		}
	}
	return ps
}

// parts guesses how many parameters a text has.
func parts(s string) int { return min(strings.Count(s, ";")+1, 8) }

func parseParam(part string) (Param, bool) {
	name, value, _ := strings.Cut(part, "=")
	p := Param{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
	if len(p.Value) >= 2 && p.Value[0] == '"' && p.Value[len(p.Value)-1] == '"' {
		p.Value, p.Quoted = unescape(p.Value[1:len(p.Value)-1]), true
	}
	return p, p.Name != ""
}

// Get returns the value of the first parameter of that name.
func (ps Params) Get(name string) (string, bool) {
	for _, p := range ps {
		if strings.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}

// Value returns the value of the first parameter of that name, or "".
func (ps Params) Value(name string) string {
	v, _ := ps.Get(name)
	return v
}

// Has reports whether a parameter of that name exists.
func (ps Params) Has(name string) bool {
	_, ok := ps.Get(name)
	return ok
}

// Set replaces or adds a parameter. A value that is no token is printed between quotes.
func (ps *Params) Set(name, value string) {
	p := Param{Name: name, Value: value, Quoted: value != "" && !plainValue(value)}
	for i := range *ps {
		if strings.EqualFold((*ps)[i].Name, name) {
			(*ps)[i] = p
			return
		}
	}
	*ps = append(*ps, p)
}

// plainValue: token, or host as gen-value allows it (RFC 3261 §25.1).
func plainValue(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) && strings.IndexByte("[]:", s[i]) < 0 {
			return false
		}
	}
	return true
}

// String prints the parameters, each with its leading semicolon.
func (ps Params) String() string {
	var b strings.Builder
	ps.write(&b)
	return b.String()
}

func (ps Params) write(b *strings.Builder) {
	for _, p := range ps {
		b.WriteByte(';')
		b.WriteString(p.Name)
		switch {
		case p.Quoted:
			b.WriteByte('=')
			b.WriteString(Quote(p.Value))
		case p.Value != "":
			b.WriteByte('=')
			b.WriteString(p.Value)
		}
	}
}

// modelParams reads parameters as those of the message model: names in lower case, because its look-ups compare exactly.
func modelParams(s string) base.HeaderParams {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	out := make(base.HeaderParams, 0, parts(s)+1) // received and rport are to come
	for part := range splitSeq(s, ';') {
		p, ok := parseParam(part)
		if !ok {
			continue
		}
		if p.Quoted {
			if p.Value = Escape(p.Value); !strings.ContainsAny(p.Value, " \t") { // the model quotes values with blanks by itself
				p.Value = `"` + p.Value + `"`
			}
		}
		out = append(out, base.HeaderKV{K: strings.ToLower(p.Name), V: p.Value})
	}
	return out
}

// paramsOf reads the model's parameters back.
func paramsOf(hp base.HeaderParams) Params {
	var ps Params
	for _, kv := range hp {
		p := Param{Name: kv.K, Value: kv.V}
		if len(p.Value) >= 2 && p.Value[0] == '"' && p.Value[len(p.Value)-1] == '"' {
			p.Value, p.Quoted = unescape(p.Value[1:len(p.Value)-1]), true
		} else if strings.ContainsAny(p.Value, " \t") {
			p.Value, p.Quoted = unescape(p.Value), true
		}
		ps = append(ps, p)
	}
	return ps
}
