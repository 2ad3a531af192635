package trunk

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of all trunks. The label trunk holds configured names, a closed set. A nil *Metrics counts nothing.
type Metrics struct {
	active     *prometheus.GaugeVec
	refused    *prometheus.CounterVec
	targets    *prometheus.GaugeVec
	registered *prometheus.GaugeVec
}

// NewMetrics declares the figures on a registry.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		active: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tandem_trunk_calls", Help: "Calls on the trunk.",
		}, []string{"trunk"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_trunk_refused_calls_total", Help: "Calls refused by the trunk's own limits, by reason: full, down.",
		}, []string{"trunk", "reason"}),
		targets: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tandem_trunk_usable_targets", Help: "Targets that are not down.",
		}, []string{"trunk"}),
		registered: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tandem_trunk_registered", Help: "1 while the outbound registration holds, else 0.",
		}, []string{"trunk"}),
	}
	reg.MustRegister(m.active, m.refused, m.targets, m.registered)
	return m
}

func (m *Metrics) calls(trunk string, n int) {
	if m != nil {
		m.active.WithLabelValues(trunk).Set(float64(n))
	}
}

func (m *Metrics) full(trunk string) {
	if m != nil {
		m.refused.WithLabelValues(trunk, "full").Inc()
	}
}

func (m *Metrics) down(trunk string) {
	if m != nil {
		m.refused.WithLabelValues(trunk, "down").Inc()
	}
}

func (m *Metrics) usable(trunk string, n int) {
	if m != nil {
		m.targets.WithLabelValues(trunk).Set(float64(n))
	}
}

func (m *Metrics) state(trunk string, s RegistrationState) {
	if m == nil {
		return
	}
	v := 0.0
	if s == RegRegistered {
		v = 1
	}
	m.registered.WithLabelValues(trunk).Set(v)
}
