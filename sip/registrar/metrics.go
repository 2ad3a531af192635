package registrar

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the figures of the location table. A nil *Metrics counts nothing.
type Metrics struct {
	requests *prometheus.CounterVec
	events   *prometheus.CounterVec
	bindings prometheus.Gauge
	aors     prometheus.Gauge
}

// NewMetrics declares the figures on a registry.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_registrar_requests_total", Help: "REGISTER requests answered, by status.",
		}, []string{"status"}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_registrar_events_total", Help: "Changes of the location table, by kind.",
		}, []string{"kind"}),
		bindings: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tandem_registrar_bindings", Help: "Bindings in the location table.",
		}),
		aors: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tandem_registrar_aors", Help: "Addresses-of-record with at least one binding.",
		}),
	}
	reg.MustRegister(m.requests, m.events, m.bindings, m.aors)
	return m
}

func (m *Metrics) answered(status int) {
	if m != nil {
		m.requests.WithLabelValues(strconv.Itoa(status)).Inc()
	}
}

func (m *Metrics) changed(events []Event, bindings, aors int) {
	if m == nil {
		return
	}
	for _, e := range events {
		m.events.WithLabelValues(e.Kind.String()).Inc()
	}
	m.bindings.Set(float64(bindings))
	m.aors.Set(float64(aors))
}
