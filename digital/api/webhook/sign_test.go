package webhook

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// TestKnownAnswer is the example of the Standard Webhooks reference libraries.
func TestKnownAnswer(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	body := []byte(`{"test": 2432232314}`)
	at := time.Unix(1614265330, 0)
	got, err := Sign([]string{secret}, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	h := http.Header{HeaderID: {"msg_p5jXN8AQM9LWM0D4loKWxJek"}, HeaderTimestamp: {"1614265330"}, HeaderSignature: {"v1,AAAA v2,x " + got}}
	verify := func(now time.Time) error { return Verify([]string{NewSecret(), secret}, h, body, now, time.Minute) }
	if err := verify(at); err != nil {
		t.Error(err)
	}
	if err := verify(at.Add(2 * time.Minute)); !errors.Is(err, ErrTimestamp) {
		t.Errorf("got %v, want an old one refused", err)
	}
	if err := verify(at.Add(-2 * time.Minute)); !errors.Is(err, ErrTimestamp) {
		t.Errorf("got %v, want one from the future refused", err)
	}
	for name, forge := range map[string]func(http.Header, *[]byte){
		"body":         func(_ http.Header, b *[]byte) { *b = []byte(`{"test": 1}`) },
		"id":           func(h http.Header, _ *[]byte) { h.Set(HeaderID, "other") },
		"no id":        func(h http.Header, _ *[]byte) { h.Del(HeaderID) },
		"time":         func(h http.Header, _ *[]byte) { h.Set(HeaderTimestamp, "1614265331") },
		"no time":      func(h http.Header, _ *[]byte) { h.Set(HeaderTimestamp, "x") },
		"no signature": func(h http.Header, _ *[]byte) { h.Del(HeaderSignature) },
		"other scheme": func(h http.Header, _ *[]byte) { h.Set(HeaderSignature, strings.Replace(got, "v1,", "v0,", 1)) },
	} {
		h, b := h.Clone(), body
		forge(h, &b)
		if err := Verify([]string{secret}, h, b, at, time.Minute); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", name, err)
		}
	}
	for _, bad := range [][]string{nil, {"whsec_!"}, {"whsec_AAAA"}} {
		if _, err := Sign(bad, "x", at, nil); err == nil {
			t.Errorf("%v signed", bad)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("id", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", []byte("x"))
	secret := NewSecret()
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		h := http.Header{HeaderID: {id}, HeaderTimestamp: {stamp}, HeaderSignature: {signature}}
		if Verify([]string{secret}, h, body, time.Unix(1614265330, 0), time.Hour) == nil {
			t.Error("a guess was accepted")
		}
	})
}

func TestGuard(t *testing.T) {
	g := Guard{Allow: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}}
	for addr, ok := range map[string]bool{
		"93.184.216.34": true, "2606:2800:220:1::1": true, "10.1.2.3": true,
		"127.0.0.1": false, "10.2.0.1": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false, "100.64.0.1": false,
		"224.0.0.1": false, "255.255.255.255": false, "192.0.2.1": false, "198.18.0.1": false, "240.0.0.1": false, "0.1.2.3": false,
		"::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false, "::ffff:127.0.0.1": false, "::ffff:10.2.0.1": false, "::ffff:10.1.0.1": true,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "2001:db8::1": false, "::127.0.0.1": false, "fec0::1": false,
	} {
		if err := g.Check(netip.MustParseAddr(addr)); (err == nil) != ok {
			t.Errorf("%s: got %v, want allowed %v", addr, err, ok)
		}
	}
	if g.Check(netip.Addr{}) == nil {
		t.Error("no address at all is allowed")
	}
	for url, ok := range map[string]bool{
		"https://example.com/x?y=z": true, "https://10.1.0.1:8443/": true, "https://localhost/": true, // judged when it is connected to
		"http://example.com/": false, "https://": false, "https://a:b@example.com/": false, "https://example.com/#x": false, "ftp://example.com": false,
		"https://127.0.0.1/": false, "https://[::1]/": false, "https://169.254.169.254/latest": false, "file:///etc/passwd": false, "": false, "https://x\n": false,
		"https://example.com/" + strings.Repeat("x", 2048): false,
	} {
		if err := g.CheckURL(url); (err == nil) != ok {
			t.Errorf("%.60q: got %v, want allowed %v", url, err, ok)
		}
	}
}

// TestRealReceiver: over real sockets loopback is refused at the connection, even by a name, unless it is allowed; redirects are not followed.
func TestRealReceiver(t *testing.T) {
	visited := make(chan string, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		visited <- r.URL.Path
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/secret", http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	byName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	try := func(allow []netip.Prefix, url string) (Delivery, string) {
		d, err := New(Options{Documents: access.NewMemory(10), Feed: &journal{changed: make(chan struct{})}, HTTP: true, Allow: allow, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		s := storedSub{Subscription: Subscription{URL: url}, Secrets: []storedSecret{{Secret: NewSecret()}}}
		try, _ := d.try(context.Background(), s, feed.Event{Cursor: "1", Type: "x"}, 1)
		select {
		case path := <-visited:
			return try, path
		default:
			return try, ""
		}
	}
	for _, url := range []string{server.URL, byName} {
		if got, path := try(nil, url+"/hook"); got.Error != ErrForbidden.Error() || path != "" {
			t.Errorf("%s: got %+v, visited %q, want it refused", url, got, path)
		}
	}
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if got, path := try(loopback, byName+"/hook"); got.Result != resultDelivered || path != "/hook" {
		t.Errorf("got %+v, visited %q", got, path)
	}
	if got, path := try(loopback, server.URL+"/redirect"); got.Status != 307 || got.Result != resultRetry || path != "/redirect" || len(visited) != 0 {
		t.Errorf("got %+v, visited %q, want the redirect not followed", got, path)
	}
	server.Close()
	if got, _ := try(loopback, server.URL+"/secret-path"); got.Error == "" || strings.Contains(got.Error, "secret-path") {
		t.Errorf("got %+v, want a reason without the URL", got)
	}
}
