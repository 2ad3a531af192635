package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"tandem/acd"
	"tandem/acd/route"
	"tandem/ivr/flow/source"
	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip/trunk"
)

var (
	nameForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	numberForm  = regexp.MustCompile(`^\+?[0-9A-Za-z*#._-]{0,63}\*?$`)
	extForm     = regexp.MustCompile(`^[0-9]{1,15}$`)
	codeForm    = regexp.MustCompile(`^\*[0-9]{1,7}$`)
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
)

// check reports everything that one section alone cannot see.
func (c *Config) check(at source.At) {
	if !countryForm.MatchString(c.Country) {
		at.Key("country").Errorf("country: %q is not two capital letters", c.Country)
	}
	c.checkLimits(at)
	c.checkNames(at)
	c.checkEndpoints(at.Key("endpoints"))
	c.checkTrunks(at.Key("trunks"))
	c.checkACD(at)
	c.checkCodes(at.Key("agent_codes"))
	c.checkNumbers(at.Key("numbers"))
	c.checkOutbound(at.Key("outbound"))
	c.checkDigital(at)
	if c.Store.Redis.Address != "" {
		c.checkNode(at.Key("node"))
	}
}

// checkNode wants what other nodes need to reach this one.
func (c *Config) checkNode(at source.At) {
	if c.Node.Name != "" && !nameForm.MatchString(c.Node.Name) {
		at.Key("name").Errorf("node.name: %q may hold letters, digits, '.', '_' and '-' only", c.Node.Name)
	}
	switch a := c.NodeSIP(); {
	case !a.IsValid():
		at.Key("sip").Errorf("node.sip: nodes that share a Redis reach each other's SIP over TCP: add \"tcp ADDRESS:PORT\" to sip.listen")
	case a.Addr().IsUnspecified():
		at.Key("sip").Errorf("node.sip: %s is no address that another node can reach: name one of this machine", a)
	}
	if a := c.NodeHTTP(); a.Addr().IsUnspecified() {
		at.Key("http").Errorf("node.http: %s is no address that another node can reach: name one of this machine", a)
	}
}

func (c *Config) checkLimits(at source.At) {
	sip, media := at.Key("sip"), at.Key("media")
	atLeast := func(a source.At, bad bool, text string) {
		if bad {
			a.Errorf("%s: %s", a.Path(), text)
		}
	}
	if c.NeedsCertificate() && (c.TLS.Certificate == "" || c.TLS.Key == "") {
		at.Key("tls").Errorf("tls: needs certificate and key, files in PEM form, for what listens by TLS")
	}
	atLeast(sip.Key("listen"), len(c.SIP.Listen) == 0, "no address to listen on")
	atLeast(sip.Key("domain"), c.SIP.Domain == "", "is empty")
	atLeast(sip.Key("max_calls"), c.SIP.MaxCalls < 1, "must be at least 1")
	atLeast(sip.Key("calls_per_second"), c.SIP.CallsPerSecond <= 0, "must be above 0")
	atLeast(sip.Key("call_burst"), c.SIP.CallBurst < 1, "must be at least 1")
	atLeast(sip.Key("rate").Key("per_second"), c.SIP.Rate.PerSecond < 0, "must not be negative")
	atLeast(media.Key("workers"), c.Media.Workers < 0 || c.Media.Workers > 256, "must be 0 (one per core) to 256")
	if got, want := c.Media.Ports.Streams(), 2*c.SIP.MaxCalls; got < want {
		media.Key("ports").Warnf("media.ports: %d streams are room for %d calls, sip.max_calls is %d", got, got/2, c.SIP.MaxCalls)
	}
	atLeast(at.Key("store").Key("path"), c.Store.Path == "", "is empty")
	atLeast(at.Key("control").Key("socket"), len(c.Control.Socket) > maxSocketPath,
		fmt.Sprintf("longer than %d bytes, the limit of the operating system for a socket", maxSocketPath))
}

const maxSocketPath = 107

func (c *Config) checkNames(at source.At) {
	for section, names := range map[string][]string{"endpoints": sorted(c.Endpoints), "trunks": sorted(c.Trunks),
		"queues": sorted(c.Queues), "agents": sorted(c.Agents)} {
		for _, n := range names {
			if !nameForm.MatchString(n) {
				at.Key(section).Key(n).Errorf("%s: the name %q may hold letters, digits, '.', '_' and '-' only", section, n)
			}
		}
	}
}

func (c *Config) checkEndpoints(at source.At) {
	byExtension := map[string]source.At{}
	for _, name := range sorted(c.Endpoints) {
		e, here := c.Endpoints[name], at.Key(name)
		if e == nil {
			continue
		}
		if e.Extension != "" {
			ext := here.Key("extension")
			if !extForm.MatchString(e.Extension) {
				ext.Errorf("%s: %q is not 1 to 15 digits", ext.Path(), e.Extension)
			} else if first, taken := byExtension[e.Extension]; taken {
				ext.Conflict(first, "first given here", "extension %s is given twice", e.Extension)
			} else {
				byExtension[e.Extension] = ext
			}
		}
		c.checkAliases(here, e)
		if !here.Key("password").Given() && !here.Key("ha1").Given() {
			here.Errorf("%s: needs a password or ha1, or nobody can register it", here.Path())
		}
		if e.MaxCalls < 0 {
			here.Key("max_calls").Errorf("%s.max_calls: must not be negative", here.Path())
		}
		if !slices.Contains(sdp.SRTPNames(), e.SRTP) {
			here.Key("srtp").Unknown("policy", e.SRTP, sdp.SRTPNames())
		}
	}
}

// checkCodecs wants one that can be spoken, and tells of those that cannot.
func checkCodecs(at source.At, codecs []string) {
	spoken := 0
	for i, name := range codecs {
		if slices.ContainsFunc(spokenCodecs, func(c string) bool { return strings.EqualFold(c, name) }) {
			spoken++
		} else {
			at.Index(i).Warnf("%s: %s is not spoken here, it is left out", at.Path(), name)
		}
	}
	if len(codecs) > 0 && spoken == 0 {
		at.Errorf("%s: name at least one of %s", at.Path(), strings.Join(spokenCodecs, ", "))
	}
}

// spokenCodecs are those of the media engine.
var spokenCodecs = []string{media.PCMA.String(), media.PCMU.String()}

// checkAliases wants each alias to mean one endpoint only.
func (c *Config) checkAliases(here source.At, e *Endpoint) {
	if e.Name == Echo || e.Name == FlowsMayDial {
		here.Errorf("%s: %q is built in", here.Path(), e.Name)
	}
	for i, alias := range e.Aliases {
		at := here.Key("aliases").Index(i)
		if !nameForm.MatchString(alias) {
			at.Errorf("%s: %q may hold letters, digits, '.', '_' and '-' only", at.Path(), alias)
		}
		if other, found := c.Endpoint(alias); alias == Echo || found && other != e {
			at.Errorf("%s: %q means something else already", at.Path(), alias)
		}
	}
}

func (c *Config) checkTrunks(at source.At) {
	for _, name := range sorted(c.Trunks) {
		t, here := c.Trunks[name], at.Key(name)
		if t == nil {
			here.Errorf("%s: is empty", here.Path())
			c.Trunks[name] = &Trunk{Name: name}
			continue
		}
		if t.Country == "" {
			t.Country = c.Country
		}
		for _, err := range split(t.Room().Validate()) {
			report(here, here, err)
		}
		checkCodecs(here.Key("codecs"), t.Codecs)
		open := func(a trunk.Target) bool { return !strings.EqualFold(a.Transport, "tls") }
		if t.SRTP == sdp.SRTPRequired.String() && slices.ContainsFunc(t.Targets, open) {
			here.Key("srtp").Warnf("%s.srtp: the keys go with the signalling, which anybody can read who is on its way: use targets with transport tls", here.Path())
		}
	}
}

// checkACD lets the dispatcher check its queues and agents, then what it cannot know: endpoints.
func (c *Config) checkACD(at source.At) {
	for name, q := range c.Queues {
		if q == nil {
			c.Queues[name] = &Queue{Name: name}
		}
	}
	for name, a := range c.Agents {
		if a == nil {
			c.Agents[name] = &Agent{ID: name}
		}
	}
	for _, err := range c.ACD().Validate() {
		report(at, at, err)
	}
	c.checkStaff(at.Key("queues"))
	taken := map[string]source.At{}
	for _, name := range sorted(c.Agents) {
		e, here := c.Agents[name].Endpoint, at.Key("agents").Key(name).Key("endpoint")
		if e == "" {
			continue
		}
		if c.Endpoints[e] == nil {
			here.Unknown("endpoint", e, sorted(c.Endpoints))
			continue
		}
		if first, twice := taken[e]; twice {
			here.Conflict(first, "first given here", "endpoint %s belongs to two agents", e)
		}
		taken[e] = here
	}
}

// checkStaff warns of queues in which callers would wait for nobody.
func (c *Config) checkStaff(at source.At) {
	for _, name := range sorted(c.Queues) {
		q, members, able := c.Queues[name], 0, 0
		need := route.Need(q.Skills)
		if len(q.Relax) > 0 {
			need = q.Relax[len(q.Relax)-1].Need // the widest
		}
		for id, a := range c.Agents {
			if slices.Contains(a.Queues, name) || slices.Contains(q.Agents, id) {
				members++
				if route.Skills(a.Skills).Covers(need) {
					able++
				}
			}
		}
		switch {
		case members == 0 && len(q.Agents) == 0:
			at.Key(name).Warnf("queues.%s: no agent belongs to it: name it under queues of an agent, or agents here", name)
		case members > 0 && able == 0:
			at.Key(name).Warnf("queues.%s: none of its %d agents ever has %s", name, members, need.Signature())
		}
	}
}

func (c *Config) checkCodes(at source.At) {
	seen := map[string]source.At{}
	for _, x := range []struct{ key, code string }{{"sign_in", c.AgentCodes.SignIn}, {"sign_out", c.AgentCodes.SignOut},
		{"ready", c.AgentCodes.Ready}, {"break", c.AgentCodes.Break}} {
		if x.code == "" {
			continue
		}
		here := at.Key(x.key)
		if !codeForm.MatchString(x.code) {
			here.Errorf("%s: %q is not a star and 1 to 7 digits, such as *11", here.Path(), x.code)
		} else if first, twice := seen[x.code]; twice {
			here.Conflict(first, "first given here", "code %s is given twice", x.code)
		}
		seen[x.code] = here
	}
}

func (c *Config) checkNumbers(at source.At) {
	for _, pattern := range sorted(c.Numbers) {
		n, here := c.Numbers[pattern], at.Key(pattern)
		if !numberForm.MatchString(pattern) {
			here.Errorf("numbers: %q is not a number, or a prefix with * at its end", pattern)
		}
		if n == nil {
			here.Errorf("numbers: %s leads nowhere", pattern)
			c.Numbers[pattern] = &Number{Pattern: pattern}
			continue
		}
		given := 0
		for _, v := range []string{n.Flow, n.Endpoint, n.Queue} {
			if v != "" {
				given++
			}
		}
		if given != 1 {
			here.Errorf("numbers.%s: needs exactly one of flow, endpoint and queue, not %d", pattern, given)
		}
		if n.Flow != "" && c.Plan != nil && c.Plan.Modules[n.Flow] == nil {
			here.Key("flow").Unknown("flow", n.Flow, sorted(c.Plan.Modules))
		} else if n.Flow != "" && c.Plan == nil && c.Flows == "" {
			here.Key("flow").Errorf("numbers.%s: flow %q, but no folder of flows is configured", pattern, n.Flow)
		}
		known(here.Key("endpoint"), "endpoint", n.Endpoint, c.dialable())
		known(here.Key("queue"), "queue", n.Queue, sorted(c.Queues))
		known(here.Key("trunk"), "trunk", n.Trunk, sorted(c.Trunks))
	}
}

func (c *Config) checkOutbound(at source.At) {
	for i, o := range c.Outbound {
		here := at.Index(i)
		if o.Pattern != "" && !numberForm.MatchString(o.Pattern) {
			here.Key("pattern").Errorf("%s.pattern: %q is not a number, or a prefix with * at its end", here.Path(), o.Pattern)
		}
		if o.Strip < 0 {
			here.Key("strip").Errorf("%s.strip: must not be negative", here.Path())
		}
		for j, t := range o.Trunks {
			known(here.Key("trunks").Index(j), "trunk", t, sorted(c.Trunks))
		}
		for j, e := range o.Allow {
			known(here.Key("allow").Index(j), "endpoint", e, append(sorted(c.Endpoints), FlowsMayDial))
		}
	}
}

func known(at source.At, what, name string, names []string) {
	if name != "" && !slices.Contains(names, name) {
		at.Unknown(what, name, names)
	}
}

// split takes joined errors apart.
func split(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// report puts a room's fault, "path: what", at its place below at; what has no place there is reported at fallback.
func report(at, fallback source.At, err error) {
	path, text := "", err.Error()
	var f acd.Fault
	if errors.As(err, &f) {
		if f.Unknown != "" && below(at, f.Path).Given() {
			below(at, f.Path).Unknown(f.Kind, f.Unknown, f.Known)
			return
		}
		path, text = f.Path, f.Message
	} else if p, rest, ok := strings.Cut(text, ": "); ok && !strings.ContainsAny(p, ` "`) {
		path, text = p, rest
	}
	for rest := path; rest != ""; {
		if here := below(at, rest); here.Given() {
			here.Errorf("%s: %s", below(at, path).Path(), text)
			return
		}
		cut := strings.LastIndexAny(rest, ".[")
		if cut < 0 {
			break
		}
		rest = rest[:cut]
	}
	fallback.Errorf("%s: %s", below(at, path).Path(), text)
}

func below(at source.At, path string) source.At {
	for _, part := range strings.Split(path, ".") {
		at = at.Key(part)
	}
	return at
}
