package provider_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/digital/sms"
	"tandem/digital/sms/provider"
)

// market is a provider of text messages: it takes them over HTTP and calls back with signed requests.
type market struct {
	api      *httptest.Server // ours, where it takes messages
	hooks    *httptest.Server // Tandem's, where it calls back
	mu       sync.Mutex       // guards what stands below
	fault    digitaltest.Fault
	took     []digitaltest.Took
	external map[string]string // by key, where repeats are known
}

func (m *market) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Key, To, Text string }
	if json.NewDecoder(r.Body).Decode(&body) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fault := m.fault
	m.fault = digitaltest.Take
	switch fault {
	case digitaltest.NotNow:
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	case digitaltest.NotEver:
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	id, known := m.external[body.Key]
	if !known || r.Header.Get("Idempotency-Key") == "" {
		id = fmt.Sprint("m", len(m.took)+1)
		m.took = append(m.took, digitaltest.Took{Key: body.Key, To: body.To, Text: body.Text, External: id})
		m.external[body.Key] = id
	}
	if fault == digitaltest.Silent {
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
		return
	}
	json.NewEncoder(w).Encode(map[string]string{"id": id})
}

func (m *market) Next(f digitaltest.Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

func (m *market) Took() []digitaltest.Took {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]digitaltest.Took(nil), m.took...)
}

func (m *market) Deliver(id, from, to, text string) error {
	return m.call("/message", map[string]string{"id": id, "from": from, "to": to, "text": text})
}

func (m *market) Tell(external string, d digital.Delivery) error {
	return m.call("/status", map[string]string{"id": external, "state": d.String()})
}

func (m *market) call(path string, fields map[string]string) error {
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, m.hooks.URL+path, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	req.Header.Set("X-Timestamp", stamp)
	req.Header.Set("X-Signature", hex.EncodeToString(provider.HMACSignature("secret", stamp, body)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}

func rig(idempotent bool) digitaltest.Make {
	return func(t *testing.T, inlet digital.Inlet) digitaltest.Rig {
		log := slog.New(slog.DiscardHandler)
		m := &market{external: map[string]string{}}
		m.api = httptest.NewServer(m)
		t.Cleanup(m.api.Close)
		c := provider.Config{
			Name: "market",
			Send: provider.Send{URL: m.api.URL, JSON: map[string]string{"key": "{key}", "to": "{to}", "text": "{text}"}, ID: "id", Pause: time.Millisecond},
			Webhook: provider.Webhook{
				Verify:  provider.HMACVerifier{Secret: "secret"},
				Message: provider.MessagePaths{External: "id", From: "from", To: "to", Text: "text"},
				Status:  provider.StatusPaths{External: "id", State: "state"},
				States:  map[string]digital.Delivery{"delivered": digital.Delivered, "failed": digital.Failed},
			},
		}
		if idempotent {
			c.Send.Idempotency = "Idempotency-Key"
		}
		p, err := provider.New(c, provider.Deps{Log: log})
		if err != nil {
			t.Fatal(err)
		}
		m.hooks = httptest.NewServer(p.Handler())
		t.Cleanup(m.hooks.Close)
		a, err := sms.New(sms.Config{Senders: []string{"+4930100"}, Segments: 100}, sms.Deps{Log: log, Carrier: p, OptOuts: &sms.MemoryOptOuts{}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); a.Run(ctx, inlet) }()
		t.Cleanup(func() { cancel(); <-ended })
		for m.call("/status", map[string]string{"id": "none"}) != nil { // until it runs
		}
		return digitaltest.Rig{Adapter: a, Provider: m, Ours: "+4930100", Theirs: "+491701234567"}
	}
}

func TestSuite(t *testing.T) { digitaltest.Run(t, rig(false)) }

func TestSuiteIdempotent(t *testing.T) { digitaltest.Run(t, rig(true)) }
