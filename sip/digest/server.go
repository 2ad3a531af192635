package digest

import (
	"crypto/subtle"
	"slices"
	"strings"
	"sync"
	"time"

	"tandem/sip"
)

// Config sets up a Server. The zero value of each field but Realm means its default.
type Config struct {
	Realm       string        // protection space shown to clients; part of every stored hash
	Proxy       bool          // ask with 407 and Proxy-Authenticate instead of 401 and WWW-Authenticate
	NonceLife   time.Duration // how long a nonce is accepted; default 5 min
	MaxNonces   int           // nonces whose use is remembered; default 65536
	MaxFailures int           // wrong answers of one source for one user before 403, ten times as many for all its users; default 10
	FailureTime time.Duration // period over which they are counted; default 5 min
	MaxSources  int           // failing sources, and users of them, remembered; default 16384
	Algorithms  []Algorithm   // offered and taken, strongest first (RFC 8760 §2.3); default SHA256, MD5
}

func (c Config) withDefaults() Config {
	if len(c.Algorithms) == 0 {
		c.Algorithms = []Algorithm{SHA256, MD5}
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&c.NonceLife, 5 * time.Minute}, {&c.FailureTime, 5 * time.Minute}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	for _, d := range []struct {
		value *int
		def   int
	}{{&c.MaxNonces, 65536}, {&c.MaxFailures, 10}, {&c.MaxSources, 16384}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	return c
}

// Users finds the stored hashes of a user. It must take the same time whether the user exists or not.
type Users interface {
	HA1(user string) (HA1Set, bool)
}

// Outcome is what a Verdict says.
type Outcome uint8

// The outcomes of Verify.
const (
	Challenged Outcome = iota // no credentials, or wrong ones: answer with Reject
	Stale                     // right password, nonce too old or used: answer with Reject, which says stale=true
	OK                        // the request comes from Verdict.User
	Denied                    // too many wrong answers from this source: 403
	Malformed                 // credentials that cannot be read or that speak of another Request-URI: 400
)

var outcomeNames = [...]string{"challenged", "stale", "ok", "denied", "malformed"}

// String returns the outcome as it stands in logs and metrics.
func (o Outcome) String() string { return outcomeNames[o] }

// Verdict is the result of checking one request.
type Verdict struct {
	Outcome Outcome
	User    string // who it is; set with OK only
	Failed  bool   // a wrong password or unknown user was counted against the source
}

// Server checks requests against stored hashes. Safe for use from several goroutines.
type Server struct {
	cfg     Config
	secret  []byte
	users   Users
	unknown HA1Set // hashed in place of an unknown user's
	metrics *Metrics

	mu       sync.Mutex
	serial   uint32
	replays  *replays
	failures *failures
}

// NewServer returns a server for one realm. secret signs nonces: at least 32 random bytes. metrics may be nil.
func NewServer(cfg Config, secret []byte, users Users, metrics *Metrics) (*Server, error) {
	if cfg.Realm == "" || strings.ContainsFunc(cfg.Realm, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, ErrRealm
	}
	if len(secret) < 32 {
		return nil, ErrSecret
	}
	cfg = cfg.withDefaults()
	return &Server{
		cfg: cfg, secret: append([]byte(nil), secret...), users: users, metrics: metrics,
		unknown:  NewHA1Set("unknown", cfg.Realm, string(secret)),
		replays:  newReplays(cfg.MaxNonces),
		failures: newFailures(cfg.MaxSources, cfg.FailureTime),
	}, nil
}

// Verify checks the credentials of a request (RFC 3261 §22.2, RFC 7616 §3.4.6). source is the sender's address without port: a
// client behind a NAT may change its port between challenge and answer.
func (s *Server) Verify(now time.Time, req *sip.Request, source string) Verdict {
	v := s.verify(now, req, source)
	s.metrics.verdict(v.Outcome)
	return v
}

func (s *Server) verify(now time.Time, req *sip.Request, source string) Verdict {
	creds, outcome := s.credentials(req)
	if s.isDenied(now, source, creds.User) {
		return Verdict{Outcome: Denied}
	}
	if outcome != OK {
		return Verdict{Outcome: outcome}
	}
	issued, ours := openNonce(s.secret, creds.Nonce, source)
	if !ours {
		return Verdict{Outcome: Challenged} // from before a restart, or of another peer
	}
	if !s.matches(creds, req) {
		return s.fail(now, source, creds.User)
	}
	if age := now.Sub(issued); age > s.cfg.NonceLife || age < -time.Minute || !s.use(now, creds, issued) {
		return Verdict{Outcome: Stale}
	}
	return Verdict{Outcome: OK, User: creds.User}
}

// credentials finds the answer to our realm's challenge. Outcome is OK when there is one.
func (s *Server) credentials(req *sip.Request) (Credentials, Outcome) {
	for h := range sip.Fields(req, headerName(s.cfg.Proxy)) {
		creds, err := ParseCredentials(h.Value())
		switch {
		case err == ErrScheme || err == nil && creds.Realm != s.cfg.Realm:
			continue
		case err != nil || !sameTarget(creds.URI, req):
			return Credentials{}, Malformed
		case !s.offered(creds):
			return Credentials{}, Challenged
		}
		return creds, OK
	}
	return Credentials{}, Challenged
}

// offered tells whether the client chose among what we offer, with "auth" or the form without qop.
func (s *Server) offered(c Credentials) bool {
	return slices.Contains(s.cfg.Algorithms, ParseAlgorithm(c.Algorithm)) && (c.QOP == "auth" || c.QOP == "")
}

// sameTarget compares the digest-uri with the Request-URI by user, host and port: proxies on the way may change the rest.
func sameTarget(uri string, req *sip.Request) bool {
	if uri == req.Recipient.String() {
		return true
	}
	u, err := sip.ParseURI(uri)
	if err != nil {
		return false
	}
	r := &req.Recipient
	return u.User == r.User && strings.EqualFold(u.Host, r.Host) && port(&u) == port(r) && strings.EqualFold(u.Raw(), r.Raw())
}

// port is where a URI leads: some telephones leave the usual one out of the digest-uri.
func port(u *sip.URI) int {
	switch {
	case u.Port != 0:
		return u.Port
	case u.IsEncrypted():
		return 5061
	}
	return 5060
}

// matches compares the response in constant time, and takes the same road for users that do not exist.
func (s *Server) matches(c Credentials, req *sip.Request) bool {
	set, known := s.users.HA1(c.User)
	a := ParseAlgorithm(c.Algorithm)
	ha1 := set.of(a)
	if !known || ha1 == "" {
		ha1, known = s.unknown.of(a), false
	}
	want := c.Compute(ha1, string(req.Method), req.Body())
	equal := subtle.ConstantTimeCompare([]byte(want), []byte(c.Response)) == 1
	return equal && known
}

// wholeSource is how many times MaxFailures all users of one source have together: behind one NAT one telephone with an old password
// must not shut out the others.
const wholeSource = 10

func (s *Server) isDenied(now time.Time, source, user string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures.count(now, source) >= wholeSource*s.cfg.MaxFailures || user != "" && s.failures.count(now, source+" "+user) >= s.cfg.MaxFailures
}

func (s *Server) fail(now time.Time, source, user string) Verdict {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures.add(now, source)
	s.failures.add(now, source+" "+user)
	s.metrics.tables(s.replays, s.failures)
	return Verdict{Outcome: Challenged, Failed: true}
}

// use marks one use of the nonce; false for a replay. Without qop a nonce serves once.
func (s *Server) use(now time.Time, c Credentials, issued time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replays.expire(now.Add(-s.cfg.NonceLife))
	fresh := s.replays.take(c.Nonce, issued, max(c.NC, 1))
	s.metrics.tables(s.replays, s.failures)
	return fresh
}
