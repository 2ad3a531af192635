package digest

import "strings"

// Challenge is one Digest challenge (RFC 7616 §3.3).
type Challenge struct {
	Realm     string
	Nonce     string
	Opaque    string   // echoed in the answer when HasOpaque
	HasOpaque bool     // the challenge carried opaque, perhaps an empty one
	Algorithm string   // as written; "" when absent, which means MD5
	QOP       []string // offered protections in lower case; nil when absent (RFC 2069 form)
	Stale     bool     // the nonce was too old, the password may be right
	Domain    string   // protection space; of no use in SIP, kept for completeness
}

// ParseChallenges reads a WWW-Authenticate or Proxy-Authenticate value, which may hold several challenges. Schemes other than
// Digest are left out. ErrScheme means that none was Digest.
func ParseChallenges(value string) ([]Challenge, error) {
	lists, err := parseLists(value)
	if err != nil {
		return nil, err
	}
	var out []Challenge
	for _, l := range lists {
		if !strings.EqualFold(l.scheme, "Digest") {
			continue
		}
		c, err := challengeOf(l)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, ErrScheme
	}
	return out, nil
}

func challengeOf(l paramList) (Challenge, error) {
	c := Challenge{
		Realm: l.value("realm"), Nonce: l.value("nonce"), Algorithm: l.value("algorithm"), Domain: l.value("domain"),
		Stale: strings.EqualFold(l.value("stale"), "true"),
	}
	c.Opaque, c.HasOpaque = l.get("opaque")
	if qop, ok := l.get("qop"); ok {
		for _, q := range strings.Split(qop, ",") {
			if q = strings.ToLower(bare(strings.TrimSpace(q))); q != "" {
				c.QOP = append(c.QOP, q)
			}
		}
	}
	if _, ok := l.get("realm"); !ok || c.Nonce == "" {
		return Challenge{}, ErrSyntax
	}
	return c, nil
}

// String writes the challenge as a header value.
func (c Challenge) String() string {
	var b strings.Builder
	b.WriteString("Digest realm=" + quote(c.Realm) + ", nonce=" + quote(c.Nonce))
	if c.Domain != "" {
		b.WriteString(", domain=" + quote(c.Domain))
	}
	if c.HasOpaque {
		b.WriteString(", opaque=" + quote(c.Opaque))
	}
	if a := bare(c.Algorithm); a != "" {
		b.WriteString(", algorithm=" + a)
	}
	if len(c.QOP) > 0 {
		b.WriteString(", qop=" + quote(strings.Join(c.QOP, ",")))
	}
	if c.Stale {
		b.WriteString(", stale=true")
	}
	return b.String()
}

// algorithm is the parsed Algorithm field.
func (c Challenge) algorithm() Algorithm { return ParseAlgorithm(c.Algorithm) }

// protection chooses among the offered protections: "auth", else "auth-int", else "" with ok for a challenge that offers none.
func (c Challenge) protection() (qop string, ok bool) {
	if c.QOP == nil {
		return "", true
	}
	for _, want := range []string{"auth", "auth-int"} {
		for _, q := range c.QOP {
			if q == want {
				return q, true
			}
		}
	}
	return "", false
}
