package sms

import (
	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital"
)

// metrics are the channel's figures; a nil *metrics counts nothing.
type metrics struct {
	out     *prometheus.CounterVec
	in      *prometheus.CounterVec
	reports *prometheus.CounterVec
	waiting prometheus.Gauge
	refused prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	if reg == nil {
		return nil
	}
	m := &metrics{
		out: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_sms_sent_messages_total", Help: "Messages to customers by state and reason.",
		}, []string{"state", "reason"}),
		in: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_sms_received_messages_total", Help: "Messages of customers by kind: message, repeated, stop, start, help, refused.",
		}, []string{"kind"}),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_sms_reports_total", Help: "Delivery reports by state.",
		}, []string{"state"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_sms_waiting_messages", Help: "Messages that wait for their sender's rate."}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_sms_refused_total", Help: "Messages refused because the mailbox was full."}),
	}
	reg.MustRegister(m.out, m.in, m.reports, m.waiting, m.refused)
	return m
}

func (m *metrics) sent(r digital.Result) {
	if m != nil {
		m.out.WithLabelValues(r.State.String(), r.Reason).Inc()
	}
}

func (m *metrics) arrive(kind string) {
	if m != nil {
		m.in.WithLabelValues(kind).Inc()
	}
}

func (m *metrics) report(s digital.Delivery) {
	if m != nil {
		m.reports.WithLabelValues(s.String()).Inc()
	}
}

func (m *metrics) waits(n int) {
	if m != nil {
		m.waiting.Set(float64(n))
	}
}

func (m *metrics) refuse() {
	if m != nil {
		m.refused.Inc()
	}
}
