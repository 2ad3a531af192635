package trunk

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/sip"

	base "github.com/emiago/sipgo/sip"
)

// answer is what a final response means to a registration.
type answer struct {
	status       int
	granted      time.Duration // of our own Contact
	retryAfter   time.Duration
	serviceRoute []string
	observed     string
	next         *sip.Request // the REGISTER that answers a challenge
}

// judge turns a final response into an event (RFC 3261 §10.2.4 to §10.2.8).
func (r *Registration) judge(res *sip.Response) (answer, regOn) {
	a := answer{status: res.StatusCode}
	if ra, ok := sip.RetryAfterOf(res); ok {
		a.retryAfter = ra.After
	}
	switch {
	case res.StatusCode < 300:
		return r.read(res, a)
	case res.StatusCode == sip.StatusUnauthorized || res.StatusCode == sip.StatusProxyAuthenticationRequired:
		if r.cfg.Auth != nil && r.retries.challenges < maxChallenges {
			r.retries.challenges++
			if a.next = r.authorized(res); a.next != nil {
				return a, regChallenge
			}
		}
	case res.StatusCode == sip.StatusIntervalTooBrief && r.state != RegIdle:
		if least, ok := sip.Seconds(sip.HeaderText(res, "Min-Expires")); ok && least > r.asked && least <= maxExpires && r.retries.brief < maxBrief {
			r.retries.brief++
			r.asked = least
			return a, regBrief
		}
	}
	return a, regFailed
}

// read takes the figures of a 2xx. One that grants our Contact no time is a refusal.
func (r *Registration) read(res *sip.Response, a answer) (answer, regOn) {
	a.granted = r.granted(res)
	for h := range sip.Fields(res, "Service-Route") {
		a.serviceRoute = append(a.serviceRoute, h.Value())
	}
	if via := res.Via(); via != nil {
		host, _ := via.Params.Get("received")
		if port, _ := via.Params.Get("rport"); port != "" {
			a.observed = net.JoinHostPort(cmp.Or(host, via.Host), port)
		}
	}
	if a.granted <= 0 && r.state != RegIdle {
		return a, regFailed
	}
	return a, regOK
}

// granted finds the time given to our own Contact among all of the address-of-record; without one the Expires header, else what we asked.
func (r *Registration) granted(res *sip.Response) time.Duration {
	general, given := sip.Expires(res)
	if !given {
		general = r.asked
	}
	contacts, _ := sip.Contacts(res) // one that cannot be read is another device's
	i := slices.IndexFunc(contacts, func(c sip.Contact) bool { return r.ours(c.URI) })
	if i < 0 && len(contacts) == 1 && contacts[0].URI.User == r.cfg.Contact.User {
		i = 0 // a registrar that writes what it saw of us over our Contact
	}
	switch {
	case i < 0 && len(contacts) > 0:
		return 0
	case i >= 0 && contacts[i].HasExpires:
		general = contacts[i].Expires
	}
	return min(general, maxExpires)
}

// ours compares with our Contact by user, host and port, absent ports standing for 5060.
func (r *Registration) ours(u sip.URI) bool {
	c := r.cfg.Contact
	return u.User == c.User && strings.EqualFold(u.Host, c.Host) && cmp.Or(u.Port, 5060) == cmp.Or(c.Port, 5060)
}

// send asks for expires of our own Contact; 0 takes it back, and no other.
func (r *Registration) send(expires time.Duration, a answer) RegistrationEffect {
	req := a.next
	if req == nil {
		req = r.request(expires)
		if r.cfg.Auth != nil {
			r.cfg.Auth.Prepare(req)
		}
	}
	r.last, r.out = req, true
	return SendRegister{Request: req, Target: r.targets[r.target]}
}

// authorized builds the REGISTER that answers a challenge, with the credentials of the challenged one still in place (RFC 3261
// §22.3); nil when there is no answer.
func (r *Registration) authorized(challenge *sip.Response) *sip.Request {
	expires := r.asked
	if r.state == RegIdle {
		expires = 0
	}
	req := r.request(expires)
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		for h := range sip.Fields(r.last, name) {
			req.AppendHeader(sip.NewHeader(name, h.Value()))
		}
	}
	if !r.cfg.Auth.Authorize(req, challenge) {
		return nil
	}
	return req
}

// request builds the next REGISTER.
func (r *Registration) request(expires time.Duration) *sip.Request {
	r.cseq++
	domain := sip.URI{Scheme: "sip", Host: r.want.Domain}
	aor := sip.URI{Scheme: "sip", User: r.want.User, Host: r.want.Domain}
	req := sip.NewRequest(sip.REGISTER, domain)
	hops, callID := base.MaxForwardsHeader(70), base.CallIDHeader(r.cfg.CallID)
	req.AppendHeader(&hops)
	req.AppendHeader(&base.FromHeader{Address: aor, Params: base.HeaderParams{{K: "tag", V: r.cfg.Tag}}})
	req.AppendHeader(&base.ToHeader{Address: aor})
	req.AppendHeader(&callID)
	req.AppendHeader(&base.CSeqHeader{SeqNo: r.cseq, MethodName: sip.REGISTER})
	seconds := strconv.Itoa(int(expires / time.Second))
	req.AppendHeader(&base.ContactHeader{Address: *r.cfg.Contact.Clone(), Params: base.HeaderParams{{K: "expires", V: seconds}}})
	req.AppendHeader(sip.NewHeader("Expires", seconds))
	req.AppendHeader(sip.NewHeader("Supported", "path"))
	req.SetBody(nil)
	return req
}
