package smsc

import "github.com/prometheus/client_golang/prometheus"

// metrics are the figures of a server; a nil *metrics counts nothing.
type metrics struct {
	sessions  prometheus.Gauge
	taken     prometheus.Counter
	repeated  prometheus.Counter
	delivered *prometheus.CounterVec
	refused   prometheus.Counter
	again     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	if reg == nil {
		return nil
	}
	m := &metrics{
		sessions: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_smsc_sessions", Help: "Connections of ESMEs."}),
		taken:    prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_smsc_taken_messages_total", Help: "submit_sm taken."}),
		repeated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tandem_smsc_repeated_messages_total", Help: "submit_sm recognised as sent before.",
		}),
		delivered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_smsc_delivered_messages_total", Help: "deliver_sm answered, by result: ok, refused.",
		}, []string{"result"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tandem_smsc_refused_total", Help: "Connections and handsets' messages refused because a limit was reached.",
		}),
		again: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tandem_smsc_redelivered_messages_total", Help: "deliver_sm that go again because they were not answered.",
		}),
	}
	reg.MustRegister(m.again, m.sessions, m.taken, m.repeated, m.delivered, m.refused)
	return m
}

func (m *metrics) session(n float64) {
	if m != nil {
		m.sessions.Add(n)
	}
}

func (m *metrics) take() {
	if m != nil {
		m.taken.Inc()
	}
}

func (m *metrics) repeat() {
	if m != nil {
		m.repeated.Inc()
	}
}

func (m *metrics) refuse() {
	if m != nil {
		m.refused.Inc()
	}
}

func (m *metrics) deliver(ok bool) {
	if m == nil {
		return
	}
	result := "refused"
	if ok {
		result = "ok"
	}
	m.delivered.WithLabelValues(result).Inc()
}

func (m *metrics) redeliver(n int) {
	if m != nil {
		m.again.Add(float64(n))
	}
}
