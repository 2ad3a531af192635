package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tandem/digital"
	"tandem/digital/sms"
)

const (
	maxAnswer = 64 << 10 // octets of an answer that are read
	putOff    = 10 * time.Second
	mostAgain = 10 * time.Minute
)

// Deps are what a Provider needs of others.
type Deps struct {
	Log    *slog.Logger
	Client *http.Client // nil: one of its own; its CheckRedirect is replaced
}

// Provider is an sms.Carrier over HTTP.
type Provider struct {
	config Config
	log    *slog.Logger
	client http.Client
	queue  chan job
	up     atomic.Pointer[upward] // nil: does not run
	open   atomic.Int64           // webhooks that are being handled
}

type upward struct{ sms.Upward }

type job struct {
	text sms.Text
	done func(digital.Result)
}

// errHost means that an address is not one that may be called.
var errHost = errors.New("host is not configured")

// New makes a Provider; the error tells all faults of the configuration.
func New(c Config, d Deps) (*Provider, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	p := &Provider{config: c, log: d.Log, queue: make(chan job, c.Send.Queue)}
	if d.Client != nil {
		p.client = *d.Client
	}
	p.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return p, nil
}

// Idempotent tells whether the provider drops repeats.
func (p *Provider) Idempotent(string) bool { return p.config.Send.Idempotency != "" }

// Submit takes a text. It never waits.
func (p *Provider) Submit(t sms.Text, done func(digital.Result)) error {
	select {
	case p.queue <- job{t, done}:
		return nil
	default:
		return sms.ErrFull
	}
}

// Run sends until ctx ends; what waits then is told as not sent.
func (p *Provider) Run(ctx context.Context, up sms.Upward) error {
	p.up.Store(&upward{up})
	var wg sync.WaitGroup
	for range p.config.Send.Workers {
		wg.Go(func() { p.work(ctx) })
	}
	<-ctx.Done()
	p.up.Store(nil)
	wg.Wait()
	for len(p.queue) > 0 {
		j := <-p.queue
		j.done(digital.Result{State: digital.Failed, Reason: "stopped", Again: time.Second})
	}
	return nil
}

func (p *Provider) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-p.queue:
			j.done(p.send(ctx, j.text))
		}
	}
}

// send makes the request, again where the provider recognises a repeat.
func (p *Provider) send(ctx context.Context, t sms.Text) digital.Result {
	s := &p.config.Send
	pause := s.Pause
	for try := 1; ; try++ {
		if !t.Until.IsZero() && time.Now().After(t.Until) {
			return digital.Result{State: digital.Failed, Reason: "unreachable_provider", Again: putOff}
		}
		r, again := p.attempt(ctx, t)
		if !again || try >= s.Tries || !p.Idempotent("") {
			return r
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return r
		case <-timer.C:
		}
		pause *= 2
	}
}

// attempt makes one request; again says that its fate is not known or that it may succeed soon.
func (p *Provider) attempt(ctx context.Context, t sms.Text) (r digital.Result, again bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.config.Send.Timeout)
	defer cancel()
	req, err := p.request(ctx, t)
	if err != nil {
		p.log.Error("sms request cannot be made", "err", err)
		return digital.Result{State: digital.Failed, Reason: "configuration"}, false
	}
	resp, err := p.client.Do(req)
	if err != nil {
		p.log.Warn("sms provider does not answer", "provider", p.config.Name, "err", err)
		if unsent(err) {
			return digital.Result{State: digital.Failed, Reason: "unreachable_provider", Again: putOff}, true
		}
		return p.unknown(), true
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode < 300 {
		return digital.Result{State: digital.Sent}, false
	}
	return p.judge(resp, body)
}

// unsent says whether an error means that the request never reached the provider.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// unknown is the fate of a request that was made and not answered: where repeats are recognised, the hub may try again.
func (p *Provider) unknown() digital.Result {
	if p.Idempotent("") {
		return digital.Result{State: digital.Failed, Reason: "unreachable_provider", Again: putOff}
	}
	return digital.Result{State: digital.Uncertain, Reason: "unanswered"}
}

// judge reads the answer.
func (p *Provider) judge(resp *http.Response, body []byte) (digital.Result, bool) {
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		r := digital.Result{State: digital.Sent}
		if tree, err := parseJSON(body); err == nil {
			r.External = at(tree, p.config.Send.ID)
		}
		return r, false
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		return digital.Result{State: digital.Failed, Reason: "throttled", Again: retryAfter(resp.Header.Get("Retry-After"))}, false
	case code == http.StatusRequestTimeout || code >= 500:
		p.log.Warn("sms provider fails", "provider", p.config.Name, "status", code)
		return p.unknown(), true
	default: // a redirect, too: it is not followed
		p.log.Warn("sms refused by the provider", "provider", p.config.Name, "status", code)
		return digital.Result{State: digital.Failed, Reason: "rejected"}, false
	}
}

func retryAfter(text string) time.Duration {
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 {
		return putOff
	}
	return min(time.Duration(seconds)*time.Second, mostAgain)
}

func (p *Provider) request(ctx context.Context, t sms.Text) (*http.Request, error) {
	s := &p.config.Send
	body, kind, err := s.bodyOf(t)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, s.Method, s.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if !slices.Contains(s.Hosts, req.URL.Host) {
		return nil, fmt.Errorf("%s: %w", req.URL.Host, errHost)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Accept", "application/json")
	for name, template := range s.Header {
		req.Header.Set(name, fill(template, t))
	}
	if s.Idempotency != "" {
		req.Header.Set(s.Idempotency, t.Key)
	}
	switch s.Auth.Kind {
	case "basic":
		req.SetBasicAuth(s.Auth.User, s.Auth.Secret)
	case "bearer":
		req.Header.Set("Authorization", "Bearer "+s.Auth.Secret)
	case "header":
		req.Header.Set(s.Auth.Header, s.Auth.Secret)
	}
	return req, nil
}
