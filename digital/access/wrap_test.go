package access

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestWhoComesIn(t *testing.T) {
	r := newRig(t, Config{Areas: []Area{{Prefix: "/public/", Public: true}, {Prefix: "/lead/", Roles: []Role{Admin, Supervisor}}, {Prefix: "/exact", Public: true}}})
	r.user("eva", Supervisor, "")
	r.user("anna", Agent, "")
	eva, anna := r.session("eva"), r.session("anna")
	bearer := "Bearer " + r.token(Integrator)
	tests := []struct {
		name, target string
		headers      []string
		status       int
		body         string
	}{
		{"nobody at a public place", "/public/x", nil, 200, "nobody"},
		{"nobody elsewhere", "/v1/x", nil, 401, ""},
		{"token", "/v1/x", []string{"Authorization", bearer}, 200, "token test integrator integrator"},
		{"token, other case of the scheme", "/v1/x", []string{"Authorization", strings.Replace(bearer, "Bearer", "bEARER", 1)}, 200, "token test integrator integrator"},
		{"session", "/v1/x", []string{"Cookie", eva.Secret}, 200, "session eva supervisor"},
		{"forged token", "/v1/x", []string{"Authorization", "Bearer " + newSecret(tokenPrefix)}, 401, ""},
		{"token with a letter changed", "/v1/x", []string{"Authorization", bearer[:len(bearer)-2] + "aa"}, 401, ""},
		{"a session's secret as token", "/v1/x", []string{"Authorization", "Bearer " + eva.Secret}, 401, ""},
		{"forged session", "/v1/x", []string{"Cookie", newSecret(sessionPrefix)}, 401, ""},
		{"a token as session", "/v1/x", []string{"Cookie", strings.TrimPrefix(bearer, "Bearer ")}, 401, ""},
		{"empty session", "/v1/x", []string{"Cookie", ""}, 401, ""},
		{"garbage session", "/v1/x", []string{"Cookie", "../../access/user/eva"}, 401, ""},
		{"basic", "/v1/x", []string{"Authorization", "Basic ZXZhOmV2YQ=="}, 401, ""},
		{"empty bearer", "/v1/x", []string{"Authorization", "Bearer "}, 401, ""},
		{"a wrong token with a right cookie", "/v1/x", []string{"Authorization", "Bearer x", "Cookie", eva.Secret}, 401, ""},
		{"an old cookie at a public place", "/public/x", []string{"Cookie", newSecret(sessionPrefix)}, 200, "nobody"},
		{"a wrong token at a public place", "/public/x", []string{"Authorization", "Bearer x"}, 401, ""},
		{"who is known at a public place", "/public/x", []string{"Cookie", eva.Secret}, 200, "session eva supervisor"},
		{"role", "/lead/x", []string{"Cookie", eva.Secret}, 200, "session eva supervisor"},
		{"another role", "/lead/x", []string{"Cookie", anna.Secret}, 403, ""},
		{"exact area", "/exact", nil, 200, "nobody"},
		{"below an exact area", "/exact/x", nil, 200, "nobody"},
		{"beside an exact area", "/exactly", nil, 401, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := r.call("GET", tt.target, "", tt.headers...)
			if wantStatus(t, w, tt.status); tt.body != "" && w.Body.String() != tt.body {
				t.Errorf("got %q, want %q", w.Body, tt.body)
			}
			if tt.status == 401 && w.Header().Get("WWW-Authenticate") == "" {
				t.Error("a 401 without WWW-Authenticate")
			}
		})
	}
}

func TestForgedRequests(t *testing.T) {
	r := newRig(t, Config{Origins: []string{"https://crm.example", "https://*.shop.example"}, Areas: []Area{{Prefix: "/public/", Public: true}, {Prefix: "/widget/", Public: true, AnyOrigin: true}}})
	r.user("eva", Supervisor, "")
	cookie := r.session("eva").Secret
	bearer := "Bearer " + r.token(Integrator)
	own, crm, evil := "http://gate.example", "https://crm.example", "https://evil.example"
	tests := []struct {
		name, method, target string
		headers              []string
		status               int
	}{
		{"a page of ours", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", own, ForgeryHeader, "1"}, 200},
		{"without the header", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", own}, 403},
		{"without an origin", "POST", "/v1/x", []string{"Cookie", cookie, ForgeryHeader, "1"}, 403},
		{"without an origin but same-origin", "POST", "/v1/x", []string{"Cookie", cookie, ForgeryHeader, "1", "Sec-Fetch-Site", "same-origin"}, 200},
		{"another site", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", evil, ForgeryHeader, "1"}, 403},
		{"a listed site with a cookie", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", crm, ForgeryHeader, "1"}, 403},
		{"a listed site with a token", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", crm}, 200},
		{"another site with a token", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", evil}, 403},
		{"a site of a pattern with a token", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", "https://www.shop.example"}, 200},
		{"a site of a pattern, in capitals", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", "https://WWW.shop.example"}, 200},
		{"a site beside a pattern", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", "https://shop.example"}, 403},
		{"a site of a pattern without TLS", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", "http://www.shop.example"}, 403},
		{"a site of a pattern on another port", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", "https://www.shop.example:81"}, 403},
		{"a pattern as user", "POST", "/v1/x", []string{"Authorization", bearer, "Origin", "https://www@www.shop.example"}, 403},
		{"a socket of a pattern", "GET", "/public/x", []string{"Origin", "https://www.shop.example", "Upgrade", "websocket"}, 200},
		{"a server with a token", "POST", "/v1/x", []string{"Authorization", bearer}, 200},
		{"null origin", "DELETE", "/v1/x", []string{"Cookie", cookie, "Origin", "null", ForgeryHeader, "1"}, 403},
		{"origin with our name as user", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", "http://gate.example@evil.example", ForgeryHeader, "1"}, 403},
		{"origin with our name in front", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", "http://gate.example.evil.example", ForgeryHeader, "1"}, 403},
		{"another port", "POST", "/v1/x", []string{"Cookie", cookie, "Origin", "http://gate.example:81", ForgeryHeader, "1"}, 403},
		{"reading from another site", "GET", "/v1/x", []string{"Cookie", cookie, "Origin", evil}, 200}, // the browser keeps the answer
		{"socket of ours", "GET", "/v1/x", []string{"Cookie", cookie, "Origin", own, "Upgrade", "websocket"}, 200},
		{"socket from another site", "GET", "/v1/x", []string{"Cookie", cookie, "Origin", evil, "Upgrade", "websocket"}, 403},
		{"socket without origin", "GET", "/v1/x", []string{"Cookie", cookie, "Upgrade", "websocket"}, 403},
		{"public socket from another site", "GET", "/public/x", []string{"Origin", evil, "Upgrade", "websocket"}, 403},
		{"login from another site", "POST", "/public/x", []string{"Origin", evil}, 403},
		{"asking beforehand, listed", "OPTIONS", "/v1/x", []string{"Origin", crm, "Access-Control-Request-Method", "POST"}, 204},
		{"asking beforehand, another", "OPTIONS", "/v1/x", []string{"Origin", evil, "Access-Control-Request-Method", "POST"}, 403},
		{"the widget's loader", "GET", "/widget/x", []string{"Origin", evil}, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := r.call(tt.method, tt.target, "", tt.headers...)
			wantStatus(t, w, tt.status)
			allowed := w.Header().Get("Access-Control-Allow-Origin")
			if w.Header().Get("Access-Control-Allow-Credentials") != "" || allowed == evil {
				t.Errorf("scripts of other sites get in: %v", w.Header())
			}
		})
	}
}

func TestHeadersOfPages(t *testing.T) {
	r := newRig(t, Config{Secure: true, Areas: []Area{{Prefix: "/frame/", Public: true, Ancestors: []string{"https://shop.example"}}, {Prefix: "/", Public: true}}})
	h := r.call("GET", "/", "").Header()
	csp := h.Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" {
		t.Errorf("a page may be framed or run inline: %q", csp)
	}
	for _, name := range []string{"Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Permissions-Policy"} {
		if h.Get(name) == "" {
			t.Errorf("no %s", name)
		}
	}
	h = r.call("GET", "/frame/chat", "").Header()
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors https://shop.example") || h.Get("X-Frame-Options") != "" {
		t.Errorf("the widget may not be framed by its shop: %q", csp)
	}
}

func TestBodies(t *testing.T) {
	r := newRig(t, Config{MaxBody: 100, Areas: []Area{{Prefix: "/", Public: true}, {Prefix: "/upload", Public: true, MaxBody: 200}}})
	wantStatus(t, r.call("POST", "/x", strings.Repeat("x", 100)), 200)
	wantStatus(t, r.call("POST", "/x", strings.Repeat("x", 101)), 413)
	wantStatus(t, r.call("POST", "/upload", strings.Repeat("x", 200)), 200)
	wantStatus(t, r.call("POST", "/upload", strings.Repeat("x", 201)), 413)
	req := httptest.NewRequest("POST", "/x", io.MultiReader(strings.NewReader(strings.Repeat("x", 101)))) // does not say how long it is
	req.ContentLength = -1
	w := httptest.NewRecorder()
	r.k.Wrap(http.HandlerFunc(whoHandler)).ServeHTTP(w, req)
	wantStatus(t, w, 413)
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{AddressRate: 1, AddressBurst: 3, TokenRate: 1, TokenBurst: 2, Areas: []Area{{Prefix: "/public/", Public: true},
			{Prefix: "/provider/", Public: true, OwnLimits: true}}})
		for range 3 {
			wantStatus(t, r.call("GET", "/public/", "", "Remote", "192.0.2.1:1"), 200)
		}
		w := r.call("GET", "/public/", "", "Remote", "192.0.2.1:2")
		if wantStatus(t, w, 429); w.Header().Get("Retry-After") != "1" {
			t.Errorf("got Retry-After %q, want 1", w.Header().Get("Retry-After"))
		}
		wantStatus(t, r.call("GET", "/provider/", "", "Remote", "192.0.2.1:1"), 200)
		wantStatus(t, r.call("GET", "/public/", "", "Remote", "192.0.2.2:1"), 200)
		time.Sleep(time.Second)
		wantStatus(t, r.call("GET", "/public/", "", "Remote", "192.0.2.1:1"), 200)

		bearer := "Bearer " + r.token(Admin)
		for i := range 3 { // from three addresses: it is the token that is limited
			w := r.call("GET", "/v1/", "", "Remote", fmt.Sprintf("192.0.2.%d:1", 10+i), "Authorization", bearer)
			wantStatus(t, w, []int{200, 200, 429}[i])
		}
	})
}

// TestForeignProofs: an area whose handler proves by itself gets what is no token of ours, and nobody is anybody there; and it is no hole
// where the area is not open.
func TestForeignProofs(t *testing.T) {
	r := newRig(t, Config{Areas: []Area{{Prefix: "/chat/", Public: true, OwnProof: true}, {Prefix: "/desk/", OwnProof: true}, {Prefix: "/open/", Public: true}}})
	for path, want := range map[string]int{"/chat/file": 200, "/desk/file": 401, "/open/file": 401} {
		w := r.call("POST", path, "body", "Authorization", "Bearer a-visitors-session")
		if wantStatus(t, w, want); want == 200 && strings.Contains(w.Body.String(), "token") {
			t.Errorf("%s: somebody is proven: %s", path, w.Body)
		}
	}
	bearer := "Bearer " + r.token(Admin)
	if w := r.call("GET", "/chat/file", "", "Authorization", bearer); w.Code != 200 || strings.Contains(w.Body.String(), "admin") {
		t.Errorf("a token of ours makes somebody of him: %d %s", w.Code, w.Body)
	}
}

func TestWrongProofsCost(t *testing.T) {
	r := newRig(t, Config{AddressRate: 0.001, AddressBurst: 25})
	refused := 0
	for range 10 {
		if r.call("GET", "/v1/", "", "Authorization", "Bearer "+newSecret(tokenPrefix)).Code == 429 {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of 10 guesses were refused for their number, want most", refused)
	}
}

func TestClientAddress(t *testing.T) {
	r := newRig(t, Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	tests := []struct{ remote, forwarded, want string }{
		{"192.0.2.1:1", "", "192.0.2.1"},
		{"192.0.2.1:1", "203.0.113.9", "192.0.2.1"}, // not our proxy: not believed
		{"10.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		{"10.0.0.1:1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"},
		{"10.0.0.1:1", "rubbish", "10.0.0.1"},
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"[2001:db8:1:2:3:4:5:6]:1", "", "2001:db8:1:2::/64"},
		{"[::ffff:192.0.2.1]:1", "", "192.0.2.1"},
		{"@", "", "unknown"},
	}
	for _, tt := range tests {
		req := httptest.NewRequest("GET", "/", nil)
		req.RemoteAddr = tt.remote
		if tt.forwarded != "" {
			req.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		if got := r.k.clientAddr(req); got != tt.want {
			t.Errorf("%s for %q: got %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}

func TestPanics(t *testing.T) {
	r := newRig(t, Config{Areas: []Area{{Prefix: "/", Public: true}}})
	w := r.serve(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("internal text") }), "GET", "/x", "")
	if wantStatus(t, w, 500); strings.Contains(w.Body.String(), "internal text") {
		t.Errorf("the answer tells internals: %s", w.Body)
	}
	if !strings.Contains(r.log.String(), "internal text") || !strings.Contains(r.log.String(), w.Header().Get("X-Request-Id")) {
		t.Errorf("the log does not tell the panic: %s", r.log)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("half an answer was ended like a whole one")
		}
	}()
	r.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "half"); panic("x") }), "GET", "/x", "")
}

func TestLogHoldsNoSecrets(t *testing.T) {
	r := newRig(t, Config{Areas: []Area{{Prefix: "/login/", Public: true, Secret: true}}})
	r.user("eva", Supervisor, goodPassword)
	token, session := r.token(Admin), r.session("eva")
	link, err := r.k.LoginLink(t.Context(), "eva")
	if err != nil {
		t.Fatal(err)
	}
	r.call("GET", "/v1/x?key="+token, "", "Authorization", "Bearer "+token)
	r.call("GET", "/v1/x", "", "Cookie", session.Secret)
	r.serve(r.k.ServeLink("/desk/"), "GET", "/login/"+link, "")
	if _, err := r.k.Login(t.Context(), "eva", "wrong password", "192.0.2.1"); err == nil {
		t.Error("a wrong password came in")
	}
	for _, s := range []string{token, session.Secret, link, goodPassword, "wrong password"} {
		if strings.Contains(r.log.String(), s) {
			t.Errorf("the log holds a secret: %s", r.log)
		}
	}
	if strings.Count(r.log.String(), "msg=request") != 3 {
		t.Errorf("not every request is logged once:\n%s", r.log)
	}
}

// broken are documents that cannot be read.
type broken struct{ *Memory }

func (broken) Get(context.Context, string) (Document, error) {
	return Document{}, errors.New("disk of the house is full")
}

// TestStoreDown: who cannot be proven because the store is down hears so, and is neither let in nor called a forger.
func TestStoreDown(t *testing.T) {
	r := newRig(t, Config{Areas: []Area{{Prefix: "/public/", Public: true}}})
	token := r.token(Admin)
	var log bytes.Buffer
	k, err := New(Config{}, Parts{Documents: broken{r.docs}, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	r.k = k
	w := r.call("GET", "/v1/x", "", "Authorization", "Bearer "+token)
	if wantStatus(t, w, 503); strings.Contains(w.Body.String(), "disk") || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %v %s", w.Header(), w.Body)
	}
	for range 3 {
		r.call("GET", "/v1/x", "", "Authorization", "Bearer "+token)
	}
	if n := strings.Count(log.String(), "disk of the house"); n != 1 {
		t.Errorf("the outage is logged %d times, want once:\n%s", n, log.String())
	}
	wantStatus(t, r.call("GET", "/v1/x", ""), 401)
	for range 10 {
		if _, err := k.Login(t.Context(), "eva", goodPassword, "a"); err == nil || errors.Is(err, ErrLogin) {
			t.Fatalf("got %v, want the store's error", err)
		}
	}
	if left := k.lockout.try("eva", "a", time.Now()); left > 0 {
		t.Error("the store's failures have locked eva out")
	}
}
