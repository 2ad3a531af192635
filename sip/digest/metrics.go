package digest

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of all servers of a process. A nil *Metrics counts nothing.
type Metrics struct {
	verdicts *prometheus.CounterVec
	nonces   prometheus.Gauge
	sources  prometheus.Gauge
	evicted  *prometheus.CounterVec
}

// NewMetrics declares the figures on a registry.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_digest_verdicts_total", Help: "Requests checked, by outcome.",
		}, []string{"outcome"}),
		nonces: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tandem_digest_nonces_used", Help: "Nonces whose use is remembered.",
		}),
		sources: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tandem_digest_failing_sources", Help: "Sources with wrong answers in the current period.",
		}),
		evicted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_digest_evicted_total", Help: "Entries forgotten because a table was full, by table.",
		}, []string{"table"}),
	}
	reg.MustRegister(m.verdicts, m.nonces, m.sources, m.evicted)
	return m
}

func (m *Metrics) verdict(o Outcome) {
	if m != nil {
		m.verdicts.WithLabelValues(o.String()).Inc()
	}
}

// tables takes over what the tables counted since the last time.
func (m *Metrics) tables(r *replays, f *failures) {
	if m == nil {
		return
	}
	m.nonces.Set(float64(len(r.order)))
	m.sources.Set(float64(len(f.order)))
	m.evicted.WithLabelValues("nonces").Add(float64(r.evicted))
	m.evicted.WithLabelValues("sources").Add(float64(f.evicted))
	r.evicted, f.evicted = 0, 0
}
