package trunk

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// full is a configuration that uses every key.
func full() Config {
	return Config{
		Name:    "carrier-a",
		Targets: []Target{{Host: "sip.carrier.example", Port: 5061, Transport: "tls", Priority: 1, Weight: 2}, {Host: "2001:db8::1"}},
		Sources: []string{"192.0.2.0/24", "198.51.100.7", "2001:db8::/32"}, Auth: Auth{User: "acc", Password: "pw"},
		Register: Register{On: true, Expires: 10 * time.Minute}, Ping: 30 * time.Second, MaxCalls: 2, FromUser: "4930111", FromDomain: "carrier.example",
		CallerID: CallerInAsserted, Country: "DE", Dial: NumberRule{Format: FormatIDD, Prefix: "9"}, Arrive: NumberRule{Strip: 1},
		Codecs: []string{"PCMA", "opus"}, DTMF: DTMFInfo, SymmetricRTP: true, HealthRule: HealthRule{DownAfter: 2, UpAfter: 1},
	}
}

func mustNew(t *testing.T, cfg Config) *Trunk {
	t.Helper()
	tr, err := New(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestValidate(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string // paths of the faults in order
	}{
		{"full", func(*Config) {}, ""},
		{"smallest", func(c *Config) { *c = Config{Name: "a", Sources: []string{"192.0.2.1"}} }, ""},
		{"name", func(c *Config) { c.Name = "a b" }, "name"},
		{"empty", func(c *Config) { *c = Config{} }, "name targets"},
		{"targets", func(c *Config) {
			c.Targets = []Target{{Host: "a_b!", Port: 70000, Transport: "sctp", Priority: -1, Weight: 99999}, {Host: ""}}
		}, "targets[0].host targets[0].port targets[0].transport targets[0].priority targets[0].weight targets[1].host"},
		{"too many targets", func(c *Config) {
			for range MaxTargets {
				c.Targets = append(c.Targets, c.Targets[0])
			}
		}, "targets"},
		{"sources", func(c *Config) { c.Sources = []string{"192.0.2.0/33", "example.com", "10.0.0.0/8"} }, "sources[0] sources[1]"},
		{"password alone", func(c *Config) { c.Auth.User, c.Register.User = "", "x" }, "auth.user"},
		{"user alone", func(c *Config) { c.Auth.Password = "" }, "auth.password"},
		{"register", func(c *Config) { c.Targets, c.Auth, c.Register.Expires = nil, Auth{}, time.Second }, "register.on register.user register.expires"},
		{"ping", func(c *Config) { c.Ping = time.Millisecond }, "ping"},
		{"hosts", func(c *Config) { c.FromDomain, c.Register.Domain = "-x", "a b" }, "from_domain register.domain"},
		{"user parts", func(c *Config) { c.FromUser, c.InboundUser = "a@b", "x\r\ny" }, "from_user inbound_user"},
		{"caller id", func(c *Config) { c.CallerID = "rpid" }, "caller_id"},
		{"caller id needs user", func(c *Config) { c.FromUser, c.Auth, c.Register.On = "", Auth{}, false }, "from_user"},
		{"numbers", func(c *Config) {
			c.Country, c.Dial, c.Arrive = "XX", NumberRule{Strip: -1, Format: "x", Prefix: "a"}, NumberRule{Strip: 21}
		}, "country dial.strip dial.format dial.prefix arrive.strip"},
		{"national needs country", func(c *Config) { c.Country = "" }, "dial.format"},
		{"media", func(c *Config) { c.DTMF, c.Codecs = "x", []string{"PCMA", "pcma", "a b"} }, "dtmf codecs[1] codecs[2]"},
		{"counts", func(c *Config) { c.MaxCalls, c.HealthRule.DownAfter, c.HealthRule.UpAfter = -1, 101, -1 }, "max_calls health.down_after health.up_after"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := full()
			tt.change(&c)
			err := c.Validate()
			var paths []string
			if err != nil {
				for _, line := range strings.Split(err.Error(), "\n") {
					path, _, _ := strings.Cut(line, ": ")
					paths = append(paths, path)
				}
			}
			if got := strings.Join(paths, " "); got != tt.want {
				t.Errorf("got %q, want %q: %v", got, tt.want, err)
			}
			if _, newErr := New(c, nil); (newErr == nil) != (tt.want == "") {
				t.Errorf("New says %v", newErr)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	in := Config{Name: "a", Targets: []Target{{Host: "h"}}, Auth: Auth{User: "u", Password: "p"}, Register: Register{On: true}}
	c := in.WithDefaults()
	if c.Targets[0].Transport != "udp" || c.CallerID != CallerInFrom || c.Dial.Format != FormatE164 || c.Arrive.Format != FormatRaw || c.DTMF != DTMFEvent {
		t.Errorf("got %+v", c)
	}
	if c.Register.User != "u" || c.Register.Domain != "h" || c.Register.Expires != time.Hour || c.HealthRule != (HealthRule{3, 2}) || len(c.Codecs) != 2 {
		t.Errorf("got %+v", c)
	}
	if in.Targets[0].Transport != "" {
		t.Error("the input was written to")
	}
}

func TestMatch(t *testing.T) {
	wide := mustNew(t, Config{Name: "wide", Sources: []string{"192.0.2.0/24"}})
	narrow := mustNew(t, Config{Name: "narrow", Sources: []string{"192.0.2.7", "2001:db8::/32"}})
	user := mustNew(t, Config{Name: "user", InboundUser: "pbx"})
	both := mustNew(t, Config{Name: "both", InboundUser: "strict", Sources: []string{"198.51.100.0/24"}})
	set, err := NewSet([]*Trunk{wide, narrow, user, both})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ addr, user, want string }{
		{"192.0.2.8", "", "wide"},
		{"192.0.2.7", "", "narrow"},
		{"::ffff:192.0.2.7", "", "narrow"},
		{"2001:db8::5", "", "narrow"},
		{"203.0.113.1", "", ""},
		{"203.0.113.1", "pbx", "user"},
		{"192.0.2.8", "pbx", "user"},
		{"198.51.100.9", "", ""},
		{"198.51.100.9", "strict", "both"},
		{"203.0.113.1", "strict", ""},
		{"192.0.2.8", "someone", "wide"},
	}
	for _, tt := range tests {
		got, ok := set.Match(netip.MustParseAddr(tt.addr), tt.user)
		if ok != (tt.want != "") || ok && got.Name() != tt.want || !ok && got != nil {
			t.Errorf("%s %q: got %v, %v, want %q", tt.addr, tt.user, got, ok, tt.want)
		}
	}
	if got, ok := set.BySource(netip.MustParseAddr("198.51.100.9")); !ok || got != both {
		t.Error("BySource hides a trunk that asks for proof")
	}
	if got, ok := set.ByUser("pbx"); !ok || got != user || len(set.All()) != 4 {
		t.Error("ByUser or All is wrong")
	}
	if got, ok := set.Trunk("wide"); !ok || got != wide {
		t.Error("Trunk is wrong")
	}
}

func TestSetReportsDuplicates(t *testing.T) {
	a := mustNew(t, Config{Name: "a", InboundUser: "u", Sources: []string{"10.0.0.0/8", "10.0.0.1"}})
	b := mustNew(t, Config{Name: "b", InboundUser: "u", Sources: []string{"10.9.9.9/8"}})
	_, err := NewSet([]*Trunk{a, b, a})
	if !errors.Is(err, ErrDuplicate) {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"trunk b: inbound_user", "trunk b: sources[0]", "trunk a: name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}
