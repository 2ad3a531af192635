package digest

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of all servers of a process. A nil *Metrics counts nothing.
type Metrics struct {
	verdicts *prometheus.CounterVec
	nonces   prometheus.Gauge
	sources  prometheus.Gauge
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
	}
	reg.MustRegister(m.verdicts, m.nonces, m.sources)
	return m
}

func (m *Metrics) verdict(o Outcome) {
	if m != nil {
		m.verdicts.WithLabelValues(o.String()).Inc()
	}
}

func (m *Metrics) tables(r *replays, f *failures) {
	if m != nil {
		m.nonces.Set(float64(len(r.order)))
		m.sources.Set(float64(len(f.order)))
	}
}
