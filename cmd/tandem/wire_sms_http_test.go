package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
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

	"tandem/cmd/tandem/config"
	"tandem/digital"
	"tandem/digital/sms"
	"tandem/digital/sms/provider"
)

// upward notes what a carrier hands up, and takes it.
type upward struct {
	arrived chan sms.Arrival
	fared   chan digital.Report
}

func (u upward) Arrived(a sms.Arrival, done func(error)) { u.arrived <- a; done(nil) }
func (u upward) Fared(r digital.Report)                  { u.fared <- r }

// TestHTTPProviders sends and receives by both kinds of providers as the configuration describes them, over real sockets.
func TestHTTPProviders(t *testing.T) {
	const public, secret = "https://voice.example/sms", "hush"
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, test := range []struct {
		name           string
		account        config.SMS
		sent           []string // what a request must hold
		answer         string
		arrives, fares string // bodies of webhooks
		header         func(path, body string) http.Header
		wantState      digital.Delivery
	}{
		{
			name: "generic", account: config.SMS{Name: "main", URL: "URL/messages"},
			sent:   []string{"Bearer hush", `"to":"+491511"`, `"text":"hello"`, `"from":"+4930"`, `"key":"k1"`},
			answer: `{"id":"m1"}`, arrives: `{"id":"in1","from":"+491511","to":"+4930","text":"hi"}`, fares: `{"id":"m1","status":"delivered"}`,
			header: func(_, body string) http.Header {
				stamp := strconv.FormatInt(time.Now().Unix(), 10)
				sum := hex.EncodeToString(provider.HMACSignature(secret, stamp, []byte(body)))
				return http.Header{"Content-Type": {"application/json"}, "X-Timestamp": {stamp}, "X-Signature": {sum}}
			},
			wantState: digital.Delivered,
		},
		{
			name: "twilio", account: config.SMS{Name: "main", Twilio: "AC1", URL: "URL"},
			sent:   []string{"Basic ", "/Accounts/AC1/", "Body=hello", "To=%2B491511"},
			answer: `{"sid":"m1"}`, arrives: "MessageSid=in1&From=%2B491511&To=%2B4930&Body=hi", fares: "MessageSid=m1&MessageStatus=delivered",
			header: func(path, body string) http.Header {
				fields, _ := url.ParseQuery(body)
				h := form.Clone()
				h.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(provider.TwilioSignature(secret, public+path, fields)))
				return h
			},
			wantState: digital.Delivered,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := make(chan string, 1)
			far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				asked <- r.URL.Path + " " + r.Header.Get("Authorization") + " " + string(body)
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, test.answer)
			}))
			defer far.Close()
			test.account.URL = strings.Replace(test.account.URL, "URL", far.URL, 1)
			p, err := provider.New(httpProvider(&test.account, secret, public), provider.Deps{Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			near := httptest.NewServer(p.Handler())
			defer near.Close()
			up := upward{make(chan sms.Arrival, 1), make(chan digital.Report, 1)}
			ctx, cancel := context.WithCancel(context.Background())
			var running sync.WaitGroup
			running.Go(func() { _ = p.Run(ctx, up) })
			defer running.Wait()
			defer cancel()

			result := make(chan digital.Result, 1)
			if err := p.Submit(sms.Text{Key: "k1", From: "+4930", To: "+491511", Text: "hello"}, func(r digital.Result) { result <- r }); err != nil {
				t.Fatal(err)
			}
			request := <-asked
			for _, want := range test.sent {
				if !strings.Contains(request, want) {
					t.Errorf("the request lacks %q: %s", want, request)
				}
			}
			if r := <-result; r.State != digital.Sent || r.External != "m1" {
				t.Errorf("got %+v, want sent as m1", r)
			}

			hook := func(path, body string, h http.Header) int {
				req, err := http.NewRequest(http.MethodPost, near.URL+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header = h
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp.StatusCode
			}
			if code := hook("/message", test.arrives, form.Clone()); code != http.StatusForbidden {
				t.Errorf("an unsigned message: got %d, want 403", code)
			}
			if code := hook("/message", test.arrives, test.header("/message", test.arrives)); code/100 != 2 {
				t.Errorf("a message: got %d", code)
			}
			if a := <-up.arrived; a.From != "+491511" || a.To != "+4930" || a.Text != "hi" || a.External != "in1" {
				t.Errorf("got %+v", a)
			}
			if code := hook("/status", test.fares, test.header("/status", test.fares)); code/100 != 2 {
				t.Errorf("a report: got %d", code)
			}
			if r := <-up.fared; r.External != "m1" || r.State != test.wantState {
				t.Errorf("got %+v", r)
			}
		})
	}
}
