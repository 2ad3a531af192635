package callback

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	requests *prometheus.CounterVec
	outcomes *prometheus.CounterVec
	live     prometheus.Gauge
	strays   prometheus.Gauge
	busy     prometheus.Counter
	failed   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_callback_requests_total",
			Help: "Requests by what became of them: booked, or why refused."}, []string{"result"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_callback_attempts_total",
			Help: "Attempts by outcome."}, []string{"outcome"}),
		live: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_callback_requests_live", Help: "Callbacks that have not ended."}),
		strays: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_callback_strays_events",
			Help: "Events that no live callback takes, since start."}),
		busy: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_callback_mailbox_full_total",
			Help: "Events not taken because the mailbox was full."}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_callback_orders_failed_total",
			Help: "Orders that queue or dialer did not take."}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.outcomes, m.live, m.strays, m.busy, m.failed)
	}
	return m
}
