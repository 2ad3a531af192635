package registrar

import (
	"net/url"
	"strings"

	"tandem/sip"

	base "github.com/emiago/sipgo/sip"
)

// param finds a parameter without regard to case.
func param(params base.HeaderParams, name string) (string, bool) {
	for _, kv := range params {
		if strings.EqualFold(kv.K, name) {
			return kv.V, true
		}
	}
	return "", false
}

// equalURI compares two SIP URIs by RFC 3261 §19.1.4. Others are equal when their text is.
func equalURI(a, b *sip.URI) bool {
	if !strings.EqualFold(scheme(a), scheme(b)) || a.Raw() != b.Raw() {
		return false
	}
	if unescape(a.User) != unescape(b.User) || a.Password != b.Password {
		return false
	}
	if !strings.EqualFold(a.Host, b.Host) || a.Port != b.Port {
		return false
	}
	return equalParams(a, b) && coveredHeaders(a, b) && coveredHeaders(b, a)
}

func scheme(u *sip.URI) string {
	if u.Scheme == "" {
		return "sip"
	}
	return u.Scheme
}

func unescape(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// equalParams: these five must be in both or in none; any other counts only when both have it.
func equalParams(a, b *sip.URI) bool {
	for _, name := range []string{"user", "ttl", "method", "maddr", "transport"} {
		va, ina := param(a.UriParams, name)
		vb, inb := param(b.UriParams, name)
		if ina != inb || !strings.EqualFold(va, vb) {
			return false
		}
	}
	for _, kv := range a.UriParams {
		if v, ok := param(b.UriParams, kv.K); ok && !strings.EqualFold(unescape(v), unescape(kv.V)) {
			return false
		}
	}
	return true
}

// coveredHeaders: header components are never ignored.
func coveredHeaders(a, b *sip.URI) bool {
	for _, kv := range a.Headers {
		if v, ok := param(b.Headers, kv.K); !ok || unescape(v) != unescape(kv.V) {
			return false
		}
	}
	return true
}

// aor returns the canonical form of an address-of-record: user unescaped, host in lower case and replaced by the canonical
// domain, port and parameters dropped (RFC 3261 §10.3 step 5). ok is false for a foreign domain.
func (c *Config) aor(u *sip.URI) (string, bool) {
	host := strings.ToLower(strings.TrimSuffix(u.Host, "."))
	if host == "" || u.User == "" || !c.serves(host) {
		return "", false
	}
	if len(c.Domains) > 0 {
		host = strings.ToLower(c.Domains[0])
	}
	return unescape(u.User) + "@" + host, true
}

func (c *Config) serves(host string) bool {
	for _, d := range c.Domains {
		if strings.EqualFold(d, host) {
			return true
		}
	}
	return len(c.Domains) == 0
}
