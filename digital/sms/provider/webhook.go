package provider

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"tandem/digital"
	"tandem/digital/sms"
	"tandem/store/journey"
)

const (
	maxBody  = 64 << 10         // octets of a request
	maxOpen  = 256              // requests at once; above it 503
	durable  = 10 * time.Second // for a message to become durable
	mostID   = 128              // octets of a provider's id
	shortest = "5"              // Retry-After, seconds
)

// Handler takes the provider's requests: POST /message and POST /status. It answers 2xx only when what came is durable, 403 where the
// signature is wrong, 400 where fields are missing, 503 with Retry-After where it cannot be taken now.
func (p *Provider) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /message", p.guarded(p.message))
	mux.HandleFunc("POST /status", p.guarded(p.status))
	return mux
}

// guarded bounds and verifies a request before its fields are read.
func (p *Provider) guarded(next func(http.ResponseWriter, *http.Request, sms.Upward, fields)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer p.open.Add(-1)
		up := p.up.Load()
		if p.open.Add(1) > maxOpen || up == nil {
			later(w)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			var big *http.MaxBytesError
			if errors.As(err, &big) {
				http.Error(w, "too large", http.StatusRequestEntityTooLarge)
				return
			}
			http.Error(w, "not read", http.StatusBadRequest)
			return
		}
		if err := p.config.Webhook.Verify.Verify(Request{p.address(r), r.Header, body}, time.Now()); err != nil {
			p.log.Warn("sms webhook refused", "provider", p.config.Name, "err", err)
			http.Error(w, "signature", http.StatusForbidden)
			return
		}
		f, err := parseBody(r.Header, body)
		if err != nil {
			http.Error(w, "neither form nor JSON", http.StatusBadRequest)
			return
		}
		next(w, r, up, f)
	}
}

// address is the URL that the provider called.
func (p *Provider) address(r *http.Request) string {
	base := p.config.Webhook.Public
	path := r.URL.EscapedPath()
	if base == "" {
		base, path = "http://"+r.Host, r.RequestURI
		if r.TLS != nil {
			base = "https://" + r.Host
		}
		path, _, _ = strings.Cut(path, "?")
	}
	if r.URL.RawQuery != "" {
		return base + path + "?" + r.URL.RawQuery
	}
	return base + path
}

func (p *Provider) message(w http.ResponseWriter, r *http.Request, up sms.Upward, f fields) {
	paths := p.config.Webhook.Message
	a := sms.Arrival{External: f(paths.External), From: f(paths.From), To: f(paths.To), Text: f(paths.Text)}
	if a.External == "" || len(a.External) > mostID || a.From == "" || a.To == "" {
		http.Error(w, "fields are missing", http.StatusBadRequest)
		return
	}
	fate := make(chan error, 1)
	up.Arrived(a, func(err error) { fate <- err })
	timer := time.NewTimer(durable)
	defer timer.Stop()
	select {
	case err := <-fate:
		if err != nil && (errors.Is(err, digital.ErrInvalid) || errors.Is(err, digital.ErrTooLong)) {
			http.Error(w, "message cannot be taken", http.StatusBadRequest)
			return
		}
		if err != nil {
			later(w)
			return
		}
		p.reply(w)
	case <-timer.C:
		later(w)
	case <-r.Context().Done():
	}
}

func (p *Provider) status(w http.ResponseWriter, _ *http.Request, up sms.Upward, f fields) {
	paths := p.config.Webhook.Status
	external := f(paths.External)
	if external == "" || len(external) > mostID {
		http.Error(w, "fields are missing", http.StatusBadRequest)
		return
	}
	if state, ok := p.config.Webhook.States[f(paths.State)]; ok {
		report := digital.Report{Channel: journey.SMS, External: external, State: state, At: time.Now()}
		if state == digital.Failed {
			report.Reason = reason(f(paths.Reason))
		}
		up.Fared(report)
	}
	p.reply(w)
}

// reason makes a closed word of a provider's code.
func reason(code string) string {
	if code == "" || len(code) > 16 || strings.Trim(code, "0123456789") != "" {
		return "unreachable"
	}
	return "provider_" + code
}

func (p *Provider) reply(w http.ResponseWriter) {
	reply := p.config.Webhook.Reply
	if reply.ContentType != "" {
		w.Header().Set("Content-Type", reply.ContentType)
	}
	w.WriteHeader(reply.Status)
	if reply.Body != "" {
		io.WriteString(w, reply.Body)
	}
}

func later(w http.ResponseWriter) {
	w.Header().Set("Retry-After", shortest)
	http.Error(w, "cannot be taken now", http.StatusServiceUnavailable)
}
