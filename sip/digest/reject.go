package digest

import (
	"time"

	"tandem/sip"
)

// Challenges returns the header values to ask a source with, strongest algorithm first (RFC 8760 §2.3). Both carry one nonce.
func (s *Server) Challenges(now time.Time, source string, stale bool) []string {
	s.mu.Lock()
	s.serial++
	serial := s.serial
	s.mu.Unlock()
	nonce := newNonce(s.secret, now, serial, source)
	out := make([]string, 0, 2)
	for _, a := range s.cfg.Algorithms {
		c := Challenge{Realm: s.cfg.Realm, Nonce: nonce, Algorithm: a.String(), QOP: []string{"auth"}, Stale: stale}
		out = append(out, c.String())
	}
	return out
}

// Reject builds the response for a verdict other than OK: 401 or 407 with two challenges, 403 or 400. It returns nil for OK.
func (s *Server) Reject(now time.Time, req *sip.Request, source string, v Verdict) *sip.Response {
	switch v.Outcome {
	case OK:
		return nil
	case Denied:
		return sip.NewResponse(req, sip.StatusForbidden, "", sip.NewTag())
	case Malformed:
		return sip.NewResponse(req, sip.StatusBadRequest, "Bad Credentials", sip.NewTag())
	}
	status, name := sip.StatusUnauthorized, "WWW-Authenticate"
	if s.cfg.Proxy {
		status, name = sip.StatusProxyAuthenticationRequired, "Proxy-Authenticate"
	}
	res := sip.NewResponse(req, status, "", sip.NewTag())
	for _, value := range s.Challenges(now, source, v.Outcome == Stale) {
		res.AppendHeader(sip.NewHeader(name, value))
	}
	return res
}
