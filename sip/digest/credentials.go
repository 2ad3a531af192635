package digest

import (
	"fmt"
	"strconv"
	"strings"
)

// Credentials are the answer to a Challenge (RFC 7616 §3.4): the value of an Authorization or Proxy-Authorization header.
type Credentials struct {
	User      string
	Realm     string
	Nonce     string
	URI       string // digest-uri as hashed; the Request-URI
	Response  string // lower-case hex
	Algorithm string // "" when absent, which means MD5
	CNonce    string
	Opaque    string
	HasOpaque bool
	QOP       string // "auth", "auth-int", or "" for the RFC 2069 form
	NC        uint32 // uses of the nonce by this client, from 1; 0 without QOP

	nc string // NC as the peer wrote it, which is what it hashed; "" for credentials made here
}

// ParseCredentials reads an Authorization or Proxy-Authorization value.
func ParseCredentials(value string) (Credentials, error) {
	lists, err := parseLists(value)
	if err != nil {
		return Credentials{}, err
	}
	if !strings.EqualFold(lists[0].scheme, "Digest") {
		return Credentials{}, ErrScheme
	}
	if len(lists) > 1 {
		return Credentials{}, ErrSyntax
	}
	return credentialsOf(lists[0])
}

func credentialsOf(l paramList) (Credentials, error) {
	c := Credentials{
		User: l.value("username"), Realm: l.value("realm"), Nonce: l.value("nonce"), URI: l.value("uri"),
		Response: strings.ToLower(l.value("response")), Algorithm: l.value("algorithm"), CNonce: l.value("cnonce"),
		QOP: strings.ToLower(l.value("qop")),
	}
	c.Opaque, c.HasOpaque = l.get("opaque")
	if c.User == "" || c.Nonce == "" || c.URI == "" || c.Response == "" {
		return Credentials{}, ErrSyntax
	}
	if c.QOP == "" {
		return c, nil
	}
	nc, err := strconv.ParseUint(l.value("nc"), 16, 32)
	if err != nil || nc == 0 || c.CNonce == "" || bare(c.QOP) != c.QOP {
		return Credentials{}, ErrSyntax
	}
	c.NC, c.nc = uint32(nc), l.value("nc")
	return c, nil
}

// String writes the credentials as a header value. Quoting is as in RFC 7616 §3.4: algorithm, qop and nc stand bare.
func (c Credentials) String() string {
	var b strings.Builder
	b.WriteString("Digest username=" + quote(c.User) + ", realm=" + quote(c.Realm) + ", nonce=" + quote(c.Nonce) +
		", uri=" + quote(c.URI) + ", response=" + quote(c.Response))
	if a := bare(c.Algorithm); a != "" {
		b.WriteString(", algorithm=" + a)
	}
	if c.HasOpaque {
		b.WriteString(", opaque=" + quote(c.Opaque))
	}
	if c.QOP != "" {
		b.WriteString(", cnonce=" + quote(c.CNonce) + ", qop=" + bare(c.QOP) + ", nc=" + c.count())
	} else if c.CNonce != "" {
		b.WriteString(", cnonce=" + quote(c.CNonce))
	}
	return b.String()
}

// count is NC as it is written and hashed.
func (c Credentials) count() string {
	if c.nc != "" {
		return c.nc
	}
	return fmt.Sprintf("%08x", c.NC)
}

// Compute returns the response for these credentials (RFC 7616 §3.4.1). ha1 is H(user:realm:password) of the credentials'
// algorithm; body counts with "auth-int" only. The Response field is not read.
func (c Credentials) Compute(ha1, method string, body []byte) string {
	a := ParseAlgorithm(c.Algorithm)
	if a.sess() {
		ha1 = a.hash(ha1 + ":" + c.Nonce + ":" + c.CNonce)
	}
	a2 := method + ":" + c.URI
	if c.QOP == "auth-int" {
		a2 += ":" + a.hash(string(body))
	}
	if c.QOP == "" {
		return a.hash(ha1 + ":" + c.Nonce + ":" + a.hash(a2))
	}
	return a.hash(ha1 + ":" + c.Nonce + ":" + c.count() + ":" + c.CNonce + ":" + c.QOP + ":" + a.hash(a2))
}
