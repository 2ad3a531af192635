package provider

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tandem/digital"
)

// Config describes a provider. Zero values mean the defaults in brackets.
type Config struct {
	Name    string // in logs
	Send    Send
	Webhook Webhook
}

// Send describes the request that sends a text. In the values of Form, JSON and Header, {to}, {from}, {text} and {key} are replaced.
type Send struct {
	URL         string
	Method      string            // [POST]
	Form        map[string]string // fields of a form; or
	JSON        map[string]string // path → value of a JSON body
	Header      map[string]string
	Auth        Auth
	ID          string        // path of the message's id in the JSON answer
	Idempotency string        // header that bears {key}; set: the provider drops repeats, so that a request may be tried again
	Hosts       []string      // that may be called [the URL's]
	Timeout     time.Duration // of one try [10s]
	Workers     int           // requests at once [8]
	Queue       int           // texts that wait; above it they are refused for now [1000]
	Tries       int           // where Idempotency is set [3]
	Pause       time.Duration // before the second try; doubles [500ms]
}

// Auth is how we prove ourselves. Kind is "", "basic" (User, Secret), "bearer" (Secret) or "header" (Header: Secret).
type Auth struct {
	Kind, User, Secret, Header string
}

// Webhook describes the requests of a provider: /message for a customer's messages, /status for delivery reports.
type Webhook struct {
	Public  string // the address up to and without /message, as the provider calls it; proxies rewrite what we see [from the request]
	Verify  Verifier
	Message MessagePaths
	Status  StatusPaths
	States  map[string]digital.Delivery // the provider's words; what is not here is ignored
	Reply   Reply                       // [204 without a body]
}

// MessagePaths name the fields of a customer's message.
type MessagePaths struct{ External, From, To, Text string }

// StatusPaths name the fields of a report.
type StatusPaths struct{ External, State, Reason string }

// Reply is what a taken request is answered with.
type Reply struct {
	Status      int
	ContentType string
	Body        string
}

func (c Config) withDefaults() Config {
	s := &c.Send
	if s.Method == "" {
		s.Method = http.MethodPost
	}
	for _, d := range []struct {
		value  *time.Duration
		preset time.Duration
	}{{&s.Timeout, 10 * time.Second}, {&s.Pause, 500 * time.Millisecond}} {
		if *d.value == 0 {
			*d.value = d.preset
		}
	}
	for _, n := range []struct {
		value  *int
		preset int
	}{{&s.Workers, 8}, {&s.Queue, 1000}, {&s.Tries, 3}, {&c.Webhook.Reply.Status, http.StatusNoContent}} {
		if *n.value == 0 {
			*n.value = n.preset
		}
	}
	if u, err := url.Parse(s.URL); err == nil && len(s.Hosts) == 0 {
		s.Hosts = []string{u.Host}
	}
	return c
}

// Validate reports all faults.
func (c Config) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	u, err := url.Parse(c.Send.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.ContainsAny(c.Send.URL, "{}") {
		fault("send.url: not an http or https address without placeholders")
	}
	if (len(c.Send.Form) == 0) == (len(c.Send.JSON) == 0) {
		fault("send: one of form and json")
	}
	switch c.Send.Auth.Kind {
	case "":
	case "basic", "bearer", "header":
		if c.Send.Auth.Secret == "" || c.Send.Auth.Kind == "header" && c.Send.Auth.Header == "" {
			fault("send.auth: secret or header is empty")
		}
	default:
		fault("send.auth.kind: %q is none of basic, bearer, header", c.Send.Auth.Kind)
	}
	if c.Send.Workers < 0 || c.Send.Queue < 0 || c.Send.Tries < 0 || c.Send.Timeout < 0 || c.Send.Pause < 0 {
		fault("send: workers, queue, tries, timeout and pause are not negative")
	}
	if c.Webhook.Verify == nil {
		fault("webhook.verify: requests without a signature are not taken")
	}
	if m := c.Webhook.Message; m.External == "" || m.From == "" || m.To == "" || m.Text == "" {
		fault("webhook.message: external, from, to and text are needed")
	}
	if p := c.Webhook.Public; p != "" {
		if u, err := url.Parse(p); err != nil || u.Host == "" || u.RawQuery != "" || strings.HasSuffix(p, "/") {
			fault("webhook.public: not an address without query and final slash")
		}
	}
	return errors.Join(faults...)
}

// Twilio describes the provider of that name: account and token prove us and sign its requests; base is its API's address.
func Twilio(account, token, public, base string) Config {
	if base == "" {
		base = "https://api.twilio.com"
	}
	form := map[string]string{"To": "{to}", "From": "{from}", "Body": "{text}"}
	if public != "" {
		form["StatusCallback"] = public + "/status"
	}
	return Config{
		Name: "twilio",
		Send: Send{
			URL:  base + "/2010-04-01/Accounts/" + url.PathEscape(account) + "/Messages.json",
			Form: form, Auth: Auth{Kind: "basic", User: account, Secret: token}, ID: "sid",
		},
		Webhook: Webhook{
			Public: public, Verify: TwilioVerifier{Token: token},
			Message: MessagePaths{"MessageSid", "From", "To", "Body"},
			Status:  StatusPaths{"MessageSid", "MessageStatus", "ErrorCode"},
			States: map[string]digital.Delivery{
				"delivered": digital.Delivered, "read": digital.Read, "undelivered": digital.Failed, "failed": digital.Failed,
			},
			Reply: Reply{http.StatusOK, "text/xml", "<Response/>"},
		},
	}
}
