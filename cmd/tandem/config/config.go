package config

import (
	"net/netip"
	"slices"
	"time"

	"tandem/ivr/flow"
	"tandem/ivr/flow/source"
	"tandem/sip/trunk"
	"tandem/store/cdr"
)

// Config is the whole configuration. Paths are relative to the folder that the configuration was read from, made absolute
// by Load.
type Config struct {
	SIP        SIP                  `yaml:"sip"`
	Media      Media                `yaml:"media"`
	HTTP       HTTP                 `yaml:"http"`
	TLS        TLS                  `yaml:"tls"`
	Store      Store                `yaml:"store"`
	Node       Node                 `yaml:"node"`
	Recordings Recordings           `yaml:"recordings"`
	CDR        CDR                  `yaml:"cdr"`
	Log        Log                  `yaml:"log"`
	Control    Control              `yaml:"control"`
	Country    string               `yaml:"country" default:"DE"` // two letters: how numbers without + are read
	Endpoints  map[string]*Endpoint `yaml:"endpoints"`
	Trunks     map[string]*Trunk    `yaml:"trunks"`
	Queues     map[string]*Queue    `yaml:"queues"`
	Agents     map[string]*Agent    `yaml:"agents"`
	AgentCodes AgentCodes           `yaml:"agent_codes"`
	Flows      string               `yaml:"flows"` // folder of flow files; empty: "flows" beside the configuration, if it is there
	Numbers    map[string]*Number   `yaml:"numbers"`
	Outbound   []Outbound           `yaml:"outbound"`
	Users      map[string]*User     `yaml:"users"`
	Chat       Chat                 `yaml:"chat"`
	SMS        map[string]*SMS      `yaml:"sms"`
	Callbacks  Callbacks            `yaml:"callbacks"`
	// What customers read: their own language where it is listed, else the first. Texts replace the built-in ones, by language and the
	// English text.
	Languages []string                     `yaml:"languages" default:"en"`
	Texts     map[string]map[string]string `yaml:"texts"`

	Dir  string         `yaml:"-"` // folder that relative paths start from
	Plan *flow.Dialplan `yaml:"-"` // the flows, checked
}

// SIP is the signalling side.
type SIP struct {
	Listen         []Listen      `yaml:"listen" default:"udp 127.0.0.1:5060,tcp 127.0.0.1:5060"`
	Advertise      string        `yaml:"advertise"` // host or host:port written into Via and Contact; empty: the listen address
	Domain         string        `yaml:"domain" default:"tandem.local"`
	Digest         []Digest      `yaml:"digest" default:"md5"` // algorithms that phones are asked with, strongest first
	MaxCalls       int           `yaml:"max_calls" default:"500"`
	CallsPerSecond float64       `yaml:"calls_per_second" default:"50"`
	CallBurst      int           `yaml:"call_burst" default:"100"`
	SessionExpires time.Duration `yaml:"session_expires" default:"30m"` // asked for on outgoing legs; 0: none
	Rate           Rate          `yaml:"rate"`
	Deny           []Network     `yaml:"deny"` // networks that are neither read nor answered
}

// Rate limits what one source that is no trunk may send.
type Rate struct {
	PerSecond float64 `yaml:"per_second" default:"50"` // messages; 0: no limit
	Burst     float64 `yaml:"burst" default:"200"`
}

// Media is the audio side.
type Media struct {
	Address   Addr          `yaml:"address" default:"127.0.0.1"` // to bind
	Advertise string        `yaml:"advertise"`                   // address written into SDP; empty: Address
	Ports     PortRange     `yaml:"ports" default:"20000-29999"`
	Workers   int           `yaml:"workers"` // 0: one per core
	Prompts   string        `yaml:"prompts"` // folder; empty: the shipped ones
	Drain     time.Duration `yaml:"drain" default:"5s"`
	Symmetric bool          `yaml:"symmetric" default:"true"`          // learn where audio really comes from
	Silence   time.Duration `yaml:"silence" default:"60s"`             // a call that sends nothing for so long is ended; 0: never
	Browsers  AddrPort      `yaml:"browsers" default:"127.0.0.1:8443"` // the one UDP port of all browsers' audio
}

// HTTP is the door for pages, sockets, API, health and metrics.
type HTTP struct {
	Listen  AddrPort  `yaml:"listen" default:"127.0.0.1:8080"`
	TLS     bool      `yaml:"tls"`     // listen for https, with the certificate of the section tls
	Public  string    `yaml:"public"`  // URL by which customers reach us, for links; empty: the listen address
	Origins []string  `yaml:"origins"` // hosts of other sites whose pages may connect by TLS, "shop.example", "*.shop.example" or "shop.example:8443"; of this machine also without
	Frames  []string  `yaml:"frames"`  // sites that may show the chat, "https://shop.example"
	Proxies []Network `yaml:"proxies"` // proxies in front of us whose X-Forwarded-For is believed, "10.0.0.5" or "10.0.0.0/24"
	Demo    bool      `yaml:"demo"`    // serve the demo's customer page and telephone: whoever reaches it writes in any number's name
	Pages   string    `yaml:"pages"`   // folder of pages to serve instead of the shipped ones, for work on them
}

// TLS is the certificate that is shown by https and by SIP over TLS: files in PEM form, read again when they change.
type TLS struct {
	Certificate string `yaml:"certificate"` // with all certificates between it and a root
	Key         string `yaml:"key"`
}

// NeedsCertificate tells whether something listens for TLS.
func (c *Config) NeedsCertificate() bool {
	return c.HTTP.TLS || slices.ContainsFunc(c.SIP.Listen, func(l Listen) bool { return l.Transport == "tls" })
}

// Store is the store's file, or the Redis that several nodes share.
type Store struct {
	Path  string `yaml:"path" default:"data/tandem.db"`
	Redis Redis  `yaml:"redis"`
}

// Redis is a shared store. An empty address means the file.
type Redis struct {
	Address  string        `yaml:"address"` // host:port
	Username string        `yaml:"username"`
	Password source.Secret `yaml:"password"`
	DB       int           `yaml:"db"`
	Site     string        `yaml:"site" default:"tandem"` // which of the sites on that Redis this is
}

// Node is this process among those that share a Redis: one of them owns the calls, the others pass on to it.
type Node struct {
	Name string      `yaml:"name"` // empty: the host's name
	SIP  AnyAddrPort `yaml:"sip"`  // where other nodes reach its SIP over TCP; empty: the first TCP address of sip.listen
	HTTP AnyAddrPort `yaml:"http"` // where they reach its pages and API; empty: http.listen
}

// NodeSIP is where other nodes reach this one by SIP; invalid where it does not listen for TCP.
func (c *Config) NodeSIP() netip.AddrPort {
	if c.Node.SIP.IsValid() {
		return c.Node.SIP.AddrPort.AddrPort
	}
	for _, l := range c.SIP.Listen {
		if l.Transport == "tcp" {
			return l.Addr
		}
	}
	return netip.AddrPort{}
}

// NodeHTTP is where other nodes reach this one by HTTP.
func (c *Config) NodeHTTP() netip.AddrPort {
	if c.Node.HTTP.IsValid() {
		return c.Node.HTTP.AddrPort.AddrPort
	}
	return c.HTTP.Listen.AddrPort
}

// Recordings says where recordings go.
type Recordings struct {
	Path string `yaml:"path" default:"data/recordings"`
	On   bool   `yaml:"on"` // record every bridged call, not only on command
}

// CDR says where call detail records go. An empty path writes none.
type CDR struct {
	Path    string     `yaml:"path" default:"data/cdr.jsonl"`
	Format  cdr.Format `yaml:"format" default:"jsonl"`
	Sync    cdr.Sync   `yaml:"sync" default:"every-second"`
	MaxSize Bytes      `yaml:"max_size" default:"64MiB"`
	Keep    int        `yaml:"keep" default:"10"`
}

// File gives the room's configuration.
func (c CDR) File() cdr.Config {
	return cdr.Config{Path: c.Path, Format: c.Format, Sync: c.Sync, MaxSize: int64(c.MaxSize), Keep: c.Keep}
}

// Validate implements the reader's hook.
func (c CDR) Validate() error {
	if c.Path == "" {
		return nil
	}
	return c.File().Validate()
}

// Log says what is logged and how.
type Log struct {
	Level  Level  `yaml:"level" default:"info"`
	Format Layout `yaml:"format" default:"text"`
}

// Control is the command line's door.
type Control struct {
	Socket string `yaml:"socket" default:"data/control.sock"`
}

// Endpoint is a phone. Its name is the user part of its address; the extension is what is dialled.
type Endpoint struct {
	Name        string        `yaml:",name"`
	DisplayName string        `yaml:"display_name"`
	Extension   string        `yaml:"extension"`
	Aliases     []string      `yaml:"aliases"` // further names that flows and numbers may dial
	Password    source.Secret `yaml:"password"`
	HA1         source.Secret `yaml:"ha1"`                   // MD5 of name:domain:password, instead of password
	CallerID    string        `yaml:"caller_id"`             // number shown on outgoing calls
	SRTP        string        `yaml:"srtp" default:"accept"` // keys for its audio: accept what it offers, offer them too, require or never
	MaxCalls    int           `yaml:"max_calls" default:"4"` // that it may have started at once; 0: no limit
}

// FlowsMayDial is the entry of an outbound rule's allow list that lets flows dial for callers who are no phone of ours. Without
// it a caller who types digits into a flow reaches nobody outside at our cost.
const FlowsMayDial = "flows"

// Echo is the endpoint that is always there: it plays back what it hears.
const Echo = "echo"

// Endpoint finds an endpoint by name, extension or alias.
func (c *Config) Endpoint(dialled string) (*Endpoint, bool) {
	if e := c.Endpoints[dialled]; e != nil {
		return e, true
	}
	for _, name := range sorted(c.Endpoints) {
		if e := c.Endpoints[name]; e != nil && (e.Extension == dialled && dialled != "" || slices.Contains(e.Aliases, dialled)) {
			return e, true
		}
	}
	return nil, false
}

// dialable lists everything that may stand where an endpoint is dialled.
func (c *Config) dialable() []string {
	names := append(sorted(c.Endpoints), Echo)
	for _, e := range c.Endpoints {
		if e == nil {
			continue
		}
		names = append(names, e.Aliases...)
		if e.Extension != "" {
			names = append(names, e.Extension)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TrunkConfigs gives the trunks' configurations, ordered by name.
func (c *Config) TrunkConfigs() []trunk.Config {
	var out []trunk.Config
	for _, name := range sorted(c.Trunks) {
		out = append(out, c.Trunks[name].Room())
	}
	return out
}

// AgentCodes are what an agent dials to change state. An empty code is off.
type AgentCodes struct {
	SignIn  string `yaml:"sign_in"`
	SignOut string `yaml:"sign_out"`
	Ready   string `yaml:"ready"`
	Break   string `yaml:"break"`
}

// Number says where a called number leads: a flow, an endpoint or a queue.
type Number struct {
	Pattern  string `yaml:",name"` // exact, or a prefix with * at its end
	Flow     string `yaml:"flow,short"`
	Endpoint string `yaml:"endpoint"`
	Queue    string `yaml:"queue"`
	Trunk    string `yaml:"trunk"` // only calls that come over this trunk
}

// Outbound says which trunks carry a dialled number; the first pattern that matches counts.
type Outbound struct {
	Pattern string   `yaml:"pattern,required"` // exact, or a prefix with * at its end
	Trunks  []string `yaml:"trunks,required"`  // in order of preference
	Allow   []string `yaml:"allow"`            // endpoints that may dial it; empty: all endpoints, and no flow
	Strip   int      `yaml:"strip"`            // digits taken off the front
}
