package digest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
)

type users map[string]HA1Set

func (u users) HA1(name string) (HA1Set, bool) { s, ok := u[name]; return s, ok }

var (
	start  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	secret = bytes.Repeat([]byte("s"), 32)
)

const peer = "192.0.2.7"

func newTestServer(t *testing.T, cfg Config) *Server {
	t.Helper()
	if cfg.Realm == "" {
		cfg.Realm = "tandem"
	}
	known := users{"bob": NewHA1Set("bob", cfg.Realm, "pw"), "md5only": {MD5: NewHA1Set("md5only", cfg.Realm, "pw").MD5}}
	s, err := NewServer(cfg, secret, known, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func request(t *testing.T, method, uri string) *sip.Request {
	t.Helper()
	text := fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:bob@tandem>;tag=f\r\nTo: <sip:bob@tandem>\r\n"+
		"Call-ID: c\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", method, uri, method)
	msg, err := sip.NewParser(65535).ParseSIP([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return msg.(*sip.Request)
}

func newTestClient(user, password string) *Client {
	n := 0
	return NewClient([]Account{{User: user, Password: Secret(password)}}, func() string { n++; return fmt.Sprintf("cnonce-%d", n) })
}

// ask gets a challenge from the server and lets the client answer it on req.
func ask(t *testing.T, s *Server, c *Client, now time.Time, req *sip.Request) {
	t.Helper()
	v := s.Verify(now, req, peer)
	if !c.Authorize(req, s.Reject(now, req, peer, v)) {
		t.Fatalf("client does not answer verdict %s", v.Outcome)
	}
}

func wantVerdict(t *testing.T, got Verdict, outcome Outcome, user string) {
	t.Helper()
	if got.Outcome != outcome || got.User != user {
		t.Errorf("got %s %q, want %s %q", got.Outcome, got.User, outcome, user)
	}
}

func TestChallengeThenOK(t *testing.T) {
	for _, proxy := range []bool{false, true} {
		s, c := newTestServer(t, Config{Proxy: proxy}), newTestClient("bob", "pw")
		req := request(t, "REGISTER", "sip:tandem;transport=tcp")
		v := s.Verify(start, req, peer)
		wantVerdict(t, v, Challenged, "")
		res := s.Reject(start, req, peer, v)
		status, name := 401, "WWW-Authenticate"
		if proxy {
			status, name = 407, "Proxy-Authenticate"
		}
		offers := res.GetHeaders(name)
		if res.StatusCode != status || len(offers) != 2 || res.To().Params == nil {
			t.Fatalf("got %s", res)
		}
		for i, algorithm := range []string{"algorithm=SHA-256", "algorithm=MD5"} {
			if !strings.Contains(offers[i].Value(), algorithm) {
				t.Errorf("offer %d: got %s, want %s", i, offers[i].Value(), algorithm)
			}
		}
		if !c.Authorize(req, res) {
			t.Fatal("client does not answer")
		}
		wantVerdict(t, s.Verify(start.Add(time.Second), req, peer), OK, "bob")
		if s.Reject(start, req, peer, Verdict{Outcome: OK}) != nil {
			t.Error("OK is rejected")
		}
	}
}

func TestReplayIsStale(t *testing.T) {
	s, c := newTestServer(t, Config{}), newTestClient("bob", "pw")
	req := request(t, "INVITE", "sip:1@tandem")
	ask(t, s, c, start, req)
	wantVerdict(t, s.Verify(start, req, peer), OK, "bob")
	v := s.Verify(start, req, peer)
	wantVerdict(t, v, Stale, "")
	if res := s.Reject(start, req, peer, v); !strings.Contains(res.GetHeader("WWW-Authenticate").Value(), "stale=true") {
		t.Errorf("no stale=true in %s", res)
	}
}

func TestCachedNonceCounts(t *testing.T) {
	s, c := newTestServer(t, Config{}), newTestClient("bob", "pw")
	first := request(t, "REGISTER", "sip:tandem")
	ask(t, s, c, start, first)
	wantVerdict(t, s.Verify(start, first, peer), OK, "bob")
	for i := range 100 {
		req := request(t, "REGISTER", "sip:tandem")
		c.Prepare(req)
		creds, err := ParseCredentials(req.GetHeader("Authorization").Value())
		if err != nil || creds.NC != uint32(i+2) {
			t.Fatalf("got nc %d, %v, want %d", creds.NC, err, i+2)
		}
		wantVerdict(t, s.Verify(start.Add(time.Second), req, peer), OK, "bob")
	}
}

func TestNonceLife(t *testing.T) {
	s, c := newTestServer(t, Config{NonceLife: time.Minute}), newTestClient("bob", "pw")
	req := request(t, "REGISTER", "sip:tandem")
	ask(t, s, c, start, req)
	late := start.Add(time.Minute + time.Millisecond)
	v := s.Verify(late, req, peer)
	wantVerdict(t, v, Stale, "")
	if !c.Authorize(req, s.Reject(late, req, peer, v)) {
		t.Fatal("client gives up on stale")
	}
	wantVerdict(t, s.Verify(late, req, peer), OK, "bob")
}

func TestStaleNeedsTheRightPassword(t *testing.T) {
	s, c := newTestServer(t, Config{NonceLife: time.Minute}), newTestClient("bob", "wrong")
	req := request(t, "REGISTER", "sip:tandem")
	ask(t, s, c, start, req)
	wantVerdict(t, s.Verify(start.Add(time.Hour), req, peer), Challenged, "")
}

func TestNonceIsBoundToPeerAndSecret(t *testing.T) {
	s, c := newTestServer(t, Config{}), newTestClient("bob", "pw")
	req := request(t, "REGISTER", "sip:tandem")
	ask(t, s, c, start, req)
	v := s.Verify(start, req, "198.51.100.1")
	wantVerdict(t, v, Challenged, "")
	if v.Failed {
		t.Error("a foreign nonce counts as a failure")
	}
	other, err := NewServer(Config{Realm: "tandem"}, bytes.Repeat([]byte("o"), 32), s.users, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantVerdict(t, other.Verify(start, req, peer), Challenged, "")
	for _, nonce := range []string{"", "x", strings.Repeat("A", nonceText), strings.Repeat("!", nonceText)} {
		if _, ok := openNonce(secret, nonce, peer); ok {
			t.Errorf("nonce %q is accepted", nonce)
		}
	}
}

func TestNonceFromTheFuture(t *testing.T) {
	s, c := newTestServer(t, Config{}), newTestClient("bob", "pw")
	req := request(t, "REGISTER", "sip:tandem")
	ask(t, s, c, start.Add(time.Hour), req) // the clock was set back since
	wantVerdict(t, s.Verify(start, req, peer), Stale, "")
}

func TestUnknownUserLooksLikeWrongPassword(t *testing.T) {
	s := newTestServer(t, Config{})
	var answers []string
	for _, who := range [][2]string{{"bob", "wrong"}, {"nobody", "pw"}, {"md5only", "pw"}} {
		req := request(t, "REGISTER", "sip:tandem")
		ask(t, s, newTestClient(who[0], who[1]), start, req)
		v := s.Verify(start, req, peer)
		if v != (Verdict{Outcome: Challenged, Failed: true}) {
			t.Errorf("%s: got %+v", who[0], v)
		}
		res := s.Reject(start, req, peer, v)
		answers = append(answers, fmt.Sprint(res.StatusCode, res.Reason, len(res.GetHeaders("WWW-Authenticate"))))
	}
	if answers[0] != answers[1] || answers[0] != answers[2] {
		t.Errorf("answers differ: %q", answers)
	}
}

func TestUserMustMatch(t *testing.T) {
	s := newTestServer(t, Config{})
	req := request(t, "REGISTER", "sip:tandem")
	ask(t, s, newTestClient("bob", "pw"), start, req)
	value := strings.Replace(req.GetHeader("Authorization").Value(), `"bob"`, `"md5only"`, 1)
	req.RemoveHeader("Authorization")
	req.AppendHeader(sip.NewHeader("Authorization", value))
	wantVerdict(t, s.Verify(start, req, peer), Challenged, "")
}

func TestDeniedAfterFailures(t *testing.T) {
	s := newTestServer(t, Config{MaxFailures: 3, FailureTime: time.Minute})
	reg := prometheus.NewRegistry()
	s.metrics = NewMetrics(reg)
	for range 3 {
		req := request(t, "REGISTER", "sip:tandem")
		ask(t, s, newTestClient("bob", "wrong"), start, req)
		wantVerdict(t, s.Verify(start, req, peer), Challenged, "")
	}
	good := request(t, "REGISTER", "sip:tandem")
	ask(t, s, newTestClient("bob", "pw"), start, good)
	v := s.Verify(start, good, peer)
	wantVerdict(t, v, Denied, "")
	if res := s.Reject(start, good, peer, v); res.StatusCode != 403 || res.GetHeader("WWW-Authenticate") != nil {
		t.Errorf("got %s", res)
	}
	neighbour := request(t, "REGISTER", "sip:tandem") // behind the same NAT
	ask(t, s, newTestClient("md5only", "pw"), start, neighbour)
	wantVerdict(t, s.Verify(start, neighbour, peer), Challenged, "")
	wantVerdict(t, s.Verify(start, good, "192.0.2.8"), Challenged, "")
	wantVerdict(t, s.Verify(start.Add(time.Minute), good, peer), OK, "bob")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(families); !strings.Contains(strings.Join(strings.Fields(text), " "), `value:"denied"} counter:{value:1`) {
		t.Errorf("denied is not counted once: %s", text)
	}
}

// TestSourceIsDeniedAsAWhole: who tries one name after the other is shut out too.
func TestSourceIsDeniedAsAWhole(t *testing.T) {
	s := newTestServer(t, Config{MaxFailures: 3})
	tries := 0
	for ; tries < 100; tries++ {
		req := request(t, "REGISTER", "sip:tandem")
		v := s.Verify(start, req, peer)
		if v.Outcome == Denied {
			break
		}
		newTestClient(fmt.Sprint("user", tries), "guess").Authorize(req, s.Reject(start, req, peer, v))
		s.Verify(start, req, peer)
	}
	if tries != 30 {
		t.Errorf("denied after %d names, want 30", tries)
	}
	wantVerdict(t, s.Verify(start, request(t, "REGISTER", "sip:tandem"), "192.0.2.8"), Challenged, "")
}

func TestRequestURI(t *testing.T) {
	tests := []struct {
		signed, sent string
		want         Outcome
	}{
		{"sip:1@tandem;user=phone", "sip:1@tandem", OK},
		{"sip:1@TANDEM", "sip:1@tandem", OK},
		{"sip:2@tandem", "sip:1@tandem", Malformed},
		{"sip:1@tandem:5061", "sip:1@tandem", Malformed},
		{"sip:1@tandem", "sip:1@tandem:5060", OK},
		{"sips:1@tandem", "sips:1@tandem:5061", OK},
		{"sips:1@tandem", "sips:1@tandem:5060", Malformed},
		{"tel:+123", "tel:+124", Malformed},
		{"tel:+123", "tel:+123", OK},
	}
	for _, tt := range tests {
		s, c := newTestServer(t, Config{}), newTestClient("bob", "pw")
		signed, sent := request(t, "INVITE", tt.signed), request(t, "INVITE", tt.sent)
		ask(t, s, c, start, signed)
		sent.AppendHeader(signed.GetHeader("Authorization"))
		v := s.Verify(start, sent, peer)
		if v.Outcome != tt.want {
			t.Errorf("signed %s, sent %s: got %s, want %s", tt.signed, tt.sent, v.Outcome, tt.want)
		}
		if res := s.Reject(start, sent, peer, v); tt.want == Malformed && res.StatusCode != 400 {
			t.Errorf("got %d, want 400", res.StatusCode)
		}
	}
}

func TestOtherCredentialsAreSkipped(t *testing.T) {
	s, c := newTestServer(t, Config{}), newTestClient("bob", "pw")
	req := request(t, "INVITE", "sip:1@tandem")
	req.AppendHeader(sip.NewHeader("Authorization", "Basic Ym9i"))
	req.AppendHeader(sip.NewHeader("Authorization", `Digest username="x", realm="elsewhere", nonce="n", uri="sip:1@tandem", response="aa"`))
	ask(t, s, c, start, req)
	wantVerdict(t, s.Verify(start, req, peer), OK, "bob")
	if got := len(req.GetHeaders("Authorization")); got != 3 {
		t.Errorf("got %d headers, want 3", got)
	}
	bad := request(t, "INVITE", "sip:1@tandem")
	bad.AppendHeader(sip.NewHeader("Authorization", `Digest realm="tandem`))
	wantVerdict(t, s.Verify(start, bad, peer), Malformed, "")
	odd := request(t, "INVITE", "sip:1@tandem")
	odd.AppendHeader(sip.NewHeader("Authorization", `Digest username="bob", realm="tandem", nonce="n", uri="sip:1@tandem", response="aa", algorithm=SHA-512-256`))
	wantVerdict(t, s.Verify(start, odd, peer), Challenged, "")
}

// A client of RFC 2069 sends no qop: its nonce serves once.
func TestWithoutQOP(t *testing.T) {
	s := newTestServer(t, Config{})
	req := request(t, "REGISTER", "sip:tandem")
	offer, err := ParseChallenges(s.Challenges(start, peer, false)[1])
	if err != nil {
		t.Fatal(err)
	}
	creds := Credentials{User: "bob", Realm: "tandem", Nonce: offer[0].Nonce, URI: "sip:tandem"}
	creds.Response = creds.Compute(NewHA1Set("bob", "tandem", "pw").MD5, "REGISTER", nil)
	req.AppendHeader(sip.NewHeader("Authorization", creds.String()))
	wantVerdict(t, s.Verify(start, req, peer), OK, "bob")
	wantVerdict(t, s.Verify(start, req, peer), Stale, "")
}

func TestNewServerRefuses(t *testing.T) {
	for _, tt := range []struct {
		realm  string
		secret []byte
		want   error
	}{{"", secret, ErrRealm}, {"a\r\nb", secret, ErrRealm}, {"a", secret[:31], ErrSecret}} {
		if _, err := NewServer(Config{Realm: tt.realm}, tt.secret, users{}, nil); err != tt.want {
			t.Errorf("%q: got %v, want %v", tt.realm, err, tt.want)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	known := users{"bob": NewHA1Set("bob", "tandem", "pw")}
	s, _ := NewServer(Config{Realm: "tandem"}, secret, known, nil)
	c := newTestClient("bob", "pw")
	req := sip.NewRequest(sip.REGISTER, sip.URI{Scheme: "sip", Host: "tandem"})
	c.Authorize(req, s.Reject(start, req, peer, Verdict{}))
	b.ReportAllocs()
	for b.Loop() {
		s.Verify(start, req, peer) // replays: the whole check runs
	}
}
