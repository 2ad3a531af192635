package transaction

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the counters of all layers of a process.
type Metrics struct {
	retransmitsIn  prometheus.Counter
	retransmitsOut prometheus.Counter
	rejected       *prometheus.CounterVec
	timeouts       prometheus.Counter
	watchdog       prometheus.Counter
	stray          prometheus.Counter
	heldCancels    prometheus.Counter
	active         *prometheus.GaugeVec
	servers        prometheus.Gauge
	clients        prometheus.Gauge
}

// NewMetrics declares the metrics on a registry; nil leaves them unregistered.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_transaction_" + name + "_total", Help: help})
	}
	m := &Metrics{
		retransmitsIn:  counter("retransmissions_received", "Retransmitted messages absorbed."),
		retransmitsOut: counter("retransmissions_sent", "Messages sent again."),
		rejected:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_transaction_rejected_requests_total", Help: "Requests answered by the layer, by status."}, []string{"status"}),
		timeouts:       counter("timeouts", "Client transactions without a final response."),
		watchdog:       counter("unanswered", "Requests that the watchdog answered."),
		stray:          counter("stray_responses", "Responses without a transaction."),
		heldCancels:    counter("held_cancels", "CANCELs that came before their INVITE."),
		active:         prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tandem_transaction_active", Help: "Transactions in the tables."}, []string{"side"}),
	}
	m.servers, m.clients = m.active.WithLabelValues("server"), m.active.WithLabelValues("client")
	if reg != nil {
		reg.MustRegister(m.retransmitsIn, m.retransmitsOut, m.rejected, m.timeouts, m.watchdog, m.stray, m.heldCancels, m.active)
	}
	return m
}
