package health_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/cmd/tandem/health"
)

func TestHandler(t *testing.T) {
	reg := prometheus.NewRegistry()
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_test_things_total", Help: "Things."})
	reg.MustRegister(c)
	c.Inc()
	var sick error
	h := health.Handler(reg, health.Check{Name: "store", Ask: func() error { return sick }}, health.Check{Name: "sip", Ask: func() error { return nil }})
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := get("/readyz"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"ready":true`) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	sick = errors.New("disk full")
	w := get("/readyz")
	var r health.Report
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || w.Code != http.StatusServiceUnavailable || r.Ready {
		t.Fatalf("got %d %s, %v", w.Code, w.Body, err)
	}
	if r.Checks["store"] != "disk full" || r.Checks["sip"] != "ok" {
		t.Fatalf("got %v, want every check named", r.Checks)
	}
	if w := get("/healthz"); w.Code != http.StatusOK {
		t.Fatalf("got %d: a process that is not ready lives all the same", w.Code)
	}
	if w := get("/metrics"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "tandem_test_things_total 1") {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	if w := get("/other"); w.Code != http.StatusNotFound {
		t.Fatalf("got %d", w.Code)
	}
}
