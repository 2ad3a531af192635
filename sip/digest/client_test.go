package digest

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"tandem/sip"
)

// challenges builds a response with the given challenge headers: "www: …" or "proxy: …".
func challenges(lines ...string) *sip.Response {
	req := sip.NewRequest(sip.INVITE, sip.URI{Scheme: "sip", Host: "x"})
	res := sip.NewResponse(req, sip.StatusUnauthorized, "", "t")
	for _, line := range lines {
		side, value, _ := strings.Cut(line, ": ")
		name := "WWW-Authenticate"
		if side == "proxy" {
			name = "Proxy-Authenticate"
		}
		res.AppendHeader(sip.NewHeader(name, value))
	}
	return res
}

func sent(t *testing.T, req *sip.Request, name string) []Credentials {
	t.Helper()
	var out []Credentials
	for _, h := range req.GetHeaders(name) {
		c, err := ParseCredentials(h.Value())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func TestStrongestSupportedIsChosen(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  string // algorithm as echoed
		ok    bool
	}{
		{"weak first", []string{`www: Digest realm="r", nonce="1", algorithm=MD5, qop="auth"`, `www: Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"`}, "SHA-256", true},
		{"strong first", []string{`www: Digest realm="r", nonce="1", algorithm=SHA-512-256, qop="auth"`, `www: Digest realm="r", nonce="2", qop="auth"`}, "SHA-512-256", true},
		{"unknown skipped", []string{`www: Digest realm="r", nonce="1", algorithm=SHA3, qop="auth"`, `www: Digest realm="r", nonce="2", algorithm=md5, qop="auth"`}, "md5", true},
		{"not sent, not echoed", []string{`www: Digest realm="r", nonce="2"`}, "", true},
		{"unknown qop", []string{`www: Digest realm="r", nonce="1", algorithm=SHA-256, qop="token"`, `www: Digest realm="r", nonce="2", algorithm=MD5`}, "MD5", true},
		{"nothing known", []string{`www: Digest realm="r", nonce="1", algorithm=SHA3`, `www: Basic realm="r"`}, "", false},
		{"broken", []string{`www: Digest realm="r`}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, req := newTestClient("bob", "pw"), request(t, "INVITE", "sip:1@x")
			if ok := c.Authorize(req, challenges(tt.lines...)); ok != tt.ok {
				t.Fatalf("got %v, want %v", ok, tt.ok)
			}
			got := sent(t, req, "Authorization")
			if tt.ok && (len(got) != 1 || got[0].Algorithm != tt.want) {
				t.Errorf("got %+v, want algorithm %q", got, tt.want)
			}
		})
	}
}

func TestAnswerText(t *testing.T) {
	c, req := newTestClient("bob", "pw"), request(t, "INVITE", "sip:+49301@x:5070;transport=tcp;user=phone")
	if !c.Authorize(req, challenges(`proxy: Digest realm="a \"b\"", nonce="n", opaque="", qop="auth-int,auth"`)) {
		t.Fatal("no answer")
	}
	text := req.GetHeader("Proxy-Authorization").Value()
	for _, want := range []string{`realm="a \"b\""`, `uri="sip:+49301@x:5070;transport=tcp;user=phone"`, `opaque=""`, "qop=auth,", "nc=00000001", `username="bob"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", text, want)
		}
	}
	if strings.Contains(text, "algorithm") {
		t.Errorf("%s holds an algorithm that was not sent", text)
	}
	if line := req.StartLine(); !strings.Contains(line, " sip:+49301@x:5070;transport=tcp;user=phone ") {
		t.Errorf("uri differs from the wire: %s", line)
	}
}

func TestBothSidesAreKept(t *testing.T) {
	c, req := newTestClient("bob", "pw"), request(t, "INVITE", "sip:1@x")
	if !c.Authorize(req, challenges(`www: Digest realm="uas", nonce="1", qop="auth"`)) {
		t.Fatal("401 is not answered")
	}
	if !c.Authorize(req, challenges(`proxy: Digest realm="proxy", nonce="2", qop="auth"`, `proxy: Digest realm="far", nonce="3", qop="auth"`)) {
		t.Fatal("407 is not answered")
	}
	if a, p := sent(t, req, "Authorization"), sent(t, req, "Proxy-Authorization"); len(a) != 1 || len(p) != 2 || p[0].Realm != "proxy" || p[1].Realm != "far" {
		t.Errorf("got %+v and %+v", a, p)
	}
	next := request(t, "BYE", "sip:1@x")
	c.Prepare(next)
	if a, p := sent(t, next, "Authorization"), sent(t, next, "Proxy-Authorization"); len(a) != 1 || len(p) != 2 || a[0].NC != 2 || p[1].NC != 2 {
		t.Errorf("prepared %+v and %+v", a, p)
	}
}

func TestGivesUp(t *testing.T) {
	const first = `www: Digest realm="r", nonce="1", qop="auth"`
	tests := []struct {
		name string
		then []string
		want []bool
	}{
		{"same nonce refused", []string{first}, []bool{false}},
		{"new nonce, not stale: wrong password", []string{`www: Digest realm="r", nonce="2", qop="auth"`}, []bool{false}},
		{"stale once", []string{`www: Digest realm="r", nonce="2", qop="auth", stale=true`}, []bool{true}},
		{"stale twice", []string{`www: Digest realm="r", nonce="2", qop="auth", stale=true`, `www: Digest realm="r", nonce="3", qop="auth", stale=true`}, []bool{true, false}},
		{"stale, then refused", []string{`www: Digest realm="r", nonce="2", qop="auth", stale=true`, `www: Digest realm="r", nonce="3", qop="auth"`}, []bool{true, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, req := newTestClient("bob", "pw"), request(t, "INVITE", "sip:1@x")
			if !c.Authorize(req, challenges(first)) {
				t.Fatal("first challenge is not answered")
			}
			for i, line := range tt.then {
				if got := c.Authorize(req, challenges(line)); got != tt.want[i] {
					t.Fatalf("challenge %d: got %v, want %v", i+2, got, tt.want[i])
				}
			}
			if got := len(req.GetHeaders("Authorization")); got != 1 {
				t.Errorf("got %d headers, want 1", got)
			}
		})
	}
}

// Many servers challenge an old nonce anew without saying stale: cached credentials deserve one more try.
func TestCachedNonceMayBeRefusedOnce(t *testing.T) {
	c := newTestClient("bob", "pw")
	c.Authorize(request(t, "INVITE", "sip:1@x"), challenges(`www: Digest realm="r", nonce="1", qop="auth"`))
	req := request(t, "INVITE", "sip:1@x")
	c.Prepare(req)
	if !c.Authorize(req, challenges(`www: Digest realm="r", nonce="2", qop="auth"`)) {
		t.Error("gives up on a cached nonce")
	}
	if c.Authorize(req, challenges(`www: Digest realm="r", nonce="3", qop="auth"`)) {
		t.Error("answers a wrong password again")
	}
}

func TestAccounts(t *testing.T) {
	c := NewClient([]Account{{User: "any", Password: "1"}, {Realm: "special", User: "one", Password: "2"}}, func() string { return "c" })
	for realm, want := range map[string]string{"special": "one", "other": "any", "": "any"} {
		req := request(t, "INVITE", "sip:1@x")
		if !c.Authorize(req, challenges(fmt.Sprintf(`www: Digest realm="%s", nonce="n"`, realm))) {
			t.Fatalf("realm %q is not answered", realm)
		}
		if got := sent(t, req, "Authorization")[0].User; got != want {
			t.Errorf("realm %q: got %s, want %s", realm, got, want)
		}
	}
	none := NewClient([]Account{{Realm: "special", User: "one", Password: "2"}}, func() string { return "c" })
	if req := request(t, "INVITE", "sip:1@x"); none.Authorize(req, challenges(`www: Digest realm="other", nonce="n"`)) || req.GetHeader("Authorization") != nil {
		t.Error("answers a realm it has no account for")
	}
}

func TestClientTableIsBounded(t *testing.T) {
	c := newTestClient("bob", "pw")
	for i := range 3 * maxClientNonces {
		c.Authorize(request(t, "INVITE", "sip:1@x"), challenges(fmt.Sprintf(`www: Digest realm="r%d", nonce="%d", qop="auth"`, i%2, i)))
	}
	if len(c.nonces) != maxClientNonces || len(c.order) != maxClientNonces {
		t.Errorf("got %d and %d nonces, want %d", len(c.nonces), len(c.order), maxClientNonces)
	}
	req := request(t, "INVITE", "sip:1@x")
	c.Prepare(req)
	if got := sent(t, req, "Authorization"); len(got) != 2 || got[1].Nonce != fmt.Sprint(3*maxClientNonces-1) {
		t.Errorf("got %+v", got)
	}
}

func TestSecretDoesNotShow(t *testing.T) {
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "account", Secret("geheim"))
	text := fmt.Sprintf("%v %+v %#v %s", Account{Password: "geheim"}, Account{Password: "geheim"}, Account{Password: "geheim"}, Secret("geheim"))
	if strings.Contains(text+b.String(), "geheim") {
		t.Errorf("password in %s %s", text, b.String())
	}
}
