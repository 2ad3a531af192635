package trunk

import (
	"cmp"
	"time"

	"tandem/sip/digest"
)

// Config describes one trunk. Its values are checked by Validate; defaults are those of WithDefaults.
type Config struct {
	Name    string   `yaml:"name"`    // of this trunk, unique: letters, digits, "-", "_", "."
	Targets []Target `yaml:"targets"` // where calls to it are sent, at least one unless it only registers with us
	Sources []string `yaml:"sources"` // addresses or CIDR networks whose requests belong to it

	Auth        Auth   `yaml:"auth"`         // our answer to its challenges
	InboundUser string `yaml:"inbound_user"` // digest user that its requests prove; "" recognises by source only

	Register Register      `yaml:"register"`
	Ping     time.Duration `yaml:"ping"`      // interval of OPTIONS to each target; 0: none
	MaxCalls int           `yaml:"max_calls"` // in both directions together; 0: no limit

	FromUser   string         `yaml:"from_user"`   // user of From when the caller's number may not stand there
	FromDomain string         `yaml:"from_domain"` // host of From; "" is the target's host
	CallerID   CallerIDPolicy `yaml:"caller_id"`
	TrustID    bool           `yaml:"trust_identity"` // believe its P-Asserted-Identity, and assert ours to it (RFC 3325)

	Country string     `yaml:"country"` // two letters: how numbers without + are read
	Dial    NumberRule `yaml:"dial"`    // numbers we send to it
	Arrive  NumberRule `yaml:"arrive"`  // numbers we get from it, before they are read

	Codecs       []string   `yaml:"codecs"` // names in order of preference: "PCMA", "PCMU", "G722", "opus"
	DTMF         DTMFMethod `yaml:"dtmf"`
	SRTP         string     `yaml:"srtp"`          // "accept", "offer", "require", "never"
	SymmetricRTP bool       `yaml:"symmetric_rtp"` // send audio to where its audio comes from

	HealthRule HealthRule `yaml:"health"`
}

// Target is one address of a trunk. Lower priority is tried first; among equals weight shares the calls (RFC 2782).
type Target struct {
	Host      string `yaml:"host"`      // name or IP address
	Port      int    `yaml:"port"`      // 0 leaves it to RFC 3263
	Transport string `yaml:"transport"` // "udp", "tcp", "tls"; default "udp"
	Priority  int    `yaml:"priority"`
	Weight    int    `yaml:"weight"` // 0 to 65535; default 1 when all targets have 0
}

// Auth is what we prove to the trunk. An empty Realm answers any.
type Auth struct {
	Realm    string        `yaml:"realm"`
	User     string        `yaml:"user"`
	Password digest.Secret `yaml:"password"`
}

// Register describes our outbound registration.
type Register struct {
	On      bool          `yaml:"on"`
	User    string        `yaml:"user"`    // of the address-of-record; default Auth.User
	Domain  string        `yaml:"domain"`  // of the address-of-record; default the first target's host
	Expires time.Duration `yaml:"expires"` // asked for; default 3600 s
}

// NumberRule changes the text of a number: Strip characters from the front, Format, then Prefix in front.
type NumberRule struct {
	Strip  int          `yaml:"strip"`
	Format NumberFormat `yaml:"format"`
	Prefix string       `yaml:"prefix"`
}

// NumberFormat names a form of a number.
type NumberFormat string

// The forms of a number on the wire.
const (
	FormatE164     NumberFormat = "e164"     // +4930123456
	FormatDigits   NumberFormat = "digits"   // 4930123456
	FormatIDD      NumberFormat = "idd"      // 004930123456: the international prefix of the trunk's country
	FormatNational NumberFormat = "national" // 030123456 for numbers of the trunk's country, else as FormatIDD
	FormatRaw      NumberFormat = "raw"      // as dialled
)

// CallerIDPolicy says where the caller's number stands in an INVITE to the trunk.
type CallerIDPolicy string

// The places of the caller's number.
const (
	CallerInFrom     CallerIDPolicy = "from"     // From, and P-Asserted-Identity when trusted
	CallerInAsserted CallerIDPolicy = "asserted" // From holds FromUser, P-Asserted-Identity the number
	CallerInPrefer   CallerIDPolicy = "prefer"   // From holds FromUser, P-Preferred-Identity the number
	CallerHidden     CallerIDPolicy = "hidden"   // always FromUser, never the caller
)

// DTMFMethod says how digits are sent to the trunk.
type DTMFMethod string

// The ways to send digits.
const (
	DTMFEvent  DTMFMethod = "rfc4733"
	DTMFInfo   DTMFMethod = "info"
	DTMFInband DTMFMethod = "inband"
)

// HealthRule says how many outcomes in a row flip a target's health.
type HealthRule struct {
	DownAfter int `yaml:"down_after"` // failures; default 3
	UpAfter   int `yaml:"up_after"`   // answers of a target that was down; default 2
}

// WithDefaults fills what was left out.
func (c Config) WithDefaults() Config {
	c.Targets = append([]Target(nil), c.Targets...)
	for i := range c.Targets {
		c.Targets[i].Transport = cmp.Or(c.Targets[i].Transport, "udp")
	}
	c.CallerID = cmp.Or(c.CallerID, CallerInFrom)
	c.Dial.Format = cmp.Or(c.Dial.Format, FormatE164)
	c.Arrive.Format = cmp.Or(c.Arrive.Format, FormatRaw)
	c.DTMF = cmp.Or(c.DTMF, DTMFEvent)
	c.SRTP = cmp.Or(c.SRTP, "accept")
	c.HealthRule.DownAfter = cmp.Or(c.HealthRule.DownAfter, 3)
	c.HealthRule.UpAfter = cmp.Or(c.HealthRule.UpAfter, 2)
	if len(c.Codecs) == 0 {
		c.Codecs = []string{"PCMA", "PCMU"}
	}
	if c.Register.On {
		c.Register.User = cmp.Or(c.Register.User, c.Auth.User)
		c.Register.Expires = cmp.Or(c.Register.Expires, time.Hour)
		if len(c.Targets) > 0 {
			c.Register.Domain = cmp.Or(c.Register.Domain, c.Targets[0].Host)
		}
	}
	return c
}
