package smpp

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of all clients. The label client holds configured names. A nil *Metrics counts nothing.
type Metrics struct {
	bounds, queue, flight            *prometheus.GaugeVec
	results, inbound                 *prometheus.CounterVec
	throttled, retries, strays, bads *prometheus.CounterVec
	fulls                            *prometheus.CounterVec
}

// NewMetrics declares the figures on a registry.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tandem_smpp_" + name, Help: help}, []string{"client"})
		reg.MustRegister(g)
		return g
	}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_smpp_" + name, Help: help}, append([]string{"client"}, labels...))
		reg.MustRegister(c)
		return c
	}
	return &Metrics{
		bounds:    gauge("bound", "1 while the client is bound, else 0."),
		queue:     gauge("waiting_messages", "Submissions that wait to be sent."),
		flight:    gauge("unanswered_messages", "submit_sm that are out."),
		results:   counter("submitted_messages_total", "Submissions by outcome: accepted, refused, uncertain, unsent.", "outcome"),
		inbound:   counter("delivered_messages_total", "deliver_sm by kind: message, receipt, again, refused, late.", "kind"),
		throttled: counter("throttled_total", "submit_sm that the centre wants later."),
		retries:   counter("rebinds_total", "Tries to bind after a failure or a loss."),
		strays:    counter("stray_answers_total", "Answers that nothing waited for."),
		bads:      counter("unreadable_total", "PDUs that could not be read."),
		fulls:     counter("refused_submissions_total", "Submissions refused because the queue was full."),
	}
}

func (m *Metrics) bound(client string, up bool) {
	if m == nil {
		return
	}
	v := 0.0
	if up {
		v = 1
	}
	m.bounds.WithLabelValues(client).Set(v)
}

func (m *Metrics) load(client string, queue, flight int) {
	if m != nil {
		m.queue.WithLabelValues(client).Set(float64(queue))
		m.flight.WithLabelValues(client).Set(float64(flight))
	}
}

func (m *Metrics) submitted(client string, o Outcome) {
	if m != nil {
		m.results.WithLabelValues(client, o.String()).Inc()
	}
}

func (m *Metrics) received(client, kind string) {
	if m != nil {
		m.inbound.WithLabelValues(client, kind).Inc()
	}
}

func (m *Metrics) throttle(client string) {
	if m != nil {
		m.throttled.WithLabelValues(client).Inc()
	}
}

func (m *Metrics) retry(client string) {
	if m != nil {
		m.retries.WithLabelValues(client).Inc()
	}
}

func (m *Metrics) stray(client string) {
	if m != nil {
		m.strays.WithLabelValues(client).Inc()
	}
}

func (m *Metrics) garbled(client string) {
	if m != nil {
		m.bads.WithLabelValues(client).Inc()
	}
}

func (m *Metrics) full(client string) {
	if m != nil {
		m.fulls.WithLabelValues(client).Inc()
	}
}
