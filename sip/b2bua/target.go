package b2bua

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/registrar"
	"tandem/sip/transaction"
	"tandem/sip/transport"
	"tandem/sip/trunk"
)

// target is one place to which a leg can be placed: a phone's binding or a trunk's address.
type target struct {
	name      string // for people: the endpoint, or the number and the trunk
	endpoint  string // the phone of this site that it is, "" for whoever is outside
	agent     string // whose phone it is, when the dispatcher offers a work item
	uri       sip.URI
	from      sip.NameAddr
	headers   []sip.Header
	route     route
	auth      dialog.Authorizer
	path      []sip.URI // Routes of the first request: nodes and proxies that the phone has registered through (RFC 3327)
	symmetric bool
	page      bool         // a browser, or a page's user agent
	trunk     *trunk.Trunk // nil for a phone
	at        trunk.Target
	acquired  bool
}

// actor names who is at the target, for the journal.
func (t *target) actor() string {
	switch {
	case t.agent != "":
		return "agent:" + t.agent
	case t.trunk != nil:
		return "trunk:" + t.trunk.Name()
	}
	return "endpoint:" + t.name
}

// side names who is at the target as the one who ended a call.
func (t *target) side() string {
	if t.agent != "" {
		return t.actor()
	}
	return "callee"
}

// acquire takes one call of the target's trunk.
func (t *target) acquire() bool {
	if t.trunk == nil {
		return true
	}
	t.acquired = t.trunk.Acquire() == nil
	return t.acquired
}

// release gives it back, once.
func (t *target) release() {
	if t.acquired {
		t.acquired = false
		t.trunk.Release()
	}
}

// report tells the trunk what became of a request to it.
func (t *target) report(now time.Time, ev dialog.Event) {
	if t.trunk == nil {
		return
	}
	outcome, pause := trunk.OutcomeOf(ev.Status), time.Duration(0)
	if ev.By == dialog.Network {
		outcome = trunk.NoAnswer
	} else if ev.Response != nil {
		if retry, ok := sip.RetryAfterOf(ev.Response); ok {
			pause = retry.After
		}
	}
	t.trunk.Report(now, t.at, outcome, pause)
}

// targets lists where a destination can be reached: the bindings of an endpoint ring together, the addresses of trunks are
// tried one after the other.
func (s *Switch) targets(d Destination, c *Call) [][]target {
	if d.Endpoint != "" {
		return s.phones(d.Endpoint, c)
	}
	var groups [][]target
	for _, t := range d.Trunks {
		order, err := t.Choose(c.now, s.intN)
		if err != nil {
			c.log.Warn("trunk not usable", "trunk", t.Name(), "err", err)
			continue
		}
		for _, at := range order {
			if place, ok := s.carrier(t, at, d.Number, c); ok {
				groups = append(groups, []target{place})
			}
		}
	}
	return groups
}

// doorFor is the first door that speaks a transport.
func (s *Switch) doorFor(transport string) *Door {
	for _, d := range s.doors {
		if _, ok := d.endpoint.Local(transport); ok {
			return d
		}
	}
	return nil
}

// intN draws from [0,n).
func (s *Switch) intN(n int) int { return min(int(s.random()*float64(n)), n-1) }

// maxForks bounds how many bindings of one endpoint ring together.
const maxForks = 5

func (s *Switch) phones(name string, c *Call) [][]target {
	var group []target
	for _, b := range s.Registrar.Lookup(name+"@"+s.cfg.Domain, c.now) {
		if len(group) == maxForks {
			break
		}
		if t, ok := s.phone(name, b, c); ok {
			group = append(group, t)
		}
	}
	if len(group) == 0 {
		return nil
	}
	return [][]target{group}
}

// phone is a binding as a target: the Request-URI is the Contact, the way is where the REGISTER came from.
func (s *Switch) phone(name string, b registrar.Binding, c *Call) (target, bool) {
	uri, err := sip.ParseURI(b.Contact)
	way, path, ok := s.wayTo(b)
	if err != nil || !ok {
		return target{}, false
	}
	from := sip.NameAddr{Display: c.shows.Name, URI: sip.URI{Scheme: "sip", User: c.shows.Number, Host: s.cfg.Domain}}
	return target{
		name: name, endpoint: name, uri: uri, from: from, symmetric: true, page: isPage(b.Transport), path: path,
		route: way,
	}, true
}

// caps are what we can do with who is there: a trunk's entry says it, or a phone's and the site.
func (s *Switch) caps(t *target) sdp.Caps {
	c := sdp.Caps{Codecs: s.cfg.Codecs, Events: telephoneEvent, PreferOurs: s.cfg.PreferOurs, Timeout: s.cfg.MediaTimeout}
	if t.trunk != nil {
		cfg := t.trunk.Config()
		c.Codecs, c.SRTP = codecsOf(cfg.Codecs), sdp.ReadSRTP(cfg.SRTP)
		return c
	}
	p, _ := s.Endpoints.Endpoint(t.endpoint)
	c.SRTP = p.SRTP
	return c
}

// wayTo is how requests to a binding travel: to the first node of its Path, else to where its REGISTER came from.
func (s *Switch) wayTo(b registrar.Binding) (way route, path []sip.URI, ok bool) {
	if len(b.Path) == 0 {
		door := s.doorFor(strings.ToUpper(b.Transport))
		return route{door, transaction.Destination{Transport: strings.ToUpper(b.Transport), Addr: b.Received, Bound: boundTo(b)}, true}, nil, door != nil
	}
	for _, value := range b.Path {
		a, err := sip.ParseNameAddr(value)
		if err != nil {
			return route{}, nil, false
		}
		path = append(path, a.URI)
	}
	door := s.doorFor(transport.TCP) // nodes speak TCP with each other
	addr, err := netip.ParseAddr(strings.Trim(path[0].Host, "[]"))
	if err != nil || door == nil {
		return route{}, nil, false
	}
	return route{door, transaction.Destination{Transport: transport.TCP, Addr: netip.AddrPortFrom(addr, uint16(cmp.Or(path[0].Port, defaultPort)))}, false}, path, true
}

// boundTo is the number of the flow that a page has registered over: nobody can reach it by another. It stands last in the flow's name.
func boundTo(b registrar.Binding) uint64 {
	if !isPage(b.Transport) {
		return 0
	}
	id, _ := strconv.ParseUint(b.Flow[strings.LastIndexByte(b.Flow, ' ')+1:], 10, 64)
	return id
}

// telephoneEvent is the payload type that we offer for RFC 4733.
const telephoneEvent = 101

// carrier is a trunk's address as a target for a number.
func (s *Switch) carrier(t *trunk.Trunk, at trunk.Target, number string, c *Call) (target, bool) {
	cfg := t.Config()
	addr, ok := s.Hosts.Addr(at)
	door := s.doorFor(strings.ToUpper(at.Transport))
	if !ok || door == nil {
		c.log.Warn("trunk target has no address", "trunk", t.Name(), "target", at.Host)
		return target{}, false
	}
	who := t.Caller(trunk.Caller{
		Number: trunk.ReadNumber(cmp.Or(c.shows.Trunk, c.shows.Number), cfg.Country), Display: c.shows.Name, Hidden: c.shows.Number == anonymous,
	}, at)
	return target{
		name: number, trunk: t, at: at, symmetric: cfg.SymmetricRTP, headers: who.Headers, auth: s.Hosts.Auth(t),
		uri:   sip.URI{Scheme: "sip", User: t.Dialled(trunk.ReadNumber(number, cfg.Country)), Host: at.Host, Port: at.Port},
		from:  who.From,
		route: route{door, transaction.Destination{Transport: strings.ToUpper(at.Transport), Addr: addr, AllowTCP: true}, false},
	}, true
}

// codecsOf reads codec names; those that the engine does not know are left out.
func codecsOf(names []string) (list []media.Codec) {
	for _, n := range names {
		switch strings.ToUpper(n) {
		case "PCMU":
			list = append(list, media.PCMU)
		case "PCMA":
			list = append(list, media.PCMA)
		}
	}
	return list
}

// Hosts knows where trunks are and what proves us to them. Look-ups are in memory: names are resolved beforehand.
type Hosts interface {
	Addr(trunk.Target) (netip.AddrPort, bool)
	Auth(*trunk.Trunk) dialog.Authorizer // nil without credentials
}

// callerConfig is the dialog of a leg that we place: nothing in it comes from the caller's messages but who is calling.
func (s *Switch) callerConfig(c *Call, l *leg) dialog.Config {
	l.tag, l.callID = c.id+"-"+l.name+"-"+sip.NewTag()[:6], sip.NewCallID()
	cfg := dialog.Config{
		CallID: l.callID, LocalTag: l.tag, Local: l.target.from, Remote: sip.NameAddr{URI: plain(l.target.uri)},
		Target: l.target.uri, Route: l.target.path, Contact: l.contact(), Headers: l.target.headers, Auth: l.target.auth,
		Allow: allow, Supported: supported, UserAgent: s.cfg.UserAgent, SessionExpires: s.cfg.SessionExpires, Rand: s.random,
	}
	if l.target.page { // its connection tells by itself when it is gone
		cfg.SessionExpires = 0
	}
	return cfg
}

// contact is our Contact on a leg that we place. A trunk that we register with knows us by the user of that registration.
func (l *leg) contact() sip.URI {
	u := l.route.contact()
	if t := l.target.trunk; t != nil && t.Config().Register.On {
		u.User = cmp.Or(t.Config().Register.User, t.Config().Auth.User, u.User)
	}
	return u
}

// calleeConfig is the dialog of a caller's leg.
func (s *Switch) calleeConfig(l *leg) dialog.Config {
	return dialog.Config{LocalTag: l.tag, Contact: l.route.contact(), Allow: allow, Supported: supported, UserAgent: s.cfg.UserAgent, Rand: s.random}
}

// plain is a URI without the parameters that only a Request-URI bears.
func plain(u sip.URI) sip.URI {
	return sip.URI{Scheme: u.Scheme, User: u.User, Host: u.Host, Port: u.Port}
}
