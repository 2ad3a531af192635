package b2bua

import (
	"slices"

	"tandem/sip"
	"tandem/sip/dialog"
)

// maxRedirects bounds how often one destination may send us on.
const maxRedirects = 5

// redirected adds the first contact that we may follow behind what is already to be tried: a number of this site, or one on the
// same trunk. A contact anywhere else is not dialled: a phone shall not choose where our calls go.
func (c *Call) redirected(l *leg, ev dialog.Event) {
	if c.attempts.purpose != dialling || c.attempts.redirects >= maxRedirects {
		return
	}
	for _, u := range ev.Contacts {
		if next, ok := c.follow(l, u); ok {
			c.attempts.redirects++
			c.attempts.groups = append(next, c.attempts.groups...)
			l.moved = true
			return
		}
	}
	c.log.Warn("redirect not followed", "leg", l.name, "status", ev.Status)
}

func (c *Call) follow(l *leg, u sip.URI) ([][]target, bool) {
	if c.tried(u.User) {
		return nil, false
	}
	if t := l.target.trunk; t != nil && u.Host == l.target.at.Host {
		next := l.target
		next.uri, next.name, next.acquired = plain(u), u.User, false
		return [][]target{{next}}, true
	}
	host, _ := l.route.door.endpoint.SentBy(l.route.to.Transport)
	if u.Host != c.sw.cfg.Domain && u.Host != host {
		return nil, false
	}
	dest, ok := c.sw.router.Resolve(u.User, c.arrival)
	if !ok || dest.Echo {
		return nil, false
	}
	groups := c.sw.targets(dest, c)
	return groups, len(groups) > 0
}

// tried tells whether a number was already dialled by this call: a loop.
func (c *Call) tried(user string) bool {
	return slices.ContainsFunc(c.legs, func(l *leg) bool { return l != c.caller && (l.target.uri.User == user || l.target.name == user) })
}
