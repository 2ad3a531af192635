package digest

import (
	"iter"
	"log/slog"
	"slices"
	"sync"

	"tandem/sip"
)

// Secret is a password that does not show itself in logs.
type Secret string

// String hides the password.
func (Secret) String() string { return "***" }

// GoString hides the password from %#v.
func (Secret) GoString() string { return "***" }

// LogValue hides the password from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// Account is what a client proves.
type Account struct {
	Realm    string // "" answers every realm that no other account names
	User     string
	Password Secret
}

// maxClientNonces bounds the nonces a client remembers; the one that came first is forgotten when it is full.
const maxClientNonces = 256

// held is a nonce of a peer and how often we used it.
type held struct {
	challenge Challenge
	proxy     bool
	nc        uint32
	staleRun  int // challenges with stale=true that led to this nonce without one accepted answer between
}

// Client answers challenges with the accounts it was given, and offers cached ones again. Safe for use from several goroutines.
type Client struct {
	accounts []Account
	cnonce   func() string

	mu     sync.Mutex
	nonces map[string]*held // by nonce
	order  []string         // nonces in order of arrival
}

// NewClient returns a client. cnonce returns fresh random text for each answer, at least 8 characters; it must be safe for use
// from several goroutines.
func NewClient(accounts []Account, cnonce func() string) *Client {
	return &Client{accounts: append([]Account(nil), accounts...), cnonce: cnonce, nonces: make(map[string]*held)}
}

// Authorize answers the challenges of a 401 or 407 by setting Authorization and Proxy-Authorization in req, the request to be
// sent again. Credentials for other realms, and those of the other header, stay. It returns false when nothing can be answered: no account
// for the realm, no known algorithm, or the same credentials were already refused (RFC 3261 §22.2, §22.3). A stale nonce is
// tried once more.
func (c *Client) Authorize(req *sip.Request, challenge *sip.Response) bool {
	answered := false
	for _, side := range []struct {
		ask   string
		proxy bool
	}{{"WWW-Authenticate", false}, {"Proxy-Authenticate", true}} {
		for _, ch := range strongest(sip.Fields(challenge, side.ask)) {
			if c.answer(req, ch, side.proxy) {
				answered = true
			}
		}
	}
	return answered
}

// Prepare adds credentials from nonces already learned, so that no challenge is needed (RFC 3261 §22.3). It does nothing when
// none is held.
func (c *Client) Prepare(req *sip.Request) {
	c.mu.Lock()
	latest := c.latestLocked()
	c.mu.Unlock()
	for _, h := range latest {
		c.set(req, h.challenge, h.proxy)
	}
}

// latestLocked returns the newest nonce of each header and realm, in order of arrival. Those without qop have no count, and a
// server takes their second use for a replay.
func (c *Client) latestLocked() []held {
	var out []held
	for _, nonce := range slices.Backward(c.order) {
		h := c.nonces[nonce]
		known := slices.ContainsFunc(out, func(o held) bool { return o.proxy == h.proxy && o.challenge.Realm == h.challenge.Realm })
		if len(h.challenge.QOP) > 0 && !known {
			out = append(out, *h)
		}
	}
	slices.Reverse(out)
	return out
}

// strongest picks for each realm the challenge with the strongest algorithm that we can answer, in order of arrival.
func strongest(headers iter.Seq[sip.Header]) []Challenge {
	var out []Challenge
	for h := range headers {
		challenges, err := ParseChallenges(h.Value())
		if err != nil {
			continue
		}
		for _, ch := range challenges {
			if _, ok := ch.protection(); ok && ch.algorithm() != Unsupported {
				out = keepStronger(out, ch)
			}
		}
	}
	return out
}

func keepStronger(list []Challenge, ch Challenge) []Challenge {
	for i := range list {
		if list[i].Realm == ch.Realm {
			if ch.algorithm() > list[i].algorithm() {
				list[i] = ch
			}
			return list
		}
	}
	return append(list, ch)
}

// answer decides whether a challenge deserves an answer and sets it.
func (c *Client) answer(req *sip.Request, ch Challenge, proxy bool) bool {
	if _, ok := c.account(ch.Realm); !ok {
		return false
	}
	run, again := c.retry(sentBefore(req, ch.Realm, proxy), ch)
	if !again {
		return false
	}
	c.learn(ch, proxy, run)
	return c.set(req, ch, proxy)
}

// retry judges a challenge against the credentials that the challenged request carried. A first answer to a nonce that is met
// by a challenge without stale=true means a wrong password; a cached nonce may be out of date without the server saying so.
func (c *Client) retry(sent *Credentials, ch Challenge) (run int, again bool) {
	if sent == nil || sent.NC > 1 && sent.Nonce != ch.Nonce {
		if ch.Stale {
			return 1, true
		}
		return 0, true
	}
	if !ch.Stale {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.nonces[sent.Nonce]; h != nil {
		run = h.staleRun
	}
	return run + 1, run < 1
}

func sentBefore(req *sip.Request, realm string, proxy bool) *Credentials {
	for h := range sip.Fields(req, headerName(proxy)) {
		if creds, err := ParseCredentials(h.Value()); err == nil && creds.Realm == realm {
			return &creds
		}
	}
	return nil
}

// learn remembers a nonce; one that is known keeps its count.
func (c *Client) learn(ch Challenge, proxy bool, run int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.nonces[ch.Nonce]; h != nil {
		h.challenge, h.proxy, h.staleRun = ch, proxy, run
		return
	}
	if len(c.order) >= maxClientNonces {
		delete(c.nonces, c.order[0])
		c.order = c.order[1:]
	}
	c.nonces[ch.Nonce] = &held{challenge: ch, proxy: proxy, staleRun: run}
	c.order = append(c.order, ch.Nonce)
}

// set computes the credentials for a challenge and puts them in place of older ones of the same realm.
func (c *Client) set(req *sip.Request, ch Challenge, proxy bool) bool {
	acc, ok := c.account(ch.Realm)
	if !ok {
		return false
	}
	creds := Credentials{
		User: acc.User, Realm: ch.Realm, Nonce: ch.Nonce, URI: req.Recipient.String(), Algorithm: ch.Algorithm,
		Opaque: ch.Opaque, HasOpaque: ch.HasOpaque,
	}
	creds.QOP, _ = ch.protection()
	algorithm := ch.algorithm()
	if creds.QOP != "" {
		creds.NC = c.count(ch.Nonce)
	}
	if creds.QOP != "" || algorithm.sess() {
		creds.CNonce = c.cnonce()
	}
	ha1 := algorithm.hash(acc.User + ":" + ch.Realm + ":" + string(acc.Password))
	creds.Response = creds.Compute(ha1, string(req.Method), req.Body())
	replaceRealm(req, headerName(proxy), creds)
	return true
}

// count returns the next use of a nonce, from 1.
func (c *Client) count(nonce string) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.nonces[nonce]
	if h == nil {
		return 1
	}
	h.nc++
	return h.nc
}

func (c *Client) account(realm string) (Account, bool) {
	var open Account
	found := false
	for _, a := range c.accounts {
		if a.Realm == realm && realm != "" {
			return a, true
		}
		if a.Realm == "" && !found {
			open, found = a, true
		}
	}
	return open, found
}

func headerName(proxy bool) string {
	if proxy {
		return "Proxy-Authorization"
	}
	return "Authorization"
}

// replaceRealm writes credentials in place of those of the same realm; other headers keep their order.
func replaceRealm(req *sip.Request, name string, creds Credentials) {
	var keep []sip.Header
	for _, h := range req.GetHeaders(name) {
		old, err := ParseCredentials(h.Value())
		if err != nil || old.Realm != creds.Realm {
			keep = append(keep, h)
		}
		req.RemoveHeader(h.Name())
	}
	for _, h := range keep {
		req.AppendHeader(h)
	}
	req.AppendHeader(sip.NewHeader(name, creds.String()))
}
