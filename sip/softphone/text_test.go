package softphone

import (
	"errors"
	"strings"
	"testing"

	"tandem/sip"
)

func TestAddress(t *testing.T) {
	for to, want := range map[string]string{
		"200":                    "sip:200@d.test",
		" +49 30 123 ":           "sip:+4930123@d.test",
		"*21#":                   "sip:*21%23@d.test",
		"anna.b":                 "sip:anna.b@d.test",
		"anna@x.test":            "sip:anna@x.test",
		"sip:anna@x.test":        "sip:anna@x.test",
		"sip:a@x.test?Route=y":   "sip:a@x.test",
		"tel:+4930123":           "tel:+4930123",
		"":                       "",
		"a\r\nb":                 "",
		"sip:":                   "sip:sip%3A@d.test",
		"sip:a@x> <sip:b@x":      "",
		strings.Repeat("1", 300): "",
	} {
		uri, err := address(to, "d.test")
		if want == "" {
			if !errors.Is(err, ErrAddress) {
				t.Errorf("%q: got %s, %v", to, uri.String(), err)
			}
			continue
		}
		if err != nil || uri.String() != want {
			t.Errorf("%q: got %s, %v, want %s", to, uri.String(), err, want)
		}
	}
}

func TestHeaders(t *testing.T) {
	if _, err := headersOf(map[string]string{"Via": "x"}); !errors.Is(err, ErrHeader) {
		t.Error(err)
	}
	if _, err := headersOf(map[string]string{"X-a b": "x"}); !errors.Is(err, ErrHeader) {
		t.Error(err)
	}
	if _, err := headersOf(map[string]string{"X-A": strings.Repeat("x", maxText+1)}); !errors.Is(err, ErrHeader) {
		t.Error(err)
	}
	many := map[string]string{}
	for i := range maxHeaders + 1 {
		many["X-"+strings.Repeat("a", i+1)] = "x"
	}
	if _, err := headersOf(many); !errors.Is(err, ErrHeader) {
		t.Error(err)
	}
	list, err := headersOf(map[string]string{"X-B": "2", "x-a": "1"})
	if err != nil || len(list) != 2 {
		t.Fatal(err)
	}
	req := sip.NewRequest(sip.INVITE, sip.URI{Scheme: "sip", Host: "x"})
	for _, h := range append(list, sip.NewHeader("X-B", "3"), sip.NewHeader("Subject", "no")) {
		req.AppendHeader(h)
	}
	got := extensions(req)
	if len(got) != 2 || got["X-A"] != "1" || got["X-B"] != "2" {
		t.Errorf("%v", got)
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"200", "a@b", "sip:a@b;x=y?z=1", "tel:+1;phone-context=x", "\"x\" <sip:a@b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, to string) {
		uri, err := address(to, "d.test")
		if err != nil {
			return
		}
		text := uri.String()
		if strings.ContainsAny(text, "<>\r\n") {
			t.Fatalf("%q makes %q", to, text)
		}
		if _, err := sip.ParseURI(text); err != nil {
			t.Fatalf("%q makes %q: %v", to, text, err)
		}
	})
}
