package dialog

import (
	"iter"
	"slices"
	"strings"

	"tandem/sip"
)

// again401 answers a challenge: a new request with CSeq+1, once for each realm and once more when the nonce was stale.
func (u *Usage) again401(c *clientTx, res *sip.Response) bool {
	var ask, give string
	switch res.StatusCode {
	case sip.StatusUnauthorized:
		ask, give = "WWW-Authenticate", "Authorization"
	case sip.StatusProxyAuthenticationRequired:
		ask, give = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return false
	}
	if u.cfg.Auth == nil || u.state == StateTerminated && c.what != forBye && c.what != forForkBye || c.what == forInvite && u.exit != exitNone {
		return false
	}
	realms, fresh := c.challenged(sip.Fields(res, ask))
	if !fresh {
		return false
	}
	next := u.again(c.req)
	forget(next, give, realms)
	if !u.cfg.Auth.Authorize(next, res) {
		u.cseq-- // nothing went out with it
		return false
	}
	u.retry(c, next)
	return true
}

// challenged notes the realms of a challenge; false when each of them was answered before.
func (c *clientTx) challenged(challenges iter.Seq[sip.Header]) (realms []string, fresh bool) {
	for h := range challenges {
		realm, stale := challenge(h.Value())
		realms = append(realms, realm)
		again := realm + " stale"
		switch {
		case len(c.realms) >= maxPending:
		case !slices.Contains(c.realms, realm):
			c.realms, fresh = append(c.realms, realm), true
		case stale && !slices.Contains(c.realms, again):
			c.realms, fresh = append(c.realms, again), true
		}
	}
	return realms, fresh
}

// retry sends the next attempt of a request in a new transaction.
func (u *Usage) retry(c *clientTx, next *sip.Request) {
	u.finish(c)
	c.req, c.heard, c.rseq = next, false, 0
	id := u.start(c)
	if c.what == forInvite {
		u.restart(id, next.CSeq().SeqNo)
	}
}

// challenge reads realm and stale of a challenge.
func challenge(value string) (realm string, stale bool) {
	_, params, _ := strings.Cut(strings.TrimSpace(value), " ")
	ps := sip.ParseParams(commasToSemicolons(params))
	return strings.Clone(ps.Value("realm")), strings.EqualFold(ps.Value("stale"), "true")
}

// commasToSemicolons turns auth-params into header parameters; commas in quotes stay.
func commasToSemicolons(s string) string {
	b := []byte(s)
	quoted := false
	for i := 0; i < len(b); i++ {
		switch {
		case quoted && b[i] == '\\':
			i++
		case b[i] == '"':
			quoted = !quoted
		case b[i] == ',' && !quoted:
			b[i] = ';'
		}
	}
	return string(b)
}

// forget drops earlier credentials for the challenged realms; those for other realms stay, RFC 3261 §22.3.
func forget(req *sip.Request, name string, realms []string) {
	var keep []sip.Header
	for h := range sip.Fields(req, name) {
		if realm, _ := challenge(h.Value()); !slices.Contains(realms, realm) {
			keep = append(keep, h)
		}
	}
	for req.RemoveHeader(name) {
	}
	for _, h := range keep {
		req.AppendHeader(h)
	}
}
