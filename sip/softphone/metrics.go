package softphone

import "github.com/prometheus/client_golang/prometheus"

// metrics are the figures of a set.
type metrics struct {
	phones  prometheus.Gauge
	calls   prometheus.Gauge
	refused prometheus.Counter
	lost    *prometheus.CounterVec
}

// Reasons for the loss of a phone, the values of the label.
const (
	lostFlow     = "flow"
	lostOwner    = "events"
	lostOverflow = "mailbox"
	lostPanic    = "panic"
)

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		phones:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_softphone_phones", Help: "Phones of pages that are open."}),
		calls:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_softphone_calls", Help: "Calls of those phones."}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_softphone_refused_total", Help: "Phones and calls refused at a limit."}),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_softphone_lost_total", Help: "Phones that ended without being closed, by reason.",
		}, []string{"reason"}),
	}
	if reg != nil {
		reg.MustRegister(m.phones, m.calls, m.refused, m.lost)
	}
	return m
}
