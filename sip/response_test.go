package sip

import (
	"net/netip"
	"strings"
	"testing"

	base "github.com/emiago/sipgo/sip"
)

func TestNewResponseSharesNothing(t *testing.T) {
	req := message(t, "Record-Route: <sip:p1;lr;x=a==>, <sip:p2;lr>", "Timestamp: 54")
	before := req.String()
	res := NewResponse(req, 200, "", "mine")
	res.Via().Params.Add("branch", "other")
	res.To().Params.Add("tag", "other")
	res.From().Address.User = "other"
	*res.CallID() = "other"
	res.CSeq().SeqNo = 99
	if after := req.String(); after != before {
		t.Errorf("the request changed:\n%s\nwas:\n%s", after, before)
	}
	res = NewResponse(req, 180, "", "mine")
	if got := HeaderText(res, "Record-Route"); got != "<sip:p1;lr;x=a==>, <sip:p2;lr>" {
		t.Errorf("Record-Route %q", got)
	}
	if ToTag(res) != "mine" || res.Reason != "Ringing" {
		t.Errorf("tag %q, reason %q", ToTag(res), res.Reason)
	}
	trying := NewResponse(req, 100, "", "mine")
	if ToTag(trying) != "" || HeaderText(trying, "Timestamp") != "54" || HeaderText(trying, "Record-Route") != "" {
		t.Errorf("100:\n%s", trying)
	}
	if got := NewResponse(req, 400, "Bad\r\nX: y", "").Reason; strings.ContainsAny(got, "\r\n") {
		t.Errorf("reason %q", got)
	}
}

func TestNewResponseKeepsTheirTag(t *testing.T) {
	req := message(t)
	req.To().Params.Add("tag", "theirs")
	if got := ToTag(NewResponse(req, 200, "", "mine")); got != "theirs" {
		t.Errorf("got %q", got)
	}
}

func TestMalformedHeadersComeBack(t *testing.T) {
	req := raw(t, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: \"x <sip:a@b>\r\nTo: <sip:b@c>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n")
	if got := HeaderText(NewResponse(req, 400, "", "t"), "From"); got != `"x <sip:a@b>` {
		t.Errorf("From %q", got)
	}
}

func TestStampVia(t *testing.T) {
	from := netip.MustParseAddrPort("198.51.100.7:6000")
	tests := []struct {
		name, via, want string
		force           bool
	}{
		{"same host", "198.51.100.7:5060;branch=1", "198.51.100.7:5060;branch=1", false},
		{"other host", "10.0.0.1:5060;branch=1", "10.0.0.1:5060;branch=1;received=198.51.100.7", false},
		{"name", "pc.example.com;branch=1", "pc.example.com;branch=1;received=198.51.100.7", false},
		{"rport", "198.51.100.7;rport;branch=1", "198.51.100.7;rport=6000;branch=1;received=198.51.100.7", false},
		{"forced", "198.51.100.7;branch=1", "198.51.100.7;branch=1;received=198.51.100.7;rport=6000", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req := raw(t, "OPTIONS sip:x@y SIP/2.0\r\nVia: SIP/2.0/UDP "+tt.via+"\r\n\r\n")
			StampVia(req, from, tt.force)
			if got := req.Via().Value(); got != "SIP/2.0/UDP "+tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	big := DefaultPolicy()
	big.MaxBody, big.MaxURI = 10, 60
	body := func(m *Request) *Request { m.SetBody([]byte("v=0 and much more")); return m }
	tests := []struct {
		name   string
		req    *Request
		policy Policy
		want   int
	}{
		{"fine", message(t, "Contact: <sip:a@b>"), DefaultPolicy(), 0},
		{"version", func() *Request { m := message(t); m.SipVersion = "SIP/7.0"; return m }(), DefaultPolicy(), 505},
		{"two From", message(t, "From: <sip:x@y>;tag=2"), DefaultPolicy(), 400},
		{"two Contact", message(t, "Contact: <sip:x@y>", "Contact: <sip:x@z>"), DefaultPolicy(), 400},
		{"bad Contact", message(t, "Contact: <sip:x"), DefaultPolicy(), 400},
		{"bad hops", message(t, "Max-Forwards: many"), DefaultPolicy(), 400},
		{"require", message(t, "Require: 100rel, foo"), DefaultPolicy(), 420},
		{"large", body(message(t, "Content-Type: application/sdp")), big, 413},
		{"type", body(message(t, "Content-Type: application/x")), DefaultPolicy(), 415},
		{"type optional", body(message(t, "Content-Type: application/x", "Content-Disposition: session;handling=optional")), DefaultPolicy(), 0},
		{"no type", body(message(t)), DefaultPolicy(), 400},
		{"encoding", body(message(t, "Content-Type: application/sdp", "Content-Encoding: gzip")), DefaultPolicy(), 415},
		{"scheme", func() *Request { m := message(t); m.Recipient, _ = ParseURI("http:x"); return m }(), DefaultPolicy(), 416},
		{"long URI", func() *Request { m := message(t); m.Recipient.User = strings.Repeat("9", 80); return m }(), big, 414},
		{"expires", message(t, "Expires: never"), DefaultPolicy(), 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, reason, headers := tt.policy.Validate(tt.req)
			if status != tt.want {
				t.Errorf("got %d %s %v, want %d", status, reason, headers, tt.want)
			}
			if (status != 0) != (reason != "") {
				t.Errorf("reason %q", reason)
			}
			if status == 420 && headers[0].String() != "Unsupported: foo" {
				t.Errorf("headers %v", headers)
			}
			if status == 415 && len(headers) == 0 {
				t.Error("415 without a word what is accepted")
			}
		})
	}
}

// TestLenient: no header can cost the message, and sound ones are typed with names in lower case.
func TestLenient(t *testing.T) {
	m := raw(t, "INVITE sip:x@y SIP/2.0\r\nVia: nonsense\r\nFrom: <sip:a@b>;TAG=Q\r\nTo: <sip\r\nContact: <sip:a\r\nCall-ID: 1\r\nCSeq: 99999999999 INVITE\r\nMax-Forwards: x\r\nContent-Length: -3\r\n\r\n")
	if m.Via() != nil || m.To() != nil || m.CSeq() != nil || m.Contact() != nil || m.ContentLength() != nil {
		t.Error("a malformed header was read as something")
	}
	if FromTag(m) != "Q" {
		t.Errorf("From tag %q", FromTag(m))
	}
	if status, _, _ := Validate(m); status != 400 {
		t.Errorf("verdict %d", status)
	}
	if _, ok := m.GetHeaders("Via")[0].(*base.ViaHeader); ok {
		t.Error("nonsense became a Via")
	}
}

func TestQuotedParamsSurvive(t *testing.T) {
	for _, contact := range []string{
		`<sip:a@b>;pub-gruu="sip:a@b;gr=urn"`, `<sip:a@b>;+sip.instance="<urn:uuid:1>";reg-id=1`, `"O \"x\", y" <sip:a@b>;x="two words"`,
	} {
		m := message(t, "Contact: "+contact)
		if got := m.Contact().Value(); got != contact {
			t.Errorf("printed %s, want %s", got, contact)
		}
	}
}
