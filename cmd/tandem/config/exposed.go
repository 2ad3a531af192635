package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Weakness is why a password is weak.
type Weakness struct{ Who, Why string } // Who: "endpoint anna" or "user anna"

var common = map[string]bool{DemoPassword: true, "password": true, "passwort": true, "secret": true, "changeme": true,
	"admin": true, "tandem": true, "asterisk": true, "letmein": true, "welcome": true, "qwerty": true}

// shortest is the least length of a password that is not called weak.
const shortest = 8

// Weak lists the endpoints whose password can be guessed. What is given as ha1 only cannot be judged.
func (c *Config) Weak() (list []Weakness) {
	for _, name := range sorted(c.Endpoints) {
		e := c.Endpoints[name]
		if e == nil || e.Password.Empty() {
			continue
		}
		p := e.Password.Reveal()
		switch low := strings.ToLower(p); {
		case p == DemoPassword:
			list = append(list, Weakness{"endpoint " + name, "it is the demo password"})
		case common[low]:
			list = append(list, Weakness{"endpoint " + name, "it is a common password"})
		case low == strings.ToLower(name) || p == e.Extension:
			list = append(list, Weakness{"endpoint " + name, "it is the endpoint's own name or extension"})
		case len(p) < shortest:
			list = append(list, Weakness{"endpoint " + name, fmt.Sprintf("it is shorter than %d characters", shortest)})
		case strings.Trim(p, "0123456789") == "":
			list = append(list, Weakness{"endpoint " + name, "it is made of digits only"})
		}
	}
	for _, name := range sorted(c.Users) {
		if u := c.Users[name]; u != nil && (u.Password.Reveal() == DemoPassword || common[strings.ToLower(u.Password.Reveal())]) {
			list = append(list, Weakness{"user " + name, "it is the demo password or a common one"})
		}
	}
	return list
}

// KnownPassword is the demo's password, if somebody can sign in with it; else empty.
func (c *Config) KnownPassword() string {
	for _, u := range c.Users {
		if u != nil && u.Password.Reveal() == DemoPassword {
			return DemoPassword
		}
	}
	return ""
}

// Public lists the addresses that are not loopback, each with the key that says so.
func (c *Config) Public() (list []string) {
	add := func(key string, a netip.Addr) {
		if a.IsValid() && !a.Unmap().IsLoopback() {
			list = append(list, fmt.Sprintf("%s %s", key, a))
		}
	}
	for _, l := range c.SIP.Listen {
		add("sip.listen", l.Addr.Addr())
	}
	add("http.listen", c.HTTP.Listen.Addr())
	add("media.browsers", c.Media.Browsers.Addr())
	return list
}

// Exposed tells why this configuration must not face a network, or nil: an address that others reach, and a password that
// others know.
func (c *Config) Exposed() error {
	public, weak := c.Public(), c.Weak()
	if len(public) == 0 || len(weak) == 0 {
		return nil
	}
	var names []string
	for _, w := range weak {
		names = append(names, fmt.Sprintf("%s (%s)", w.Who, w.Why))
	}
	return fmt.Errorf("others can reach %s, and the passwords of these endpoints can be guessed: %s",
		strings.Join(public, ", "), strings.Join(names, ", "))
}
