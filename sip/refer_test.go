package sip

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func referWith(values ...string) *Request {
	req := NewRequest(REFER, URI{Scheme: "sip", Host: "x"})
	for _, v := range values {
		req.AppendHeader(NewHeader("Refer-To", v))
	}
	return req
}

func TestReferTo(t *testing.T) {
	replaces := Replaces{CallID: "12345@192.0.2.1", ToTag: "tt", FromTag: "ff"}
	for name, c := range map[string]struct {
		value string
		want  ReferTo
		uri   string
	}{
		"blind":                   {"<sip:200@x.test>", ReferTo{Method: INVITE}, "sip:200@x.test"},
		"without brackets":        {"sip:200@x.test", ReferTo{Method: INVITE}, "sip:200@x.test"},
		"name":                    {`"Dave D." <sip:dave@denver.test>`, ReferTo{Display: "Dave D.", Method: INVITE}, "sip:dave@denver.test"},
		"method":                  {"<sip:a@x.test;method=BYE>", ReferTo{Method: BYE}, "sip:a@x.test"},
		"parameters":              {"<sip:a@x.test;transport=ws>", ReferTo{Method: INVITE}, "sip:a@x.test;transport=ws"},
		"attended":                {"<sip:a@x.test?Replaces=12345%40192.0.2.1%3Bto-tag%3Dtt%3Bfrom-tag%3Dff>", ReferTo{Method: INVITE, Replaces: replaces}, "sip:a@x.test"},
		"attended, other case":    {"<sip:a@x.test?replaces=12345%40192.0.2.1;from-tag=ff;to-tag=tt>", ReferTo{Method: INVITE, Replaces: replaces}, "sip:a@x.test"},
		"other headers":           {"<sip:a@x.test?Route=%3Csip:evil%3E&Replaces=12345%40192.0.2.1%3Bto-tag%3Dtt%3Bfrom-tag%3Dff&Call-ID=1>", ReferTo{Method: INVITE, Replaces: replaces}, "sip:a@x.test"},
		"question mark in a name": {"<sip:a?b@x.test>", ReferTo{Method: INVITE}, "sip:a?b@x.test"},
		"tel":                     {"<tel:+4930123>", ReferTo{Method: INVITE}, "tel:+4930123"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReferToOf(referWith(c.value))
			if err != nil {
				t.Fatal(err)
			}
			if got.URI.String() != c.uri || got.Display != c.want.Display || got.Method != c.want.Method || got.Replaces != c.want.Replaces {
				t.Errorf("got %+v", got)
			}
			again, err := ReferToOf(referWith(got.Header().Value()))
			if err != nil || again.URI.String() != c.uri || again.Replaces != got.Replaces || again.Method != got.Method || again.Display != got.Display {
				t.Errorf("printed as %s: %+v, %v", got.Header().Value(), again, err)
			}
		})
	}
}

func TestReferToRefused(t *testing.T) {
	if _, err := ReferToOf(referWith()); !errors.Is(err, ErrAbsent) {
		t.Error(err)
	}
	for _, values := range [][]string{
		{"<sip:a@x>", "<sip:b@x>"}, {"<sip:a@x>, <sip:b@x>"}, {"*"}, {""}, {"<>"}, {"<sip:>"},
		{"<sip:a@x?Replaces=>"}, {"<sip:a@x?Replaces=1%3Bto-tag%3Dx>"}, {"<sip:a@x?Replaces=%zz>"},
		{"<sip:a@x?Replaces=1%3Bto-tag%3Da%3Bfrom-tag%3Db&Replaces=1%3Bto-tag%3Da%3Bfrom-tag%3Db>"},
	} {
		if got, err := ReferToOf(referWith(values...)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: got %+v, %v", values, got, err)
		}
	}
}

func TestReferredBy(t *testing.T) {
	req := referWith()
	if _, ok := ReferredBy(req); ok {
		t.Error("nobody")
	}
	req.AppendHeader(ReferredByHeader(NameAddr{Display: "A", URI: URI{Scheme: "sip", User: "a", Host: "x"}}))
	if by, ok := ReferredBy(req); !ok || by.URI.User != "a" || by.Display != "A" {
		t.Errorf("%+v", by)
	}
}

func TestFrag(t *testing.T) {
	for body, want := range map[string]Frag{
		"SIP/2.0 100 Trying\r\n":                       {100, "Trying"},
		"SIP/2.0 200 OK":                               {200, "OK"},
		"sip/2.0 603 Declined\nVia: x\r\n":             {603, "Declined"},
		" SIP/2.0 486\r\n":                             {486, ""},
		"SIP/2.0 503 Service Unavailable\r\nTo: x\r\n": {503, "Service Unavailable"},
	} {
		got, err := ParseFrag([]byte(body))
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", body, got, err)
		}
		if again, err := ParseFrag(got.Bytes()); err != nil || again.Status != want.Status {
			t.Errorf("%q: printed %q, %v", body, got.Bytes(), err)
		}
	}
	for _, body := range []string{"", "SIP/2.0", "SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0 0200 x", "SIP/2.0 +20 x", "HTTP/1.1 200 OK", "INVITE sip:a SIP/2.0"} {
		if got, err := ParseFrag([]byte(body)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: got %+v, %v", body, got, err)
		}
	}
	if !(Frag{Status: 200}).Final() || (Frag{Status: 180}).Final() {
		t.Error("final")
	}
	if got := string(Frag{Status: 404, Phrase: "a\r\nb"}.Bytes()); got != "SIP/2.0 404 a  b\r\n" {
		t.Errorf("%q", got)
	}
}

func TestSubscription(t *testing.T) {
	req := NewRequest(NOTIFY, URI{Scheme: "sip", Host: "x"})
	if _, ok := SubscriptionStateOf(req); ok {
		t.Error("no state")
	}
	req.AppendHeader(SubscriptionState{State: "terminated", Reason: "noresource", Expires: time.Minute}.Header())
	req.AppendHeader(ReferEvent(7))
	if s, ok := SubscriptionStateOf(req); !ok || s != (SubscriptionState{"terminated", "noresource", time.Minute}) {
		t.Errorf("%+v", s)
	}
	if pkg, id := EventOf(req); pkg != "refer" || id != "7" {
		t.Errorf("%q %q", pkg, id)
	}
	if v := ReferEvent(0).Value(); v != "refer" {
		t.Error(v)
	}
	bad := NewRequest(NOTIFY, URI{Scheme: "sip", Host: "x"})
	bad.AppendHeader(NewHeader("Subscription-State", "a b;x"))
	if _, ok := SubscriptionStateOf(bad); ok {
		t.Error("taken")
	}
}

func FuzzReferTo(f *testing.F) {
	for _, s := range []string{"<sip:a@x?Replaces=1%3Bto-tag%3Da%3Bfrom-tag%3Db>", "sip:a", `"x" <tel:1>`, "<sip:a@x;method=BYE?a=b&c>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ReferToOf(referWith(s))
		if err != nil {
			return
		}
		text := got.Header().Value()
		if strings.ContainsAny(text, "\r\n") && !strings.ContainsAny(s, "\r\n") {
			t.Fatalf("%q prints %q", s, text)
		}
		if again, err := ReferToOf(referWith(text)); err == nil && (again.Replaces != got.Replaces || again.Method != got.Method) {
			t.Fatalf("%q prints %q, read as %+v", s, text, again)
		}
	})
}

func FuzzFrag(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseFrag(b); err == nil {
			if again, err := ParseFrag(got.Bytes()); err != nil || again.Status != got.Status {
				t.Fatalf("%q: %+v, %v", b, again, err)
			}
		}
	})
}
