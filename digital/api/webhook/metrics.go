package webhook

import "github.com/prometheus/client_golang/prometheus"

// metrics are the figures of webhooks. Subscriptions are not named: integrators make them.
type metrics struct {
	attempts      *prometheus.CounterVec
	seconds       prometheus.Histogram
	subscriptions prometheus.Gauge
	retrying      prometheus.Gauge
	busy          prometheus.Gauge
	dead          prometheus.Counter
	store         prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_webhook_attempts_total",
			Help: "Attempts to deliver an event, by result."}, []string{"result"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_webhook_attempt_seconds",
			Help: "Time an attempt takes.", Buckets: prometheus.ExponentialBuckets(0.005, 4, 7)}),
		subscriptions: gauge("tandem_webhook_subscriptions_live", "Subscriptions that are not disabled."),
		retrying:      gauge("tandem_webhook_subscriptions_retrying", "Of those, how many have an event that failed."),
		busy:          gauge("tandem_webhook_workers_busy", "Deliveries in progress."),
		dead:          counter("tandem_webhook_dead_events_total", "Events given up."),
		store:         counter("tandem_webhook_store_errors_total", "Times that a position or subscription could not be read or written."),
	}
	if r != nil {
		r.MustRegister(m.attempts, m.seconds, m.subscriptions, m.retrying, m.busy, m.dead, m.store)
	}
	return m
}
