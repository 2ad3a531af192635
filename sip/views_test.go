package sip

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// message parses lines as an INVITE with the mandatory headers and these beside them.
func message(t testing.TB, lines ...string) *Request {
	t.Helper()
	return raw(t, "INVITE sip:100@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKx;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:alice@example.com>;tag=a\r\nTo: <sip:100@example.com>\r\nCall-ID: c1\r\nCSeq: 1 INVITE\r\n"+strings.Join(append(lines, "", ""), "\r\n"))
}

func raw(t testing.TB, text string) *Request {
	t.Helper()
	m, err := NewParser(65535).ParseSIP([]byte(text))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return m.(*Request)
}

func TestCompactNames(t *testing.T) {
	m := message(t, "k: timer, 100rel", "x: 1800;refresher=UAS", "r: <sip:t@x?Replaces=1>", "o: dialog", "s: hello", "b: <sip:b@x>", "m: <sip:c@x>", "c: text/plain")
	for name, want := range map[string]string{"Supported": "timer, 100rel", "Refer-To": "<sip:t@x?Replaces=1>", "Event": "dialog", "Subject": "hello", "Referred-By": "<sip:b@x>"} {
		if got := HeaderText(m, name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if !HasToken(m, "Supported", "TIMER") || HasToken(m, "Supported", "time") {
		t.Error("token look-up")
	}
	if se, ok := SessionExpiresOf(m); !ok || se.Interval != 30*time.Minute || se.Refresher != "uas" || se.Header().Value() != "1800;refresher=uas" {
		t.Errorf("Session-Expires %+v %v", se, ok)
	}
	if cs, err := Contacts(m); err != nil || len(cs) != 1 || m.Contact() == nil {
		t.Errorf("contacts %v %v", cs, err)
	}
	if ct, ok := ContentTypeOf(m); !ok || ct.Type != "text/plain" {
		t.Errorf("content type %+v", ct)
	}
	if LongName("K") != "Supported" || LongName("From") != "From" || LongName("z") != "z" {
		t.Error("LongName")
	}
}

func TestContacts(t *testing.T) {
	m := message(t, `Contact: <sip:a@1>;Expires=60;q=0.3;+sip.instance="<urn:uuid:7>";reg-id=2, <sip:b@2;transport=ws>`, "Contact: <sip:c@3>;expires=99999999999")
	cs, err := Contacts(m)
	if err != nil || len(cs) != 3 {
		t.Fatalf("got %v, %v", cs, err)
	}
	if c := cs[0]; c.Expires != time.Minute || !c.HasExpires || c.Q != 0.3 || c.Instance != "urn:uuid:7" || c.RegID != 2 {
		t.Errorf("first: %+v", c)
	}
	if c := cs[1]; c.HasExpires || c.Q != 1 || c.URI.Host != "2" {
		t.Errorf("second: %+v", c)
	}
	if c := cs[2]; c.Expires != (1<<32-1)*time.Second {
		t.Errorf("third: %v", c.Expires)
	}
	if cs, _ := Contacts(message(t, "Contact: *")); len(cs) != 1 || !cs[0].Wildcard {
		t.Errorf("star: %+v", cs)
	}
}

func TestVia(t *testing.T) {
	tests := []struct {
		in        string
		transport string
		host      string
		port      int
		branch    string
		bad       bool
	}{
		{in: "SIP/2.0/UDP a.example.com:5070;branch=z9hG4bK1", transport: "UDP", host: "a.example.com", port: 5070, branch: "z9hG4bK1"},
		{in: "SIP / 2.0 / tcp   a : 5060 ; BRANCH = z9 ; ttl=1", transport: "TCP", host: "a", port: 5060, branch: "z9"},
		{in: "SIP/2.0/UDP [2001:db8::1]:5060;branch=x", transport: "UDP", host: "2001:db8::1", port: 5060, branch: "x"},
		{in: "SIP/2.0/WSS abc.invalid;branch=x", transport: "WSS", host: "abc.invalid", branch: "x"},
		{in: "SIP/2.0/UDP", bad: true},
		{in: "SIP/1.0/UDP a", bad: true},
		{in: "SIP/2.0/UDP a:99999", bad: true},
		{in: "SIP/2.0/UDP [::1", bad: true},
		{in: "", bad: true},
	}
	for _, tt := range tests {
		v, err := ParseVia(tt.in)
		if (err != nil) != tt.bad {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if !tt.bad && (v.Transport != tt.transport || v.Host != tt.host || v.Port != tt.port || v.Params.Value("branch") != tt.branch) {
			t.Errorf("%q: got %+v", tt.in, v)
		}
	}
}

// TestViaList is the contract with the parser of the model: its header loop understands our comma.
func TestViaList(t *testing.T) {
	m := raw(t, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP first.example.com, SIP/2.0/TCP second;branch=2 ,SIP/2.0/TLS third;branch=3\r\nv: SIP/2.0/UDP fourth\r\n\r\n")
	var hosts []string
	for _, h := range m.GetHeaders("Via") {
		v, err := ParseVia(h.Value())
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, v.Host)
	}
	if want := []string{"first.example.com", "second", "third", "fourth"}; !slices.Equal(hosts, want) || m.Via().Host != want[0] {
		t.Errorf("got %v, top %s, want %v", hosts, m.Via().Host, want)
	}
}

func TestReason(t *testing.T) {
	m := message(t, `Reason: Q.850 ;cause=16 ;text="Normal, \"clean\"", SIP;cause=200;text="Call completed elsewhere"`, "Reason: ;x")
	got := Reasons(m)
	want := []Reason{{"Q.850", 16, `Normal, "clean"`}, {"SIP", 200, "Call completed elsewhere"}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if s := (Reason{Protocol: "Q.850", Cause: 17, Text: "a\r\nb\"c"}).Header().Value(); s != `Q.850;cause=17;text="a  b\"c"` {
		t.Errorf("printed %s", s)
	}
}

func TestRetryAfter(t *testing.T) {
	r, ok := RetryAfterOf(message(t, "Retry-After: 18000 (in a meeting);duration=3600"))
	if !ok || r.After != 5*time.Hour || r.Duration != time.Hour || r.Comment != "in a meeting" {
		t.Errorf("got %+v %v", r, ok)
	}
	if _, ok := RetryAfterOf(message(t, "Retry-After: soon")); ok {
		t.Error("a word was read as seconds")
	}
	if v := (RetryAfter{After: 1500 * time.Millisecond}).Header().Value(); v != "2" {
		t.Errorf("printed %s, want rounded up", v)
	}
}

func TestReliable(t *testing.T) {
	m := message(t, "RSeq: 988789", "RAck: 988789 1 INVITE")
	if n, ok := RSeq(m); !ok || n != 988789 {
		t.Errorf("RSeq %d %v", n, ok)
	}
	if r, ok := RAckOf(m); !ok || r != (RAck{988789, 1, INVITE}) || r.Header().Value() != "988789 1 INVITE" {
		t.Errorf("RAck %+v %v", r, ok)
	}
	for _, bad := range []string{"RSeq: 0", "RSeq: x", "RSeq: 4294967296"} {
		if _, ok := RSeq(message(t, bad)); ok {
			t.Errorf("%s accepted", bad)
		}
	}
}

func TestReplaces(t *testing.T) {
	r, ok := ReplacesOf(message(t, "Replaces: 98732@x ;from-tag=r33;To-Tag=ff87;early-only"))
	if !ok || r != (Replaces{"98732@x", "ff87", "r33", true}) || r.String() != "98732@x;to-tag=ff87;from-tag=r33;early-only" {
		t.Errorf("got %+v %v", r, ok)
	}
	if _, ok := ReplacesOf(message(t, "Replaces: a;to-tag=1;from-tag=2", "Replaces: b;to-tag=1;from-tag=2")); ok {
		t.Error("two Replaces accepted")
	}
}

func TestIdentity(t *testing.T) {
	m := message(t, `P-Asserted-Identity: "A" <sip:+4930@x>, <tel:+4930>`, "Privacy: ID;critical",
		`Diversion: <sip:1@x>;reason=user-busy;counter=2, <sip:2@x>;reason="no-answer"`)
	if as := Asserted(m); len(as) != 2 || as[1].Raw != "tel:+4930" {
		t.Errorf("asserted %v", as)
	}
	ds := Diversions(m)
	if len(ds) != 2 || ds[0].Counter != 2 || ds[1].Reason != "no-answer" || ds[1].Counter != 1 {
		t.Errorf("diversions %+v", ds)
	}
	if !IsAnonymous(m) || IsAnonymous(message(t)) {
		t.Error("anonymity")
	}
}

func TestSDP(t *testing.T) {
	body := "--x\r\nContent-Type: application/isup;version=itu\r\n\r\nbinary\x00\r\n--x\r\nc: Application/SDP\r\nContent-Disposition: Session;handling=required\r\n\r\nv=0\r\no=-\r\n\r\n--x--\r\n"
	m := message(t, `Content-Type: multipart/mixed;boundary="x"`)
	m.SetBody([]byte(body))
	sdp, err := SDP(m)
	if err != nil || string(sdp) != "v=0\r\no=-\r\n" {
		t.Errorf("got %q, %v", sdp, err)
	}
	m = message(t, "Content-Type: application/sdp ; charset=x")
	m.SetBody([]byte("v=0\r\n"))
	if sdp, err := SDP(m); err != nil || string(sdp) != "v=0\r\n" {
		t.Errorf("got %q, %v", sdp, err)
	}
	if _, err := SDP(message(t)); !errors.Is(err, ErrAbsent) {
		t.Errorf("no body: %v", err)
	}
	m = message(t, "Content-Type: text/plain")
	m.SetBody([]byte("hello"))
	if _, err := SDP(m); !errors.Is(err, ErrNoSDP) {
		t.Errorf("text: %v", err)
	}
}

func TestStatus(t *testing.T) {
	tests := []struct {
		status int
		phrase string
		class  int
	}{{486, "Busy Here", 486}, {499, "Bad Request", 400}, {198, "Session Progress", 183}, {650, "Decline", 600}, {700, "Status 700", 500}, {599, "Server Internal Error", 500}}
	for _, tt := range tests {
		if p, c := Phrase(tt.status), ClassOf(tt.status); p != tt.phrase || c != tt.class {
			t.Errorf("%d: got %q %d, want %q %d", tt.status, p, c, tt.phrase, tt.class)
		}
	}
}
