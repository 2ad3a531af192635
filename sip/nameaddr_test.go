package sip

import (
	"testing"
	"time"
)

func TestParseNameAddr(t *testing.T) {
	tests := []struct {
		name, in, display, raw, param, value string
		bad                                  bool
	}{
		{name: "plain", in: "<sip:a@b>;tag=x", raw: "sip:a@b", param: "tag", value: "x"},
		{name: "case of names", in: "<sip:a@b>;TAG=x", raw: "sip:a@b", param: "tag", value: "x"},
		{name: "blanks", in: "  <sip:a@b> ; tag  =  x ", raw: "sip:a@b", param: "tag", value: "x"},
		{name: "no brackets", in: "sip:a@b;tag=x", raw: "sip:a@b", param: "tag", value: "x"},
		{name: "URI parameters stay", in: "<sip:a@b;lr;transport=tcp>;q=0.5", raw: "sip:a@b;lr;transport=tcp", param: "q", value: "0.5"},
		{name: "equal signs in value", in: "<sip:a@b>;x=abc==", raw: "sip:a@b", param: "x", value: "abc=="},
		{name: "quoted semicolon", in: `<sip:a@b>;pub-gruu="sip:a@b;gr=urn"`, raw: "sip:a@b", param: "pub-gruu", value: "sip:a@b;gr=urn"},
		{name: "quoted brackets", in: `<sip:a@b>;+sip.instance="<urn:uuid:1>"`, raw: "sip:a@b", param: "+sip.instance", value: "<urn:uuid:1>"},
		{name: "escaped quote and comma", in: `"Bell, \"Al\"" <sip:a@b>;tag=1`, display: `Bell, "Al"`, raw: "sip:a@b", param: "tag", value: "1"},
		{name: "quoted bracket in name", in: `"a <b>" <sip:a@b>`, display: "a <b>", raw: "sip:a@b"},
		{name: "token name", in: `Alice Liddell <sip:a@b>`, display: "Alice Liddell", raw: "sip:a@b"},
		{name: "tel", in: `<tel:+1-201-555;phone-context=x>`, raw: "tel:+1-201-555;phone-context=x"},
		{name: "unbalanced quote", in: `"Alice <sip:a@b>`, bad: true},
		{name: "unclosed bracket", in: `<sip:a@b`, bad: true},
		{name: "text behind", in: `<sip:a@b> x`, bad: true},
		{name: "no host", in: `<sip:>`, bad: true},
		{name: "bare headers", in: `sip:a@b?Route=x`, bad: true},
		{name: "empty", in: ``, bad: true},
		{name: "only name", in: `"x"`, bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := ParseNameAddr(tt.in)
			if (err != nil) != tt.bad {
				t.Fatalf("error %v, want bad %v", err, tt.bad)
			}
			if tt.bad {
				return
			}
			if a.Display != tt.display || a.Raw != tt.raw {
				t.Errorf("got %q %q, want %q %q", a.Display, a.Raw, tt.display, tt.raw)
			}
			if got := a.Params.Value(tt.param); got != tt.value {
				t.Errorf("%s: got %q, want %q", tt.param, got, tt.value)
			}
			again, err := ParseNameAddr(a.String())
			if err != nil || again.String() != a.String() {
				t.Errorf("printed %q, read again %q, %v", a, again, err)
			}
		})
	}
}

func TestNameAddrList(t *testing.T) {
	as, err := ParseNameAddrs(`"a, b" <sip:1@x>;p="q,r", <sip:2@x;lr>,, sip:3@x`)
	if err != nil || len(as) != 3 || as[0].Display != "a, b" || as[1].Raw != "sip:2@x;lr" || as[2].Raw != "sip:3@x" {
		t.Errorf("got %v, %v", as, err)
	}
	as, err = ParseNameAddrs(`<sip:1@x>, <broken`)
	if err == nil {
		t.Errorf("got %v without an error", as)
	}
}

func TestParamsSet(t *testing.T) {
	var ps Params
	ps.Set("transport", "tcp")
	ps.Set("text", `say "hi"; twice`)
	ps.Set("Transport", "udp")
	ps.Set("lr", "")
	if got, want := ps.String(), `;Transport=udp;text="say \"hi\"; twice";lr`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := ParseParams(ps.String()[1:]).Value("TEXT"); got != `say "hi"; twice` {
		t.Errorf("read back %q", got)
	}
}

func TestClean(t *testing.T) {
	tests := map[string]string{
		"plain":             "plain",
		"a\r\nX-Evil: 1":    "a  X-Evil: 1",
		" tab\tand\x00nul ": "tab and nul",
		"Grüße":             "Grüße",
		"bad\xff utf8":      "bad  utf8",
		"line\u2028sep":     "line sep",
		"c1\u0085control":   "c1 control",
	}
	for in, want := range tests {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q): got %q, want %q", in, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Clean("plain text") }); n != 0 {
		t.Errorf("%v allocations for clean text", n)
	}
}

func TestIdentifiers(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		for _, id := range []string{NewTag(), NewCallID(), NewBranch()} {
			if seen[id] || !IsToken(id) {
				t.Fatalf("identifier %q twice or no token", id)
			}
			seen[id] = true
		}
	}
}

// TestStamp: IDs that begin with a stamp sort by time, so that what is stored under them lies together with that of its time.
func TestStamp(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	last := Stamp(at)
	for _, step := range []time.Duration{time.Millisecond, time.Second, time.Hour, 365 * 24 * time.Hour} {
		at = at.Add(step)
		if got := Stamp(at); got <= last || len(got) != 8 || !IsToken(got) {
			t.Errorf("%s after %s: got %q, want a token of 8 that sorts later", at, last, got)
		} else {
			last = got
		}
	}
}

func TestParseTel(t *testing.T) {
	tests := []struct {
		in, number string
		ok, global bool
	}{
		{"+1-201-555-0123", "+12015550123", true, true},
		{"(030) 12.34-56", "030123456", true, false},
		{"7042;phone-context=example.com", "7042", true, false},
		{"*31#1234", "*31#1234", true, false},
		{"alice", "", false, false},
		{"+", "", false, false},
		{"", "", false, false},
		{"12+3", "", false, false},
	}
	for _, tt := range tests {
		got, ok := ParseTel(tt.in)
		if ok != tt.ok || ok && (got.Number != tt.number || got.Global() != tt.global) {
			t.Errorf("%q: got %+v %v, want %q %v", tt.in, got, ok, tt.number, tt.ok)
		}
	}
	u, err := ParseURI("tel:+1-201-555-0123;isub=12")
	if err != nil {
		t.Fatal(err)
	}
	if tel, ok := TelOf(u); !ok || tel.Number != "+12015550123" || tel.Params.Value("isub") != "12" {
		t.Errorf("got %+v %v", tel, ok)
	}
}
