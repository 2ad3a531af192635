package access

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the door's figures. Labels are closed sets: never a user, address or path.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  prometheus.Histogram
	live     prometheus.Gauge
	turned   *prometheus.CounterVec
	logins   *prometheus.CounterVec
	panics   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_access_requests_total",
			Help: "Requests by class of status; upgrades are 1xx."}, []string{"class"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_access_request_seconds",
			Help: "Time a request takes; event streams are long.", Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8)}),
		live: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_access_requests_live", Help: "Requests and sockets in progress."}),
		turned: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_access_refused_total",
			Help: "Requests turned away at the door, by reason."}, []string{"reason"}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_access_logins_total", Help: "Attempts to sign in, by result."},
			[]string{"result"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_access_panics_total", Help: "Requests that panicked."}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.seconds, m.live, m.turned, m.logins, m.panics)
	}
	return m
}

func (m *metrics) request(status int, took time.Duration, socket bool) {
	m.requests.WithLabelValues(strconv.Itoa(status/100) + "xx").Inc()
	if !socket {
		m.seconds.Observe(took.Seconds())
	}
}

func (m *metrics) refused(reason string) { m.turned.WithLabelValues(reason).Inc() }

func (m *metrics) login(result string) { m.logins.WithLabelValues(result).Inc() }
