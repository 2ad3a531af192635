package wire

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func text(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n")) }

func TestParseRequest(t *testing.T) {
	m, err := Parse(text(
		"INVITE sip:2000@127.0.0.5:5060 SIP/2.0",
		"v: SIP/2.0/UDP 127.0.0.2:5062;branch=z9hG4bKa;rport, SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb",
		`f: "A, B <c>" <sip:+4930@example;x=1>;tag=t1`,
		"To:",
		"  <sip:2000@example>",
		"i: call-1", "CSEQ: 7 INVITE",
		"m: <sip:load@127.0.0.2:5062;transport=udp>;q=1, <sip:other@x>",
		"Record-Route: <sip:p1;lr>, <sip:p2;lr>", "record-route: <sip:p3;lr>",
		"c: application/sdp", "", "v=0",
	))
	if err != nil {
		t.Fatal(err)
	}
	checks := []struct{ name, got, want string }{
		{"method", m.Method, "INVITE"}, {"uri", m.URI, "sip:2000@127.0.0.5:5060"}, {"call-id", m.CallID, "call-1"},
		{"from tag", Tag(m.From), "t1"}, {"to", m.To, "<sip:2000@example>"}, {"to tag", Tag(m.To), ""},
		{"branch", m.Branch(), "z9hG4bKa"}, {"second via", m.Via[1], "SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKb"},
		{"contact", URI(m.Contact), "sip:load@127.0.0.2:5062;transport=udp"}, {"cseq method", m.CSeqMethod, "INVITE"}, {"body", m.Body, "v=0"},
		{"caller", User(URI(m.From)), "+4930"},
	}
	for _, c := range checks {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
	if m.CSeq != 7 {
		t.Errorf("CSeq: got %d, want 7", m.CSeq)
	}
	if want := []string{"<sip:p1;lr>", "<sip:p2;lr>", "<sip:p3;lr>"}; !slices.Equal(m.RecordRoute, want) {
		t.Errorf("Record-Route: got %q, want %q", m.RecordRoute, want)
	}
}

func TestParseResponse(t *testing.T) {
	m, err := Parse(text("SIP/2.0 503 Service Unavailable", "Via: SIP/2.0/UDP h;branch=z1", "From: <sip:a@b>;tag=1", "To: <sip:c@d>;tag=2",
		"Call-ID: x", "CSeq: 1 INVITE", "Retry-After: 5", `Proxy-Authenticate: Digest realm="r", nonce="n"`, "", ""))
	if err != nil {
		t.Fatal(err)
	}
	if m.Status != 503 || m.Reason != "Service Unavailable" || m.RetryAfter != "5" || m.Method != "" || !m.Proxy || len(m.Challenges) != 1 {
		t.Errorf("got %+v", m)
	}
}

func TestParseRefuses(t *testing.T) {
	rest := []string{"Via: SIP/2.0/UDP h;branch=z1", "From: <sip:a@b>;tag=1", "To: <sip:c@d>", "Call-ID: x", "CSeq: 1 INVITE", "", ""}
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, ErrStartLine},
		{"no version", text(append([]string{"INVITE sip:x HTTP/1.1"}, rest...)...), ErrStartLine},
		{"status no number", text(append([]string{"SIP/2.0 abc d"}, rest...)...), ErrStartLine},
		{"status too small", text(append([]string{"SIP/2.0 99 d"}, rest...)...), ErrStartLine},
		{"two words", text(append([]string{"INVITE sip:x"}, rest...)...), ErrStartLine},
		{"no colon", text("INVITE sip:x SIP/2.0", "Via", "", ""), ErrHeader},
		{"no via", text(append([]string{"INVITE sip:x SIP/2.0"}, rest[1:]...)...), ErrMissing},
		{"bad cseq", text("INVITE sip:x SIP/2.0", rest[0], rest[1], rest[2], rest[3], "CSeq: x INVITE", "", ""), ErrMissing},
	} {
		if _, err := Parse(c.in); err != c.want {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestHostPort(t *testing.T) {
	for _, c := range []struct {
		uri, want string
		ok        bool
	}{
		{"sip:a@127.0.0.5:5070;transport=udp", "127.0.0.5:5070", true},
		{"sip:127.0.0.5", "127.0.0.5:5060", true},
		{"sip:a@127.0.0.5?x=y:1", "127.0.0.5:5060", true},
		{"sip:a@host.example:5060", "", false},
		{"sip:a@127.0.0.5:70000", "", false},
		{"", "", false},
	} {
		got, ok := HostPort(c.uri)
		if ok != c.ok || ok && got != netip.MustParseAddrPort(c.want) {
			t.Errorf("%s: got %v %v, want %s %v", c.uri, got, ok, c.want, c.ok)
		}
	}
}

func TestParam(t *testing.T) {
	for _, c := range []struct{ value, name, want string }{
		{"<sip:a@b;tag=no>;tag=yes", "tag", "yes"},
		{"sip:a@b;TAG=yes", "tag", "yes"},
		{"<sip:a@b;tag=no>", "tag", ""},
		{"x; a=1 ; tag = v ;b", "tag", "v"},
	} {
		if got := Param(c.value, c.name); got != c.want {
			t.Errorf("%s: got %q, want %q", c.value, got, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("INVITE sip:x SIP/2.0\r\nVia: a;branch=b\r\nf: \"<\\\"\" <sip:a>;tag=1\r\nt: <b>\r\ni: c\r\ncseq: 1 INVITE\r\n\r\nv=0\r\nm=audio 4 RTP/AVP 0\r\nc=IN IP4 1.2.3.4"))
	f.Add([]byte("SIP/2.0 200 OK\r\n x\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		_, _, _ = m.Branch(), Tag(m.From), User(URI(m.Contact))
		HostPort(URI(m.Contact))
		ReadSession(m.Body)
		r := Reply{Status: 200, Reason: "OK", Tag: "t"}
		if _, err := Parse(r.Append(nil, m)); err != nil && !strings.ContainsAny(string(b), "\r\n") {
			t.Errorf("the answer to %q cannot be read: %v", b, err)
		}
	})
}
