package journey_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"tandem/store/journey"
)

func TestNormal(t *testing.T) {
	for _, c := range []struct {
		name string
		typ  journey.IdentityType
		in   string
		want string // empty: an error
	}{
		{"e164", journey.Tel, "+4930123456", "+4930123456"},
		{"tel uri", journey.Tel, "tel:+4930123456", "+4930123456"},
		{"national", journey.Tel, "030123456", ""},
		{"letters", journey.Tel, "+49abc", ""},
		{"too long", journey.Tel, "+1234567890123456", ""},
		{"sip lower host", journey.SIP, "sip:Anna@Example.ORG;transport=tcp", "Anna@example.org"},
		{"sip no user", journey.SIP, "example.org", ""},
		{"sip anonymous", journey.SIP, "sip:anonymous@anonymous.invalid", ""},
		{"mail", journey.Mail, "Anna.B@Example.ORG", "Anna.B@example.org"},
		{"mail without domain", journey.Mail, "anna@", ""},
		{"web", journey.Web, "v_1", "v_1"},
		{"control byte", journey.Web, "v\x00", ""},
		{"unknown type", "fax", "1", ""},
		{"empty", journey.Ext, "  ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := journey.Normal(c.typ, c.in)
			if got != c.want || (err != nil) != (c.want == "") {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
			if err != nil && !errors.Is(err, journey.ErrInvalid) {
				t.Fatalf("got %v, want ErrInvalid", err)
			}
		})
	}
}

func TestEventValidate(t *testing.T) {
	good := journey.Event{Record: "r_1", At: time.Unix(1, 0), Kind: journey.Note}
	many := map[string]string{}
	for i := range journey.MaxData + 1 {
		many[strings.Repeat("k", i+1)] = "v"
	}
	for _, c := range []struct {
		name string
		edit func(*journey.Event)
		ok   bool
	}{
		{"good", func(*journey.Event) {}, true},
		{"no record", func(e *journey.Event) { e.Record = "" }, false},
		{"unknown kind", func(e *journey.Event) { e.Kind = "nonsense" }, false},
		{"no time", func(e *journey.Event) { e.At = time.Time{} }, false},
		{"long key", func(e *journey.Event) { e.Key = strings.Repeat("k", journey.MaxID+1) }, false},
		{"zero byte", func(e *journey.Event) { e.Interaction = "a\x00b" }, false},
		{"too many data keys", func(e *journey.Event) { e.Data = many }, false},
		{"long value", func(e *journey.Event) { e.Data = map[string]string{"k": strings.Repeat("v", journey.MaxDataValue+1)} }, false},
		{"message", func(e *journey.Event) {
			e.Data = map[string]string{journey.DataText: strings.Repeat("\U0001f60a", journey.MaxMessage)}
		}, true},
		{"long text", func(e *journey.Event) {
			e.Data = map[string]string{journey.DataText: strings.Repeat("v", journey.MaxText+1)}
		}, false},
		{"empty data key", func(e *journey.Event) { e.Data = map[string]string{"": "v"} }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := good
			c.edit(&e)
			if err := e.Validate(); (err == nil) != c.ok {
				t.Fatalf("got %v, want ok %v", err, c.ok)
			}
		})
	}
}

func TestIdentityValidateWantsNormalForm(t *testing.T) {
	if err := (journey.Identity{Type: journey.SIP, Value: "a@B"}).Validate(); err == nil {
		t.Fatal("got nil, want an error for an upper-case host")
	}
	if err := (journey.Identity{Type: journey.SIP, Value: "a@b", Strength: 7}).Validate(); err == nil {
		t.Fatal("got nil, want an error for strength 7")
	}
	if err := (journey.Identity{Type: journey.SIP, Value: "a@b"}).Validate(); err != nil {
		t.Fatalf("got %v, want nil", err)
	}
}

// TestKindsIsWhole compares Kinds with the constants of the source.
func TestKindsIsWhole(t *testing.T) {
	src, err := os.ReadFile("journey.go")
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`(?m)^\t\w+\s+Kind\s+= "`).FindAll(src, -1)
	if got := len(journey.Kinds()); got != len(want) {
		t.Fatalf("got %d kinds, want %d", got, len(want))
	}
}

func TestPersonalKey(t *testing.T) {
	for key, want := range map[string]bool{journey.DataText: true, journey.DataCaller: true, journey.DataInput: true, journey.DataQueue: false,
		journey.DataToken: false, journey.DataWait: false} {
		if got := journey.PersonalKey(key); got != want {
			t.Errorf("%s: got %v, want %v", key, got, want)
		}
	}
}
