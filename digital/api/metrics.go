package api

import "github.com/prometheus/client_golang/prometheus"

// metrics are the API's figures, beside those of the door.
type metrics struct {
	once     *prometheus.CounterVec
	denied   prometheus.Counter
	internal prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		once: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_api_repeated_keys_total",
			Help: "Requests whose Idempotency-Key was seen before, by what they were told: the first result, that it is running, or that it was another."},
			[]string{"told"}),
		denied: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_api_denied_total",
			Help: "Requests refused by the route's roles or scope."}),
		internal: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_api_internal_errors_total",
			Help: "Requests that failed for a reason of our own."}),
	}
	if r != nil {
		r.MustRegister(m.once, m.denied, m.internal)
	}
	return m
}
