package sip

import (
	"os"
	"path/filepath"
	"testing"
)

func torture(t *testing.T, name string) Message {
	t.Helper()
	files, _ := filepath.Glob("../testdata/rfc4475/" + name + ".*.dat")
	if len(files) != 1 {
		t.Fatalf("%s: %v", name, files)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewParser(65535).ParseSIP(data)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestTortureMeaning: what RFC 4475 says some of its messages mean.
func TestTortureMeaning(t *testing.T) {
	m := torture(t, "wsinv") // §3.1.1.1
	if b, _ := m.Via().Params.Get("branch"); b != "390skdjuw" || m.Via().Host != "192.0.2.2" {
		t.Errorf("wsinv: Via %s", m.Via())
	}
	if FromTag(m) != "98asjd8" || ToTag(m) != "1918181833n" || m.CSeq().SeqNo != 9 || m.CSeq().MethodName != INVITE {
		t.Errorf("wsinv: tags %q %q, CSeq %s", FromTag(m), ToTag(m), m.CSeq())
	}
	if got := m.From().DisplayName; got != `J Rosenberg \\\"` {
		t.Errorf("wsinv: display name %q", got)
	}
	if h := torture(t, "wsinv").(*Request).MaxForwards(); h == nil || h.Val() != 68 {
		t.Errorf("wsinv: hops %v", h)
	}
	vias := m.GetHeaders("Via")
	if len(vias) != 3 {
		t.Errorf("wsinv: %d Via values, want 3", len(vias))
	}
	if cs, err := Contacts(m); err != nil || len(cs) != 1 || cs[0].Params.Value("newparam") != "newvalue" || cs[0].Params.Value("secondparam") != "" || !cs[0].Params.Has("secondparam") {
		t.Errorf("wsinv: contacts %v, %v", cs, err)
	}
	if cs, _ := Contacts(torture(t, "cparam01")); len(cs) != 1 || cs[0].URI.UriParams.Length() != 0 || !cs[0].Params.Has("unknownparam") {
		t.Errorf("cparam01: %+v", cs) // §3.1.2.? a bare address: the parameter is the header's
	}
	if cs, _ := Contacts(torture(t, "cparam02")); len(cs) != 1 || !cs[0].URI.UriParams.Has("unknownparam") {
		t.Errorf("cparam02: %+v", cs) // in brackets: it is the URI's
	}
	if cs, _ := Contacts(torture(t, "semiuri")); len(cs) != 0 {
		t.Errorf("semiuri: %+v", cs)
	}
	if got := torture(t, "semiuri").(*Request).Recipient.User; got != "user;par=u%40example.net" {
		t.Errorf("semiuri: user %q", got)
	}
	if got := torture(t, "lwsdisp").From().DisplayName; got != "caller" {
		t.Errorf("lwsdisp: %q", got)
	}
	if got := torture(t, "noreason").(*Response); got.StatusCode != 100 || got.Reason != "" {
		t.Errorf("noreason: %d %q", got.StatusCode, got.Reason)
	}
	if parts := Parts(torture(t, "mpart01")); len(parts) != 2 || parts[0].ContentType.Type != "text/plain" {
		t.Errorf("mpart01: %d parts", len(parts))
	}
}

// RFC 5118: IPv6 in the places where it hurts.
func TestIPv6(t *testing.T) {
	m := raw(t, "OPTIONS sip:[2001:db8::10]:5070 SIP/2.0\r\nVia: SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z9hG4bKas3-111\r\n"+
		"From: <sip:user@[2001:db8::9]>;tag=81x2\r\nTo: sip:user@example.com\r\nCall-ID: 1@[2001:db8::9]\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@[2001:db8::1];transport=tcp>\r\n\r\n")
	if status, reason, _ := Validate(m); status != 0 {
		t.Errorf("refused: %d %s", status, reason)
	}
	if m.Via().Host != "2001:db8::9:1" || m.Via().Port != 6050 || m.Recipient.Port != 5070 {
		t.Errorf("Via %s, URI %s", m.Via(), m.Recipient.String())
	}
	if got := m.Via().Value(); got != "SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z9hG4bKas3-111" {
		t.Errorf("printed %s", got)
	}
	if cs, err := Contacts(m); err != nil || cs[0].URI.Host != "[2001:db8::1]" {
		t.Errorf("contacts %v, %v", cs, err)
	}
}

func FuzzVia(f *testing.F) {
	f.Add("SIP/2.0/UDP a:5060;branch=z9hG4bK1;rport")
	f.Add(" SIP / 2.0 / TCP [::1] : 5 ; x=\"a;b\"")
	f.Fuzz(func(t *testing.T, s string) {
		v, params, err := readVia(s)
		if err != nil {
			return
		}
		printed := v.model(modelParams(params)).Value()
		again, err := ParseVia(Clean(printed))
		if err == nil && (again.Transport != v.Transport || again.Port != v.Port) {
			t.Errorf("%q became %q", s, printed)
		}
	})
}
