package source

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

type transport string

func (transport) Values() []string { return []string{"udp", "tcp", "tls"} }

type nested struct {
	Name string `yaml:"name,short"`
	Size int    `default:"7"`
}

type trunk struct {
	Key       string `yaml:",name"`
	Number    string
	Transport transport     `default:"udp"`
	Wrap      time.Duration `default:"5s"`
	Password  Secret
	Addr      netip.Addr
	Tags      []string
	Codecs    []string `default:"pcma,pcmu"`
	Must      int      `yaml:",required"`
	Nested    *nested
}

// Validate is what a room that does not know this package offers.
func (t *trunk) Validate() error {
	if t.Wrap > time.Minute {
		return errors.Join(errors.New("wrap: too long"), errors.New("codecs[1]: g711 has two laws"), errors.New("general: trouble"))
	}
	return nil
}

type embedded struct{ Inner int }

type config struct {
	Trunks map[string]trunk
	Port   uint16 `default:"5060"`
	On     bool
	MaxMB  float64
	Ptr    *int
	embedded
	Shared embedded `yaml:",inline"`
}

func TestEveryFaultOfARunIsReported(t *testing.T) {
	r := NewReader(Options{}, nil)
	var c config
	for _, name := range []string{"main.yaml", "second.yaml"} {
		data, err := os.ReadFile("testdata/config/" + name)
		if err != nil {
			t.Fatal(err)
		}
		r.Read(name, data, &c)
	}
	r.Finish(&c)
	got := r.Faults().String()
	if *update {
		if err := os.WriteFile("testdata/config/faults.golden", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/config/faults.golden")
	if err != nil || got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
	if strings.Contains(got, "hunter2") {
		t.Error("a secret is in the faults")
	}
}

func TestDecode(t *testing.T) {
	var c config
	err := Decode("a.yaml", []byte(`
trunks:
  a: &a {number: 0123, must: 1, wrap: 2m, addr: "::1", nested: box, codecs: g722, password: "${env:PW}"}
  b: *a
port: 5070
max_mb: 1.5
inner: 3
ptr: 4
`), &c)
	if err == nil || strings.Count(err.Error(), "wrap: too long") != 2 {
		t.Errorf("Validate was not called for both: %v", err)
	}
	a := c.Trunks["a"]
	want := trunk{Key: "a", Number: "0123", Transport: "udp", Wrap: 2 * time.Minute, Password: a.Password, Addr: netip.IPv6Loopback(), Codecs: []string{"g722"}, Must: 1, Nested: &nested{"box", 7}}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got %+v, want %+v", a, want)
	}
	if c.Trunks["b"].Number != "0123" || c.Port != 5070 || c.MaxMB != 1.5 || c.Shared.Inner != 3 || *c.Ptr != 4 || c.On {
		t.Errorf("got %+v", c)
	}
}

type limits struct{ Low, High int }

func (l *limits) Validate(at At) {
	if l.Low > l.High {
		at.Key("low").Conflict(at.Key("high"), "the other end", "low is above high")
	}
}

func TestHooksSeeInlineStructsAndKnowBothPlaces(t *testing.T) {
	var c struct {
		Limits limits `yaml:",inline"`
		List   []limits
	}
	err := Decode("x.yaml", []byte("low: 2\nhigh: 1\nlist: [{low: 1, high: 2}, {low: 4, high: 3}]\n"), &c)
	want := "x.yaml:1:6: low is above high\n    1 | low: 2\n      |      ^\n       x.yaml:2:7: the other end\nx.yaml:3:33: low is above high"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCouldNotBeReadIsReportedOnce(t *testing.T) {
	var c struct{ A, B ranged }
	err := Decode("x.yaml", []byte("a: {wrap: 20}\nb: {wrap: 0}\n"), &c)
	if err == nil || strings.Contains(err.Error(), "a.wrap: too short") || !strings.Contains(err.Error(), "b.wrap: too short") {
		t.Errorf("got %v", err)
	}
}

type ranged struct{ Wrap time.Duration }

func (r ranged) Validate() error {
	if r.Wrap == 0 {
		return errors.New("wrap: too short")
	}
	return nil
}

func TestDefaultsWithoutFile(t *testing.T) {
	var c config
	if err := Decode("empty.yaml", nil, &c); err != nil || c.Port != 5060 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestFilesAddUp(t *testing.T) {
	var c config
	r := NewReader(Options{}, nil)
	r.Read("a.yaml", []byte("trunks: {a: {must: 1}}\n"), &c)
	r.Read("b.yaml", []byte("trunks: {b: {must: 2}}\nport: 1\n"), &c)
	r.Finish(&c)
	if err := r.Faults().Err(); err != nil || len(c.Trunks) != 2 || c.Trunks["b"].Must != 2 || c.Port != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
	if pos := r.At("trunks").Key("b").Key("must").Pos(); pos != (Pos{"b.yaml", 1, 20}) {
		t.Errorf("position: got %v", pos)
	}
	if pos := r.At("trunks").Key("b").Key("codecs").Index(1).Pos(); pos != (Pos{"b.yaml", 1, 10}) {
		t.Errorf("position of a default: got %v", pos)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	env := func(name string) (string, bool) { return "swordfish", name == "PW" }
	read := func(path string) ([]byte, error) { return []byte("swordfish\n"), nil }
	type box struct {
		A, B   Secret
		hidden Secret
	}
	var b box
	r := NewReader(Options{Env: env, ReadFile: read}, nil)
	r.Read("s.yaml", []byte("a: ${env:PW}\nb: file:/run/pw\n"), &b)
	r.Finish(&b)
	if err := r.Faults().Err(); err != nil || b.A.Reveal() != "swordfish" || b.B.Reveal() != "swordfish" {
		t.Fatalf("got %q, %q, %v", b.A.Reveal(), b.B.Reveal(), err)
	}
	b.hidden = b.A
	text, _ := b.A.MarshalText()
	for _, got := range []string{fmt.Sprint(b), fmt.Sprintf("%#v %+v %s %q %x", b, b, b.A, b.A, b.A), string(text), slog.AnyValue(b.A).Resolve().String(), b.hidden.String()} {
		if strings.Contains(got, "swordfish") || strings.Contains(got, fmt.Sprintf("%x", "swordfish")) {
			t.Errorf("the secret is in %s", got)
		}
	}
	for text, want := range map[string]string{"a: ${env:NO}": "NO is not set", "a: plain": "never the value itself", "a: ${env:}": "never the value itself", "a: [x]": "expected a reference"} {
		r := NewReader(Options{Env: env}, nil)
		r.Read("s.yaml", []byte(text), &box{})
		if got := r.Faults().String(); !strings.Contains(got, want) || strings.Contains(got, "plain") {
			t.Errorf("%s: got %s", text, got)
		}
	}
}

func TestSecretOnTheLineOfAnotherFaultIsHidden(t *testing.T) {
	for _, text := range []string{
		"trunks: {a: {password: hunter2, wrap: 20, must: x}}",
		"trunks: {a: {pasword: hunter2, wrap: 20, must: x}}",
		"trunks: {a: {must: x, wrap: 20, passwort: hunter2}}",
		"trunks: {a: {must: x, password: hunter2",
		"trunks: {a: {must: x, password: [hunter2]}}",
	} {
		err := Decode("x.yaml", []byte(text), &config{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"20s": 20 * time.Second, "1m30s": 90 * time.Second, "5 minutes": 5 * time.Minute, "1 hour 30 minutes": 90 * time.Minute, "7d": 168 * time.Hour, "2 days": 48 * time.Hour, "0": 0, "250ms": 250 * time.Millisecond} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "20", "-5s", "s", "five minutes", "5 fortnights", "99999999999 days", "90000h", "1 2", "d7"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
}

func TestBoundsOfAFile(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'k'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s*%c]\n", i, i, strings.Repeat(fmt.Sprintf("*%c,", i-1), 9), i-1)
	}
	tests := map[string]string{
		bomb:                    "more than 100000 values",
		"a: &a [*a]":            "nested deeper than 48",
		strings.Repeat("[", 60): "not valid YAML",
		"a: " + strings.Repeat("[", 60) + strings.Repeat("]", 60): "nested deeper than 48",
		strings.Repeat("x", MaxBytes+1):                           "the limit is 1048576",
		"a: 1\n---\nb: 2":                                         "a second document begins here",
		"a: b: c":                                                 "not valid YAML",
		"- a":                                                     "expected keys and values, got a list",
	}
	for text, want := range tests {
		if err := Decode("x.yaml", []byte(text), &config{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: got %.200v, want %s", text, err, want)
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	err := Decode("x.yaml", []byte(b.String()), &config{})
	if err == nil || !strings.Contains(err.Error(), "and 100 more") {
		t.Errorf("got %.300v", err)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"transport", "password", "wrap"}
	for name, want := range map[string]string{"transprot": "transport", "Password": "password", "rwap": "wrap", "zzz": "", "w": ""} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if got := Suggest("zzz", known); got != "known: password, transport, wrap" {
		t.Errorf("got %q", got)
	}
}

func TestProgrammerErrorsPanic(t *testing.T) {
	for name, into := range map[string]any{"no pointer": config{}, "no struct": new(int), "func": &struct{ F func() }{}} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = Decode("x.yaml", []byte("f: 1\n"), into)
		})
	}
}

// FuzzDecode feeds files: nothing panics, and a value without faults came from every key.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("trunks: {a: {must: 1, nested: {name: x}}}\nport: 1\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? [a]\n: b\n"))
	f.Add([]byte("\t- \x00\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var c config
		r := NewReader(Options{}, nil)
		r.Read("x.yaml", data, &c)
		r.Finish(&c)
		_ = r.Faults().String()
	})
}
