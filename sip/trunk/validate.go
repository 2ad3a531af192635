package trunk

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"tandem/sip"
)

// faults collects what is wrong, each with its path.
type faults struct{ list []error }

func (f *faults) add(path, format string, args ...any) {
	f.list = append(f.list, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

// oneOf checks a word against a closed set; "" stands for the default and is allowed.
func (f *faults) oneOf(path, value string, allowed ...string) {
	for _, a := range allowed {
		if value == a || value == "" {
			return
		}
	}
	f.add(path, "%q is none of %s", value, strings.Join(allowed, ", "))
}

func (f *faults) between(path string, v, low, high int) {
	if v < low || v > high {
		f.add(path, "%d is not within %d to %d", v, low, high)
	}
}

// Validate returns all faults of the configuration, joined, each as "path: fault"; nil when there is none.
func (c Config) Validate() error {
	var f faults
	if c.Name == "" || strings.Trim(c.Name, nameChars) != "" {
		f.add("name", "%q is not made of letters, digits, '-', '_' and '.'", c.Name)
	}
	c.validateAddresses(&f)
	c.validateAuth(&f)
	c.validateNumbers(&f)
	c.validateMedia(&f)
	return errors.Join(f.list...)
}

const nameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

func (c Config) validateAddresses(f *faults) {
	if len(c.Targets) == 0 && len(c.Sources) == 0 && c.InboundUser == "" {
		f.add("targets", "a trunk needs targets, sources or an inbound_user")
	}
	f.between("targets", len(c.Targets), 0, MaxTargets)
	for i, t := range c.Targets {
		path := fmt.Sprintf("targets[%d].", i)
		if !validHost(t.Host) {
			f.add(path+"host", "%q is neither a host name nor an IP address", t.Host)
		}
		f.between(path+"port", t.Port, 0, 65535)
		f.oneOf(path+"transport", t.Transport, "udp", "tcp", "tls")
		f.between(path+"priority", t.Priority, 0, 65535)
		f.between(path+"weight", t.Weight, 0, 65535)
	}
	for i, s := range c.Sources {
		if _, err := parseSource(s); err != nil {
			f.add(fmt.Sprintf("sources[%d]", i), "%q is neither an IP address nor a network such as 192.0.2.0/24", s)
		}
	}
}

// MaxTargets is the greatest number of targets of one trunk.
const MaxTargets = 32

func validHost(h string) bool {
	if _, err := netip.ParseAddr(strings.Trim(h, "[]")); err == nil {
		return true
	}
	return h != "" && len(h) <= 253 && strings.Trim(h, nameChars) == "" && strings.Trim(h, ".-") == h
}

// parseSource reads an address or a network.
func parseSource(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err
}

func (c Config) validateAuth(f *faults) {
	if c.Auth.Password != "" && c.Auth.User == "" {
		f.add("auth.user", "missing beside a password")
	}
	if c.Auth.User != "" && c.Auth.Password == "" {
		f.add("auth.password", "missing beside user %q", c.Auth.User)
	}
	if c.Register.On {
		if len(c.Targets) == 0 {
			f.add("register.on", "needs a target to register with")
		}
		if c.Register.User == "" && c.Auth.User == "" {
			f.add("register.user", "missing, and there is no auth.user to take its place")
		}
	}
	f.duration("register.expires", c.Register.Expires, time.Minute, 24*time.Hour)
	f.duration("ping", c.Ping, time.Second, time.Hour)
	if c.FromDomain != "" && !validHost(c.FromDomain) {
		f.add("from_domain", "%q is not a host", c.FromDomain)
	}
	if d := c.Register.Domain; d != "" && !validHost(d) {
		f.add("register.domain", "%q is not a host", d)
	}
	f.userPart("from_user", c.FromUser)
	f.userPart("register.user", c.Register.User)
	f.userPart("inbound_user", c.InboundUser)
	f.oneOf("caller_id", string(c.CallerID), "from", "asserted", "prefer", "hidden")
	if needsFromUser(c.CallerID) && c.FromUser == "" && c.Auth.User == "" {
		f.add("from_user", "missing: caller_id %q puts it into From", c.CallerID)
	}
}

func needsFromUser(p CallerIDPolicy) bool { return p != "" && p != CallerInFrom }

func (f *faults) duration(path string, d, low, high time.Duration) {
	if d != 0 && (d < low || d > high) {
		f.add(path, "%s is not within %s to %s", d, low, high)
	}
}

func (f *faults) userPart(path, text string) {
	if sip.Clean(text) != text || strings.ContainsAny(text, "<>\"@ ") {
		f.add(path, "%q holds characters that cannot stand in a user part", text)
	}
}

func (c Config) validateNumbers(f *faults) {
	if c.Country != "" && phonenumbers.GetCountryCodeForRegion(strings.ToUpper(c.Country)) == 0 {
		f.add("country", "%q is not a two-letter country", c.Country)
	}
	c.validateRule(f, "dial", c.Dial)
	c.validateRule(f, "arrive", c.Arrive)
}

func (c Config) validateRule(f *faults, path string, r NumberRule) {
	f.between(path+".strip", r.Strip, 0, 20)
	f.oneOf(path+".format", string(r.Format), "e164", "digits", "idd", "national", "raw")
	if strings.Trim(r.Prefix, "+0123456789*#") != "" {
		f.add(path+".prefix", "%q holds more than +, digits, * and #", r.Prefix)
	}
	if c.Country == "" && (r.Format == FormatIDD || r.Format == FormatNational) {
		f.add(path+".format", "%q needs country", r.Format)
	}
}

func (c Config) validateMedia(f *faults) {
	f.oneOf("dtmf", string(c.DTMF), "rfc4733", "info", "inband")
	f.oneOf("srtp", c.SRTP, "accept", "offer", "require", "never")
	seen := make(map[string]bool)
	for i, name := range c.Codecs {
		path, key := fmt.Sprintf("codecs[%d]", i), strings.ToLower(name)
		switch {
		case !sip.IsToken(name):
			f.add(path, "%q is not a codec name", name)
		case seen[key]:
			f.add(path, "%q is listed twice", name)
		}
		seen[key] = true
	}
	f.between("max_calls", c.MaxCalls, 0, 1_000_000)
	f.between("health.down_after", c.HealthRule.DownAfter, 0, 100)
	f.between("health.up_after", c.HealthRule.UpAfter, 0, 100)
}

// duplicate records a claim that another trunk made before.
func (f *faults) duplicate(t *Trunk, path, value string, other *Trunk) {
	f.list = append(f.list, fmt.Errorf("trunk %s: %s: %q is %s's: %w", t.cfg.Name, path, value, other.cfg.Name, ErrDuplicate))
}

func (f *faults) join() error { return errors.Join(f.list...) }
