package health

import (
	"encoding/json"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Check is a question about readiness: Ask gives nil, or why not.
type Check struct {
	Name string
	Ask  func() error
}

// Report is the body of /readyz.
type Report struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"` // "ok", or why not
}

// Handler answers /healthz (200 while the process lives), /readyz (200 when all checks are content, else 503 with the names
// of those that are not) and /metrics (the registry). Everything else is 404.
func Handler(reg prometheus.Gatherer, checks ...Check) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, true, map[string]bool{"alive": true}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		r := ask(checks)
		answer(w, r.Ready, r)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	return mux
}

func ask(checks []Check) Report {
	r := Report{Ready: true, Checks: map[string]string{}}
	for _, c := range checks {
		r.Checks[c.Name] = "ok"
		if err := c.Ask(); err != nil {
			r.Ready, r.Checks[c.Name] = false, err.Error()
		}
	}
	return r
}

func answer(w http.ResponseWriter, ready bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body) // the asker may be gone
}
