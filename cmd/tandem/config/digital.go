package config

import (
	"crypto/tls"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"tandem/digital/access"
	"tandem/digital/smpp"
	"tandem/digital/wording"
	"tandem/ivr/flow/source"
)

// User is somebody who signs in at the pages or the API.
type User struct {
	Name     string        `yaml:",name"`
	Password source.Secret `yaml:"password"`
	Role     string        `yaml:"role" default:"agent"` // agent, supervisor, admin or integrator
	Agent    string        `yaml:"agent"`                // the agent that the user works as
}

// roles are what a user may be.
var roles = []string{"agent", "supervisor", "admin", "integrator"}

// Chat is the web chat.
type Chat struct {
	Flow  string `yaml:"flow"`  // the flow that answers first; empty: the queue takes all
	Queue string `yaml:"queue"` // where a conversation without a flow waits

	// When a chat ends by itself.
	Idle  time.Duration `yaml:"idle" default:"30m"`  // nobody writes, and no agent has it
	Away  time.Duration `yaml:"away" default:"5m"`   // its page is gone before an agent came
	Empty time.Duration `yaml:"empty" default:"30s"` // its page is gone, an agent has it, and its visitor has said nothing
}

// SMS is an account of ours: a number, and how messages come and go.
type SMS struct {
	Name     string        `yaml:",name"`
	Number   string        `yaml:"number,required"` // ours, as customers see it
	Flow     string        `yaml:"flow"`
	Queue    string        `yaml:"queue"`
	SMPP     string        `yaml:"smpp"`   // host:port of an SMSC; "simulator" for the built-in one with its phone panel
	Twilio   string        `yaml:"twilio"` // or: the account's SID at that provider, with its token as password
	URL      string        `yaml:"url"`    // or: where another provider takes texts as JSON, with the common secret as password
	Password source.Secret `yaml:"password"`

	// For smpp, as the SMSC's operator says.
	System     string  `yaml:"system_id"`
	SystemType string  `yaml:"system_type"`
	Bind       string  `yaml:"bind" default:"transceiver"` // or separate: one bind to send and one to receive
	TLS        bool    `yaml:"tls"`                        // the SMSC shows a certificate that this machine trusts
	Window     int     `yaml:"window" default:"10"`        // messages without an answer at once
	Rate       float64 `yaml:"rate"`                       // messages a second at most; 0: as many as it takes
	HexIDs     bool    `yaml:"hex_ids"`                    // ids are hexadecimal in its answers and decimal in its receipts
	Unanswered string  `yaml:"unanswered" default:"leave"` // a message whose answer is cut off and of which no receipt tells: leave it uncertain, or again
}

// Simulator is the SMSC that is built in.
const Simulator = "simulator"

// Separate as SMS.Bind, Again as SMS.Unanswered.
const (
	Separate = "separate"
	Again    = "again"
)

var (
	binds      = []string{string(smpp.Transceiver), Separate}
	unanswered = []string{"leave", Again}
)

// Binding is how an account's messages go by SMPP.
func (s *SMS) Binding() smpp.Config {
	b := smpp.Config{
		Name: s.Name, Address: s.SMPP, SystemID: s.System, SystemType: s.SystemType, Password: s.Password.Reveal(), Window: s.Window, Rate: s.Rate,
	}
	if s.Bind == Separate {
		b.Mode = smpp.Transmitter
	}
	if host, _, err := net.SplitHostPort(s.SMPP); err == nil && s.TLS {
		b.TLS = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	}
	return b
}

// Callbacks bounds what customers may ask for.
type Callbacks struct {
	Attempts int           `yaml:"attempts" default:"3"`
	Gap      time.Duration `yaml:"gap" default:"10m"`     // between two attempts
	Ring     time.Duration `yaml:"ring" default:"30s"`    // at the customer
	Window   time.Duration `yaml:"window" default:"24h"`  // how long a callback is tried at most
	CallerID string        `yaml:"caller_id"`             // shown to the customer
	First    string        `yaml:"first" default:"agent"` // who is called first: agent or customer
	Prove    string        `yaml:"prove" default:"sms"`   // how one who asks on the web shows that the number is his: sms, a code by text message; none
	Hold     time.Duration `yaml:"hold" default:"2m"`     // customer first: how long one waits for an agent before we call again
}

// Words are what customers read.
func (c *Config) Words() *wording.Words { return wording.New(c.Languages, c.Texts) }

func (c *Config) checkWords(at source.At) {
	here := at.Key("languages")
	for i, l := range c.Languages {
		if !slices.Contains(wording.Languages(), l) {
			here.Index(i).Unknown("language", l, wording.Languages())
		} else if slices.Contains(c.Languages[:i], l) {
			here.Index(i).Errorf("languages: %s stands there twice", l)
		}
	}
	if here.Given() && len(c.Languages) == 0 {
		here.Errorf("languages: name at least one of %s", strings.Join(wording.Languages(), ", "))
	}
	texts := wording.Texts()
	for _, l := range sorted(c.Texts) {
		here := at.Key("texts").Key(l)
		if !slices.Contains(c.Languages, l) {
			here.Unknown("language", l, slices.Clone(c.Languages))
		}
		for _, text := range sorted(c.Texts[l]) {
			if !slices.Contains(texts, text) {
				here.Errorf("%s: there is no text %q", here.Path(), text)
			} else if err := wording.Check(text, c.Texts[l][text]); err != nil {
				here.Errorf("%s: %v", here.Path(), err)
			}
		}
	}
}

// checkDigital reports what users, chat and SMS name wrongly.
func (c *Config) checkDigital(at source.At) {
	agents, taken := sorted(c.Agents), map[string]source.At{}
	for _, name := range sorted(c.Users) {
		u, here := c.Users[name], at.Key("users").Key(name)
		if u == nil {
			here.Errorf("%s: needs a password and a role", here.Path())
			c.Users[name] = &User{Name: name}
			continue
		}
		if err := access.CheckName(name); err != nil {
			here.Errorf("users: %v", err)
		}
		if !slices.Contains(roles, u.Role) {
			here.Key("role").Unknown("role", u.Role, roles)
		}
		if !here.Key("password").Given() {
			here.Errorf("%s: needs a password, or nobody can sign in", here.Path())
		} else if text := u.Password.Reveal(); text != "" {
			if err := access.CheckPassword(text); err != nil {
				here.Key("password").Errorf("%s.%v", here.Path(), err)
			}
		}
		known(here.Key("agent"), "agent", u.Agent, agents)
		if u.Agent == "" {
			if u.Role == "agent" {
				here.Errorf("%s: a user of role agent needs the agent that the person works as", here.Path())
			}
			continue
		}
		if first, twice := taken[u.Agent]; twice {
			here.Key("agent").Conflict(first, "first given here", "agent %s belongs to two users", u.Agent)
		}
		taken[u.Agent] = here.Key("agent")
	}
	if c.HTTP.Demo && !c.HTTP.Listen.Addr().Unmap().IsLoopback() {
		at.Key("http").Key("demo").Errorf("http.demo: only where http.listen is a loopback address: the page writes in any number's name")
	}
	for i, host := range c.HTTP.Origins {
		if !originForm.MatchString(host) {
			at.Key("http").Key("origins").Errorf("http.origins[%d]: %q is no host of a site: write it like shop.example, *.shop.example or localhost:3000, without https://", i, host)
		}
	}
	c.checkWords(at)
	c.checkLead(at.Key("chat"), c.Chat.Flow, c.Chat.Queue)
	c.checkEnds(at.Key("chat"))
	c.checkSMS(at.Key("sms"))
	if c.Callbacks.Attempts < 1 || c.Callbacks.Attempts > 20 {
		at.Key("callbacks").Key("attempts").Errorf("callbacks.attempts: must be 1 to 20")
	}
	c.checkFirst(at)
}

func (c *Config) checkEnds(at source.At) {
	for _, end := range []struct {
		key  string
		time time.Duration
	}{{"idle", c.Chat.Idle}, {"away", c.Chat.Away}, {"empty", c.Chat.Empty}} {
		if end.time < time.Second || end.time > 24*time.Hour {
			at.Key(end.key).Errorf("chat.%s: must be 1s to 24h", end.key)
		}
	}
}

// firsts are who may be called first.
var firsts = []string{"agent", "customer"}

// proofs are the ways in which a number may be proven.
var proofs = []string{"sms", "none"}

func (c *Config) checkFirst(at source.At) {
	here := at.Key("callbacks")
	if !slices.Contains(proofs, c.Callbacks.Prove) {
		here.Key("prove").Unknown("proof", c.Callbacks.Prove, proofs)
	}
	if here.Key("prove").Given() && c.Callbacks.Prove == "sms" && len(c.SMS) == 0 {
		here.Key("prove").Errorf("callbacks.prove: a code cannot be sent: no account under sms")
	}
	if !slices.Contains(firsts, c.Callbacks.First) {
		here.Key("first").Unknown("side", c.Callbacks.First, firsts)
	}
	if c.Callbacks.Hold < time.Second || c.Callbacks.Hold > time.Hour {
		here.Key("hold").Errorf("callbacks.hold: must be 1s to 1h")
	}
	for _, name := range sorted(c.Queues) {
		if q := c.Queues[name]; q != nil && q.CallbackFirst != "" && !slices.Contains(firsts, q.CallbackFirst) {
			at.Key("queues").Key(name).Key("callback_first").Unknown("side", q.CallbackFirst, firsts)
		}
	}
}

// CallbackFirst is who is called first in a queue: agent or customer.
func (c *Config) CallbackFirst(queue string) string {
	if q := c.Queues[queue]; q != nil && q.CallbackFirst != "" {
		return q.CallbackFirst
	}
	return c.Callbacks.First
}

// originForm is a host, with a star for any part of its name and with a port where it has one. A star alone is nobody in particular.
var originForm = regexp.MustCompile(`^(\[[0-9a-fA-F:.]+\]|(\*\.)?[a-zA-Z0-9*_-]*[a-zA-Z0-9][a-zA-Z0-9.*_-]*)(:[0-9]+)?$`)

func (c *Config) checkSMS(at source.At) {
	first, simulated := map[string]source.At{}, source.At{}
	for _, name := range sorted(c.SMS) {
		s, here := c.SMS[name], at.Key(name)
		if s == nil {
			here.Errorf("%s: is empty", here.Path())
			c.SMS[name] = &SMS{Name: name}
			continue
		}
		if other, twice := first[s.Number]; twice {
			here.Key("number").Conflict(other, "first given here", "%s.number: two accounts have the number %s", here.Path(), s.Number)
		}
		first[s.Number] = here.Key("number")
		if s.SMPP == Simulator && simulated != (source.At{}) {
			here.Key("smpp").Conflict(simulated, "first given here", "%s.smpp: the simulator has one account", here.Path())
		} else if s.SMPP == Simulator {
			simulated = here.Key("smpp")
		}
		c.checkCarrier(here, s)
		checkSMPP(here, s)
		c.checkLead(here, s.Flow, s.Queue)
	}
}

// checkSMPP wants what a bind needs, and none of it where messages do not go by SMPP.
func checkSMPP(here source.At, s *SMS) {
	if s.SMPP == "" {
		for _, key := range []string{"system_id", "system_type", "bind", "tls", "window", "rate", "hex_ids", "unanswered"} {
			if here.Key(key).Given() {
				here.Key(key).Errorf("%s.%s: is for smpp, and messages go by HTTP here", here.Path(), key)
			}
		}
		return
	}
	if !slices.Contains(binds, s.Bind) {
		here.Key("bind").Unknown("bind", s.Bind, binds)
	}
	if !slices.Contains(unanswered, s.Unanswered) {
		here.Key("unanswered").Unknown("treatment", s.Unanswered, unanswered)
	}
	if s.Window < 1 {
		here.Key("window").Errorf("%s.window: must be 1 to 1000", here.Path())
	}
	if s.SMPP == Simulator {
		return
	}
	if s.System == "" {
		here.Errorf("%s: needs the system_id that the SMSC knows us by", here.Path())
	}
	if list, ok := s.Binding().Validate().(interface{ Unwrap() []error }); ok {
		for _, err := range list.Unwrap() {
			here.Errorf("%s: %v", here.Path(), err)
		}
	}
}

// checkCarrier wants one way for messages to come and go, and a secret where webhooks are signed with it.
func (c *Config) checkCarrier(here source.At, s *SMS) {
	switch {
	case s.SMPP == "" && s.Twilio == "" && s.URL == "":
		here.Errorf("%s: needs smpp (the address of an SMSC, or %q), twilio (an account) or url (another provider)", here.Path(), Simulator)
	case s.SMPP != "" && (s.Twilio != "" || s.URL != ""):
		here.Key("smpp").Errorf("%s.smpp: messages go by SMPP or by HTTP, not by both", here.Path())
	}
	if s.SMPP != "" {
		return
	}
	if u, err := url.Parse(s.URL); s.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && !loopbackHost(u.Hostname())) {
		here.Key("url").Errorf("%s.url: needs an address with https://; http:// only to this machine", here.Path())
	}
	if (s.Twilio != "" || s.URL != "") && !here.Key("password").Given() {
		here.Errorf("%s: needs a password, the secret that signs what the provider sends us", here.Path())
	}
}

func loopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// checkLead wants a flow or queue that exists.
func (c *Config) checkLead(at source.At, flow, queue string) {
	known(at.Key("queue"), "queue", queue, sorted(c.Queues))
	if flow == "" {
		return
	}
	if c.Plan != nil && c.Plan.Modules[flow] == nil {
		at.Key("flow").Unknown("flow", flow, sorted(c.Plan.Modules))
	} else if c.Plan == nil && c.Flows == "" {
		at.Key("flow").Errorf("%s.flow: flow %q, but no folder of flows is configured", at.Path(), flow)
	}
}
