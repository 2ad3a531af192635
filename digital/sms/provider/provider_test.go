package provider

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/sms"
)

// The known answers are those of the provider's own libraries.
const (
	knownToken = "12345"
	knownURL   = "https://mycompany.com/myapp.php?foo=1&bar=2"
	knownBody  = `{"property": "value", "boolean": true}`
	knownSum   = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
)

var knownForm = url.Values{
	"CallSid": {"CA1234567890ABCDE"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}, "Caller": {"+14158675309"},
}

func TestTwilioKnownAnswers(t *testing.T) {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}}
	json := http.Header{"Content-Type": {"application/json"}}
	withSum := knownURL + "&bodySHA256=" + knownSum
	changed := url.Values{}
	for k, v := range knownForm {
		changed[k] = v
	}
	changed.Set("Digits", "1235")
	for _, test := range []struct {
		name, url, body, signature string
		header                     http.Header
		ok                         bool
	}{
		{"form", knownURL, knownForm.Encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8=", form, true},
		{"form, address with the port", "https://mycompany.com:443/myapp.php?foo=1&bar=2", knownForm.Encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8=", form, true},
		{"json", withSum, knownBody, "a9nBmqA0ju/hNViExpshrM61xv4=", json, true},
		{"changed field", knownURL, changed.Encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8=", form, false},
		{"added field", knownURL, knownForm.Encode() + "&x=1", "RSOYDt4T1cUTdK1PDd93/VVr8B8=", form, false},
		{"other address", knownURL + "3", knownForm.Encode(), "RSOYDt4T1cUTdK1PDd93/VVr8B8=", form, false},
		{"changed json", withSum, knownBody + " ", "a9nBmqA0ju/hNViExpshrM61xv4=", json, false},
		{"json without its sum", knownURL, knownBody, "a9nBmqA0ju/hNViExpshrM61xv4=", json, false},
		{"no signature", knownURL, knownForm.Encode(), "", form, false},
		{"short signature", knownURL, knownForm.Encode(), "RSOY", form, false},
		{"not base64", knownURL, knownForm.Encode(), "!!", form, false},
	} {
		header := test.header.Clone()
		header.Set("X-Twilio-Signature", test.signature)
		err := TwilioVerifier{knownToken}.Verify(Request{test.url, header, []byte(test.body)}, time.Time{})
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
	if err := (TwilioVerifier{}).Verify(Request{}, time.Time{}); err == nil {
		t.Error("an empty token verifies")
	}
}

// TestHMACKnownAnswer holds a signature computed with openssl dgst -sha256 -hmac.
func TestHMACKnownAnswer(t *testing.T) {
	body := []byte(`{"text":"hi"}`)
	now := time.Unix(1_700_000_000, 0)
	sum, err := hex.DecodeString("3ad1ab8e3e2036926574b48bb349a6926291abb28309d44d18066d4f51de2112")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, signature, stamp string
		body                   []byte
		now                    time.Time
		want                   error
	}{
		{"hexadecimal", hex.EncodeToString(sum), "1700000000", body, now, nil},
		{"base64", base64.StdEncoding.EncodeToString(sum), "1700000000", body, now, nil},
		{"with its prefix", "sha256=" + hex.EncodeToString(sum), "1700000000", body, now, nil},
		{"four minutes old", hex.EncodeToString(sum), "1700000000", body, now.Add(4 * time.Minute), nil},
		{"replayed", hex.EncodeToString(sum), "1700000000", body, now.Add(6 * time.Minute), ErrReplay},
		{"of the future", hex.EncodeToString(sum), "1700000000", body, now.Add(-6 * time.Minute), ErrReplay},
		{"other time", hex.EncodeToString(sum), "1700000001", body, now, ErrSignature},
		{"other body", hex.EncodeToString(sum), "1700000000", []byte(`{"text":"ho"}`), now, ErrSignature},
		{"none", "", "1700000000", body, now, ErrSignature},
		{"no time", hex.EncodeToString(sum), "", body, now, ErrSignature},
	} {
		h := http.Header{}
		h.Set("X-Signature", test.signature)
		h.Set("X-Timestamp", test.stamp)
		if err := (HMACVerifier{Secret: "secret"}).Verify(Request{"", h, test.body}, test.now); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

// up takes what arrives.
type up struct {
	mu       sync.Mutex // guards all
	arrivals []sms.Arrival
	reports  []digital.Report
	err      error
}

func (u *up) Arrived(a sms.Arrival, done func(error)) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.arrivals = append(u.arrivals, a)
	done(u.err)
}

func (u *up) Fared(r digital.Report) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reports = append(u.reports, r)
}

var discard = slog.New(slog.DiscardHandler)

// running starts a provider and waits until it runs.
func running(t *testing.T, c Config) (*Provider, *up) {
	t.Helper()
	p, err := New(c, Deps{Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	u := &up{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx, u) }()
	t.Cleanup(func() { cancel(); <-ended })
	result := make(chan digital.Result, 1)
	if err := p.Submit(sms.Text{Until: time.Unix(0, 1)}, func(r digital.Result) { result <- r }); err != nil {
		t.Fatal(err)
	}
	<-result
	return p, u
}

func post(p *Provider, path, body string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header = header
	w := httptest.NewRecorder()
	p.Handler().ServeHTTP(w, r)
	return w
}

func signed(token, address string, form url.Values) http.Header {
	return http.Header{
		"Content-Type":       {"application/x-www-form-urlencoded"},
		"X-Twilio-Signature": {base64.StdEncoding.EncodeToString(TwilioSignature(token, address, form))},
	}
}

func TestTwilioWebhooks(t *testing.T) {
	const public = "https://tandem.example/hooks/sms"
	p, u := running(t, Twilio("AC1", "token", public, "http://127.0.0.1:1"))
	message := url.Values{"MessageSid": {"SM1"}, "From": {"+491701234567"}, "To": {"+4930100"}, "Body": {"Grüße + & ="}}
	w := post(p, "/message", message.Encode(), signed("token", public+"/message", message))
	if w.Code != http.StatusOK || w.Body.String() != "<Response/>" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
	want := sms.Arrival{External: "SM1", From: "+491701234567", To: "+4930100", Text: "Grüße + & ="}
	if len(u.arrivals) != 1 || u.arrivals[0] != want {
		t.Errorf("got %+v", u.arrivals)
	}
	for _, state := range []string{"sent", "delivered", "failed"} {
		form := url.Values{"MessageSid": {"SM2"}, "MessageStatus": {state}, "ErrorCode": {"30003"}}
		if w := post(p, "/status", form.Encode(), signed("token", public+"/status", form)); w.Code != http.StatusOK {
			t.Errorf("%s: got %d", state, w.Code)
		}
	}
	if len(u.reports) != 2 || u.reports[0].State != digital.Delivered || u.reports[1].State != digital.Failed || u.reports[1].Reason != "provider_30003" {
		t.Errorf("got %+v", u.reports)
	}
	for _, test := range []struct {
		name string
		code int
		do   func() *httptest.ResponseRecorder
	}{
		{"forged", 403, func() *httptest.ResponseRecorder {
			return post(p, "/message", message.Encode(), signed("other", public+"/message", message))
		}},
		{"signature of the other path", 403, func() *httptest.ResponseRecorder {
			return post(p, "/message", message.Encode(), signed("token", public+"/status", message))
		}},
		{"too large", 413, func() *httptest.ResponseRecorder {
			return post(p, "/message", strings.Repeat("x", maxBody+1), http.Header{})
		}},
		{"fields missing", 400, func() *httptest.ResponseRecorder {
			return post(p, "/message", "", signed("token", public+"/message", nil))
		}},
		{"cannot be taken now", 503, func() *httptest.ResponseRecorder {
			u.err = digital.ErrBusy
			return post(p, "/message", message.Encode(), signed("token", public+"/message", message))
		}},
		{"cannot be taken at all", 400, func() *httptest.ResponseRecorder {
			u.err = digital.ErrInvalid
			return post(p, "/message", message.Encode(), signed("token", public+"/message", message))
		}},
	} {
		if w := test.do(); w.Code != test.code {
			t.Errorf("%s: got %d %q, want %d", test.name, w.Code, w.Body, test.code)
		}
	}
	stopped, err := New(Twilio("AC1", "token", public, ""), Deps{Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	if w := post(stopped, "/message", "", http.Header{}); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d from one that does not run", w.Code)
	}
}

// shop is the provider's side.
type shop struct {
	*httptest.Server
	mu       sync.Mutex // guards what stands below
	requests []*http.Request
	bodies   []string
	answer   func(n int, w http.ResponseWriter)
}

func newShop(t *testing.T, answer func(n int, w http.ResponseWriter)) *shop {
	t.Helper()
	s := &shop{answer: answer}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.requests, s.bodies = append(s.requests, r), append(s.bodies, string(body))
		n := len(s.requests)
		s.mu.Unlock()
		s.answer(n, w)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) config() Config {
	return Config{
		Name: "shop",
		Send: Send{
			URL: s.URL + "/send", JSON: map[string]string{"to[]": "{to}", "message.text": "{text}", "message.from": "{from}"},
			Auth: Auth{Kind: "bearer", Secret: "s3cret"}, ID: "messages.0.id", Pause: time.Millisecond,
		},
		Webhook: Webhook{Verify: HMACVerifier{Secret: "x"}, Message: MessagePaths{"id", "from", "to", "text"}},
	}
}

func (s *shop) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func submit(t *testing.T, p *Provider, text string) digital.Result {
	t.Helper()
	result := make(chan digital.Result, 1)
	err := p.Submit(sms.Text{Key: "k1", From: "+4930100", To: "+491701234567", Text: text}, func(r digital.Result) { result <- r })
	if err != nil {
		t.Fatal(err)
	}
	return <-result
}

func TestSendJSON(t *testing.T) {
	s := newShop(t, func(_ int, w http.ResponseWriter) { io.WriteString(w, `{"messages":[{"id":77}]}`) })
	p, _ := running(t, s.config())
	r := submit(t, p, `he said "{to}" {key}`)
	if r.State != digital.Sent || r.External != "77" {
		t.Errorf("got %+v", r)
	}
	if got := s.bodies[0]; got != `{"message":{"from":"+4930100","text":"he said \"{to}\" {key}"},"to":["+491701234567"]}` {
		t.Errorf("got %s", got)
	}
	if got := s.requests[0].Header.Get("Authorization"); got != "Bearer s3cret" {
		t.Errorf("got %s", got)
	}
}

func TestSendForm(t *testing.T) {
	s := newShop(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(201); io.WriteString(w, `{"sid":"SM9"}`) })
	p, _ := running(t, Twilio("AC1", "token", "https://tandem.example/hooks/sms", s.URL))
	if r := submit(t, p, "a&b"); r.State != digital.Sent || r.External != "SM9" {
		t.Errorf("got %+v", r)
	}
	form, _ := url.ParseQuery(s.bodies[0])
	if form.Get("Body") != "a&b" || form.Get("To") != "+491701234567" || form.Get("StatusCallback") != "https://tandem.example/hooks/sms/status" {
		t.Errorf("got %v", form)
	}
	if user, secret, _ := s.requests[0].BasicAuth(); user != "AC1" || secret != "token" || s.requests[0].URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" {
		t.Errorf("got %s as %s", s.requests[0].URL, user)
	}
}

func TestAnswersOfAProvider(t *testing.T) {
	for _, test := range []struct {
		name       string
		idempotent bool
		answer     func(n int, w http.ResponseWriter)
		want       digital.Delivery
		reason     string
		again      bool
		requests   int
	}{
		{"refused", false, func(_ int, w http.ResponseWriter) { w.WriteHeader(400) }, digital.Failed, "rejected", false, 1},
		{"throttled", true, func(_ int, w http.ResponseWriter) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) }, digital.Failed, "throttled", true, 1},
		{"fails, repeats not known", false, func(_ int, w http.ResponseWriter) { w.WriteHeader(500) }, digital.Uncertain, "unanswered", false, 1},
		{"fails, repeats known", true, func(_ int, w http.ResponseWriter) { w.WriteHeader(500) }, digital.Failed, "unreachable_provider", true, 3},
		{"fails once, repeats known", true, func(n int, w http.ResponseWriter) {
			if n == 1 {
				w.WriteHeader(500)
			}
		}, digital.Sent, "", false, 2},
		{"redirect is not followed", false, func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(307)
		}, digital.Failed, "rejected", false, 1},
		{"connection ends", false, func(_ int, w http.ResponseWriter) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}, digital.Uncertain, "unanswered", false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newShop(t, test.answer)
			c := s.config()
			if test.idempotent {
				c.Send.Idempotency = "Idempotency-Key"
			}
			p, _ := running(t, c)
			r := submit(t, p, "x")
			if r.State != test.want || r.Reason != test.reason || (r.Again > 0) != test.again || s.count() != test.requests {
				t.Errorf("got %+v by %d requests", r, s.count())
			}
			if test.idempotent && s.requests[0].Header.Get("Idempotency-Key") != "k1" {
				t.Error("the key is missing")
			}
		})
	}
}

func TestOtherHostsAreNotCalled(t *testing.T) {
	s := newShop(t, func(_ int, w http.ResponseWriter) {})
	c := s.config()
	c.Send.Hosts = []string{"sms.example"}
	p, _ := running(t, c)
	if r := submit(t, p, "x"); r.State != digital.Failed || r.Reason != "configuration" || s.count() != 0 {
		t.Errorf("got %+v by %d requests", r, s.count())
	}
}

func TestNobodyListens(t *testing.T) {
	s := newShop(t, nil)
	c := s.config()
	s.Close()
	p, _ := running(t, c)
	if r := submit(t, p, "x"); r.State != digital.Failed || r.Again == 0 {
		t.Errorf("got %+v, want put off: nothing was sent", r)
	}
}

func TestConfigFaults(t *testing.T) {
	err := Config{Send: Send{URL: "ftp://{to}", Auth: Auth{Kind: "odd"}, Tries: -1}, Webhook: Webhook{Public: "x/"}}.Validate()
	for _, want := range []string{"send.url", "one of form and json", "send.auth.kind", "tries", "webhook.verify", "webhook.message", "webhook.public"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a fault about %s", err, want)
		}
	}
}

func TestGenericWebhookWithoutPublicAddress(t *testing.T) {
	s := newShop(t, nil)
	p, u := running(t, s.config())
	body := `{"id":"1","from":"+491","to":"+492","text":"hi"}`
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	h := http.Header{"Content-Type": {"application/json"}, "X-Timestamp": {stamp}, "X-Signature": {hex.EncodeToString(HMACSignature("x", stamp, []byte(body)))}}
	if w := post(p, "/message", body, h); w.Code != http.StatusNoContent || len(u.arrivals) != 1 {
		t.Errorf("got %d and %+v", w.Code, u.arrivals)
	}
	h.Set("X-Signature", hex.EncodeToString(HMACSignature("x", stamp, []byte("["))))
	if w := post(p, "/message", "[", h); w.Code != http.StatusBadRequest {
		t.Errorf("got %d for broken JSON", w.Code)
	}
}

func FuzzBody(f *testing.F) {
	f.Add([]byte(`{"a":[{"b":1}]}`), "a.0.b", true)
	f.Add([]byte("a=1&b=%zz"), "a", false)
	f.Fuzz(func(t *testing.T, body []byte, path string, json bool) {
		h := http.Header{"Content-Type": {"application/json"}}
		if !json {
			h.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if fields, err := parseBody(h, body); err == nil {
			fields(path)
		}
		r := Request{"https://a.example/x?" + path, h, body}
		for _, v := range []Verifier{TwilioVerifier{"t"}, HMACVerifier{Secret: "s"}} {
			h.Set("X-Twilio-Signature", path)
			h.Set("X-Signature", path)
			h.Set("X-Timestamp", "1700000000")
			if v.Verify(r, time.Unix(1_700_000_000, 0)) == nil {
				t.Error("forged")
			}
		}
	})
}
