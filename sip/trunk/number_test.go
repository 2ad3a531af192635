package trunk

import (
	"strings"
	"testing"
)

func TestReadNumber(t *testing.T) {
	tests := []struct {
		raw, country string
		want         Number // without Raw
	}{
		{"+4930123456", "", Number{Kind: GlobalNumber, E164: "+4930123456", National: "030123456", Country: "DE", Valid: true}},
		{"+49 (30) 12-34.56", "US", Number{Kind: GlobalNumber, E164: "+4930123456", National: "030123456", Country: "DE", Valid: true}},
		{"004930123456", "de", Number{Kind: GlobalNumber, E164: "+4930123456", National: "030123456", Country: "DE", Valid: true}},
		{"01149 30 123456", "US", Number{Kind: GlobalNumber, E164: "+4930123456", National: "030123456", Country: "DE", Valid: true}},
		{"030123456", "DE", Number{Kind: GlobalNumber, E164: "+4930123456", National: "030123456", Country: "DE", Valid: true}},
		{"2015550123", "US", Number{Kind: GlobalNumber, E164: "+12015550123", National: "2015550123", Country: "US", Valid: true}},
		{"+12015550123;npdi;rn=+12015550000", "DE", Number{Kind: GlobalNumber, E164: "+12015550123", National: "2015550123", Country: "US", Valid: true}},
		{"30123456;phone-context=+49", "", Number{Kind: GlobalNumber, E164: "+4930123456", National: "030123456", Country: "DE", Valid: true}},
		{"112", "DE", Number{Kind: EmergencyNumber, National: "112", Country: "DE", Valid: true}},
		{"911", "US", Number{Kind: EmergencyNumber, National: "911", Country: "US", Valid: true}},
		{"116117", "DE", Number{Kind: ShortNumber, National: "116117", Country: "DE", Valid: true}},
		{"+49116117", "", Number{Kind: GlobalNumber, E164: "+49116117", National: "116117", Country: "DE"}},
		{"1001", "DE", Number{}},
		{"1001", "US", Number{}},
		{"030123456", "", Number{}},
		{"bob", "DE", Number{}},
		{"*21#", "DE", Number{}},
		{"1", "DE", Number{}},
		{"", "DE", Number{}},
		{strings.Repeat("1", maxNumber+1), "DE", Number{}},
	}
	for _, tt := range tests {
		t.Run(tt.raw+" "+tt.country, func(t *testing.T) {
			tt.want.Raw = tt.raw
			if got := ReadNumber(tt.raw, tt.country); got != tt.want {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestDialled(t *testing.T) {
	tests := []struct {
		rule      NumberRule
		raw, want string
	}{
		{NumberRule{}, "030123456", "+4930123456"},
		{NumberRule{Format: FormatDigits}, "030123456", "4930123456"},
		{NumberRule{Format: FormatIDD}, "030123456", "004930123456"},
		{NumberRule{Format: FormatNational}, "+4930123456", "030123456"},
		{NumberRule{Format: FormatNational}, "+12015550123", "0012015550123"},
		{NumberRule{Format: FormatRaw}, "030 12 34 56", "030 12 34 56"},
		{NumberRule{Format: FormatNational, Strip: 1, Prefix: "9"}, "+4930123456", "930123456"},
		{NumberRule{Format: FormatE164, Prefix: "1000#"}, "030123456", "1000#+4930123456"},
		{NumberRule{Format: FormatE164, Strip: 20}, "030123456", ""},
		{NumberRule{Prefix: "9"}, "112", "112"},
		{NumberRule{Prefix: "9"}, "116117", "9116117"},
		{NumberRule{}, "bob", "bob"},
	}
	for _, tt := range tests {
		tr := mustNew(t, Config{Name: "t", InboundUser: "u", Country: "DE", Dial: tt.rule})
		if got := tr.Dialled(ReadNumber(tt.raw, "DE")); got != tt.want {
			t.Errorf("%+v, %s: got %s, want %s", tt.rule, tt.raw, got, tt.want)
		}
	}
	for country, want := range map[string]string{"US": "011", "ca": "011", "AU": "0011", "JP": "010", "DE": "00", "GB": "00", "HK": "001"} {
		if got := iddPrefix(country); got != want {
			t.Errorf("%s: got %s, want %s", country, got, want)
		}
	}
}

func TestArrived(t *testing.T) {
	tests := []struct {
		rule            NumberRule
		raw, e164, kind string
	}{
		{NumberRule{}, "030123456", "+4930123456", "global"},
		{NumberRule{Prefix: "+"}, "4930123456", "+4930123456", "global"},
		{NumberRule{Strip: 4, Prefix: "+49"}, "999930123456", "+4930123456", "global"},
		{NumberRule{Prefix: "+"}, "112", "", "emergency"},
		{NumberRule{Strip: 3}, "bob", "", "none"},
		{NumberRule{Strip: 20}, "12", "", "none"},
	}
	for _, tt := range tests {
		tr := mustNew(t, Config{Name: "t", InboundUser: "u", Country: "DE", Arrive: tt.rule})
		got := tr.Arrived(tt.raw)
		if got.Raw != tt.raw || got.E164 != tt.e164 || got.Kind.String() != tt.kind {
			t.Errorf("%+v, %s: got %+v, want %s %s", tt.rule, tt.raw, got, tt.e164, tt.kind)
		}
	}
}

func TestCaller(t *testing.T) {
	known := Caller{Number: ReadNumber("030123456", "DE"), Display: "Bob \"B\"\r\nEvil: 1"}
	hidden, nobody := known, Caller{}
	hidden.Hidden = true
	tests := []struct {
		name    string
		cfg     Config
		caller  Caller
		from    string
		headers string
	}{
		{"from", Config{}, known, "+4930123456@h", ""},
		{"from, own domain", Config{FromDomain: "d"}, known, "+4930123456@d", ""},
		{"from, trusted", Config{TrustID: true}, known, "+4930123456@h", "P-Asserted-Identity +4930123456"},
		{"from, hidden", Config{}, hidden, "anonymous@anonymous.invalid", "Privacy"},
		{"from, hidden, trusted", Config{TrustID: true}, hidden, "anonymous@anonymous.invalid", "P-Asserted-Identity +4930123456|Privacy"},
		{"from, no number", Config{FromUser: "acc"}, nobody, "acc@h", ""},
		{"from, nothing at all", Config{}, nobody, "anonymous@h", ""},
		{"asserted", Config{CallerID: CallerInAsserted, FromUser: "acc"}, known, "acc@h", "P-Asserted-Identity +4930123456"},
		{"asserted, hidden, not trusted", Config{CallerID: CallerInAsserted, FromUser: "acc"}, hidden, "acc@h", "Privacy"},
		{"prefer", Config{CallerID: CallerInPrefer, Auth: Auth{User: "au", Password: "p"}}, known, "au@h", "P-Preferred-Identity +4930123456"},
		{"prefer, hidden", Config{CallerID: CallerInPrefer, FromUser: "acc"}, hidden, "acc@h", "Privacy"},
		{"hidden policy", Config{CallerID: CallerHidden, FromUser: "acc", TrustID: true}, known, "acc@h", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.cfg.Name, tt.cfg.Country, tt.cfg.Targets = "t", "DE", []Target{{Host: "h"}}
			tr := mustNew(t, tt.cfg)
			got := tr.Caller(tt.caller, tr.Config().Targets[0])
			if from := got.From.URI.User + "@" + got.From.URI.Host; from != tt.from {
				t.Errorf("got From %s, want %s", from, tt.from)
			}
			var headers []string
			for _, h := range got.Headers {
				text := h.Name()
				if strings.Contains(h.Value(), "+4930123456") {
					text += " +4930123456"
				}
				headers = append(headers, text)
				if strings.ContainsAny(h.Value(), "\r\n") {
					t.Errorf("injected: %q", h.Value())
				}
			}
			if list := strings.Join(headers, "|"); list != tt.headers {
				t.Errorf("got %s, want %s", list, tt.headers)
			}
			if strings.ContainsAny(got.From.String(), "\r\n") || tt.caller.Hidden && strings.Contains(got.From.String(), "30123456") {
				t.Errorf("From shows too much: %q", got.From.String())
			}
		})
	}
	if got := userPart("a b@c<>\r\n+1"); got != "a%20b%40c%3C%3E%0D%0A+1" {
		t.Errorf("got %s", got)
	}
}

func FuzzReadNumber(f *testing.F) {
	f.Add("+49 30 123456", "DE")
	f.Add("30;phone-context=+49;ext=1", "")
	f.Fuzz(func(t *testing.T, raw, country string) {
		n := ReadNumber(raw, country)
		if n.Raw != raw || (n.Kind == GlobalNumber) != (n.E164 != "") {
			t.Errorf("got %+v", n)
		}
		if n.Kind == GlobalNumber {
			if again := ReadNumber(n.E164, ""); again.E164 != n.E164 {
				t.Errorf("%s is read as %+v", n.E164, again)
			}
		}
	})
}

func BenchmarkReadNumber(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ReadNumber("+4930123456", "DE")
	}
}

func TestNormal(t *testing.T) {
	plain, err := New(Config{Name: "plain", Sources: []string{"192.0.2.1"}, Country: "DE"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ruled, err := New(Config{Name: "ruled", Sources: []string{"192.0.2.2"}, Country: "DE", Arrive: NumberRule{Prefix: "+"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		trunk *Trunk
		raw   string
		want  string
	}{
		{"in the form already", plain, "+4930123456", "+4930123456"},
		{"national", plain, "030123456", "+4930123456"},
		{"international prefix", plain, "004930123456", "+4930123456"},
		{"an extension stays", plain, "1000", "1000"},
		{"a name stays", plain, "alice", "alice"},
		{"too long to be one", plain, "+12345678901234567", "+12345678901234567"},
		{"by the trunk's rule", ruled, "4930123456", "+4930123456"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.trunk.Normal(c.raw); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
