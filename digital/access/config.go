package access

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"strings"
	"time"
)

// Config says how the door behaves. Zero fields take the default in brackets.
type Config struct {
	Secure  bool           // people come by TLS: Secure cookies and HSTS
	Origins []string       // other web origins whose scripts may use the door, as patterns of path.Match: "https://crm.example", "https://*.shop.example"; our own is always one
	Proxies []netip.Prefix // proxies whose X-Forwarded-For is believed

	SessionIdle time.Duration // a session unused for so long is over [12h]
	SessionLife time.Duration // of a session, used or not [7 days]
	LinkLife    time.Duration // of a one-time login link [15min]

	AddressRate  float64 // requests a second from one address [50]
	AddressBurst int     // [200]
	TokenRate    float64 // requests a second of one token or session [100]
	TokenBurst   int     // [200]
	Tracked      int     // addresses, tokens and users that limits remember [20000 each]

	LoginTries int           // wrong passwords for one user from one address until both are locked out together [5]
	LockFor    time.Duration // [15min]
	Hashes     int           // passwords hashed at once, 19 MiB each [2]
	HashQueue  int           // logins that may wait for that; above it 503 [16]

	MaxBody  int64 // bytes of a request's body where the area says nothing [1 MiB]
	MaxUsers int   // [10000]
	MaxToken int   // API tokens [1000]

	Areas []Area
}

// Area is a part of the URL space with its own rules. The longest prefix that fits counts; what no area names needs a proof, is shown in no
// frame, and takes Config.MaxBody.
type Area struct {
	Prefix    string   // like "/v1/"; an exact path without a slash at the end covers that path and what is below it
	Alone     bool     // that path only, and nothing below it
	Public    bool     // open without proof
	Roles     []Role   // who may come in; empty: everybody proven
	Ancestors []string // sites that may show it in a frame (CSP frame-ancestors); empty: none
	Connect   []string // more sources for CSP connect-src
	AnyOrigin bool     // scripts of every site may read it, without proofs: the widget's loader
	MaxBody   int64    // bytes of a request's body; 0: Config.MaxBody
	OwnLimits bool     // its handler limits who comes how often: the door counts no addresses (callbacks of providers)
	OwnProof  bool     // its handler looks at Authorization itself, which holds something else than a token of ours: a visitor's session
	Secret    bool     // what follows the prefix is a secret: not logged
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	num := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	def(&c.SessionIdle, 12*time.Hour)
	def(&c.SessionLife, 7*24*time.Hour)
	def(&c.LinkLife, 15*time.Minute)
	def(&c.LockFor, 15*time.Minute)
	num(&c.AddressBurst, 200)
	num(&c.TokenBurst, 200)
	num(&c.Tracked, 20000)
	num(&c.LoginTries, 5)
	num(&c.Hashes, 2)
	num(&c.HashQueue, 16)
	num(&c.MaxUsers, 10000)
	num(&c.MaxToken, 1000)
	if c.AddressRate == 0 {
		c.AddressRate = 50
	}
	if c.TokenRate == 0 {
		c.TokenRate = 100
	}
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	return c
}

// Validate returns every fault with its path, joined, or nil.
func (c Config) Validate() error {
	var errs []error
	fault := func(path, form string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+form, append([]any{path}, args...)...))
	}
	for i, o := range c.Origins {
		if err := checkOrigin(o); err != nil {
			fault(fmt.Sprintf("origins[%d]", i), "%w", err)
		}
	}
	for _, d := range []struct {
		path string
		v    time.Duration
	}{{"session_idle", c.SessionIdle}, {"session_life", c.SessionLife}, {"link_life", c.LinkLife}, {"lock_for", c.LockFor}} {
		if d.v < 0 {
			fault(d.path, "%v is negative", d.v)
		}
	}
	for _, n := range []struct {
		path string
		v    float64
	}{{"address_rate", c.AddressRate}, {"address_burst", float64(c.AddressBurst)}, {"token_rate", c.TokenRate}, {"token_burst", float64(c.TokenBurst)},
		{"tracked", float64(c.Tracked)}, {"login_tries", float64(c.LoginTries)}, {"hashes", float64(c.Hashes)}, {"hash_queue", float64(c.HashQueue)},
		{"max_body", float64(c.MaxBody)}, {"max_users", float64(c.MaxUsers)}, {"max_tokens", float64(c.MaxToken)}} {
		if n.v < 0 {
			fault(n.path, "%v is negative", n.v)
		}
	}
	seen := map[string]bool{}
	for i, a := range c.Areas {
		path := fmt.Sprintf("areas[%d]", i)
		a.check(path, fault)
		if seen[a.Prefix] {
			fault(path+".prefix", "%q is named twice", a.Prefix)
		}
		seen[a.Prefix] = true
	}
	return errors.Join(errs...)
}

func (a Area) check(path string, fault func(path, form string, args ...any)) {
	if !strings.HasPrefix(a.Prefix, "/") {
		fault(path+".prefix", "%q does not begin with /", a.Prefix)
	}
	for _, r := range a.Roles {
		if !r.Known() {
			fault(path+".roles", "%q is no role", r)
		}
	}
	for _, s := range append(append([]string{}, a.Ancestors...), a.Connect...) {
		if s == "" || strings.ContainsAny(s, " ;,\r\n\t") {
			fault(path, "%q is no source for a content security policy", s)
		}
	}
	if a.Public && len(a.Roles) > 0 {
		fault(path, "an area cannot be public and have roles")
	}
}

// checkOrigin wants scheme, host and port as a browser sends them; a star stands for any part of the host, not for all of it.
func checkOrigin(text string) error {
	scheme, host, ok := strings.Cut(text, "://")
	_, err := path.Match(text, "")
	if !ok || err != nil || scheme != "https" && scheme != "http" || strings.Trim(host, "*.:") == "" || strings.ContainsAny(host, "/@ ?#") || text != strings.ToLower(text) {
		return fmt.Errorf("%q is no origin: write it like https://crm.example, https://*.shop.example or http://localhost:3000", text)
	}
	return nil
}
