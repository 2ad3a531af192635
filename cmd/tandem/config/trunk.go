package config

import (
	"time"

	"tandem/ivr/flow/source"
	"tandem/sip/digest"
	"tandem/sip/trunk"
)

// Trunk is a carrier or PBX, as written in YAML; Room gives what the trunk room reads.
type Trunk struct {
	Name          string               `yaml:",name"`
	Targets       []trunk.Target       `yaml:"targets"`
	Sources       []string             `yaml:"sources"`
	Auth          TrunkAuth            `yaml:"auth"`
	InboundUser   string               `yaml:"inbound_user"`
	Register      trunk.Register       `yaml:"register"`
	Ping          time.Duration        `yaml:"ping" default:"30s"`
	MaxCalls      int                  `yaml:"max_calls"`
	FromUser      string               `yaml:"from_user"`
	FromDomain    string               `yaml:"from_domain"`
	CallerID      trunk.CallerIDPolicy `yaml:"caller_id" default:"from"`
	TrustIdentity bool                 `yaml:"trust_identity"`
	Country       string               `yaml:"country"` // empty: the configuration's
	Dial          trunk.NumberRule     `yaml:"dial"`
	Arrive        trunk.NumberRule     `yaml:"arrive"`
	Codecs        []string             `yaml:"codecs"`
	DTMF          trunk.DTMFMethod     `yaml:"dtmf" default:"rfc4733"`
	SymmetricRTP  bool                 `yaml:"symmetric_rtp" default:"true"`
	SRTP          string               `yaml:"srtp" default:"accept"` // as for endpoints
	Health        trunk.HealthRule     `yaml:"health"`
}

// TrunkAuth is what we prove to a trunk.
type TrunkAuth struct {
	Realm    string        `yaml:"realm"`
	User     string        `yaml:"user"`
	Password source.Secret `yaml:"password"`
}

// Room gives the trunk room's configuration with its defaults.
func (t *Trunk) Room() trunk.Config {
	return trunk.Config{
		Name: t.Name, Targets: t.Targets, Sources: t.Sources,
		Auth:        trunk.Auth{Realm: t.Auth.Realm, User: t.Auth.User, Password: digest.Secret(t.Auth.Password.Reveal())},
		InboundUser: t.InboundUser, Register: t.Register, Ping: t.Ping, MaxCalls: t.MaxCalls, FromUser: t.FromUser,
		FromDomain: t.FromDomain, CallerID: t.CallerID, TrustID: t.TrustIdentity, Country: t.Country, Dial: t.Dial,
		Arrive: t.Arrive, Codecs: t.Codecs, DTMF: t.DTMF, SymmetricRTP: t.SymmetricRTP, SRTP: t.SRTP, HealthRule: t.Health,
	}.WithDefaults()
}
