package wire

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestRequestReadsBack(t *testing.T) {
	r := Request{
		Method: "INVITE", URI: "sip:2000@127.0.0.5:5060", SentBy: netip.MustParseAddrPort("127.0.0.2:5062"), Branch: "z9hG4bKx",
		From: "<sip:a@b>;tag=1", To: "<sip:c@d>", CallID: "id", CSeq: 3, Routes: []string{"<sip:p1;lr>", "<sip:p2;lr>"},
		Contact: "sip:load@127.0.0.2:5062", Headers: []string{"Expires: 60"}, Body: "v=0\r\n",
	}
	out := r.Append([]byte("keep"))
	if !strings.HasPrefix(string(out), "keepINVITE sip:2000@127.0.0.5:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:5062;branch=z9hG4bKx;rport\r\n") {
		t.Fatalf("got %q", out)
	}
	for _, want := range []string{"\r\nRoute: <sip:p1;lr>\r\nRoute: <sip:p2;lr>\r\n", "\r\nExpires: 60\r\n", "\r\nContent-Length: 5\r\n\r\nv=0\r\n", "\r\nMax-Forwards: 70\r\n"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q lacks %q", out, want)
		}
	}
	m, err := Parse(out[4:])
	if err != nil || m.CSeq != 3 || m.CSeqMethod != "INVITE" || URI(m.Contact) != r.Contact || m.Body != r.Body {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestReplyCopiesWhatTheRequestHad(t *testing.T) {
	req, err := Parse(text("INVITE sip:x SIP/2.0", "Via: SIP/2.0/UDP a;branch=z1", "Via: SIP/2.0/UDP b;branch=z2", "Record-Route: <sip:p1;lr>",
		"From: <sip:a@b>;tag=1", "To: <sip:c@d>", "Call-ID: x", "CSeq: 9 INVITE", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	r := Reply{Status: 200, Reason: "OK", Tag: "mine", Contact: "sip:me@h", Body: "v=0\r\n"}
	m, err := Parse(r.Append(nil, req))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(m.Via, req.Via) || !slices.Equal(m.RecordRoute, req.RecordRoute) || m.From != req.From || m.CSeq != 9 || m.CallID != "x" {
		t.Errorf("got %+v", m)
	}
	if Tag(m.To) != "mine" {
		t.Errorf("To: got %q", m.To)
	}
	req.To = "<sip:c@d>;tag=theirs"
	if m, err = Parse(r.Append(nil, req)); err != nil || Tag(m.To) != "theirs" {
		t.Errorf("a tag that was there was changed: %q, %v", m.To, err)
	}
}

func TestDigest(t *testing.T) {
	login := Login{User: "Mufasa", Password: "Circle Of Life", Method: "GET", URI: "/dir/index.html", CNonce: "0a4f113b"}
	const nonce = `realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"`
	for _, c := range []struct {
		name       string
		challenges []string
		want       string
	}{
		{"RFC 2617 §3.5", []string{`Digest qop="auth,auth-int", ` + nonce}, `response="6629fae49393a05397450978507c4ef1"`},
		{"SHA-256 is passed over", []string{`Digest algorithm=SHA-256, qop="auth", ` + nonce, `Digest algorithm=MD5, qop="auth", ` + nonce}, `response="6629fae49393a05397450978507c4ef1"`},
		{"without qop, RFC 2069", []string{`Digest ` + nonce}, `response="670fd8c2df070c60b045671b8b24ff02"`},
	} {
		got, err := login.Answer(c.challenges)
		if err != nil || !strings.Contains(got, c.want) || !strings.Contains(got, `opaque="5ccc069c403ebaf9f0171e9517f40e41"`) {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
	}
	for _, none := range [][]string{nil, {`Basic realm="x"`}, {`Digest algorithm=SHA-256, ` + nonce}} {
		if got, err := login.Answer(none); err != ErrNoMD5 {
			t.Errorf("%q: got %s, %v", none, got, err)
		}
	}
}

func TestSession(t *testing.T) {
	s := Session{Audio: netip.MustParseAddrPort("127.0.0.2:4000"), Event: 101}
	if got, ok := ReadSession(s.SDP()); !ok || got != s {
		t.Errorf("got %v %v, want %v", got, ok, s)
	}
	plain := Session{Audio: s.Audio}
	if got, ok := ReadSession(plain.SDP()); !ok || got != plain || strings.Contains(plain.SDP(), "telephone-event") {
		t.Errorf("got %v %v, want %v", got, ok, plain)
	}
	for _, bad := range []string{"", "c=IN IP4 1.2.3.4\r\n", "m=audio 0 RTP/AVP 0\r\nc=IN IP4 1.2.3.4\r\n", "m=audio 7 RTP/AVP 0\r\nc=IN IP6 ::1\r\n"} {
		if got, ok := ReadSession(bad); ok {
			t.Errorf("%q: got %v", bad, got)
		}
	}
}
