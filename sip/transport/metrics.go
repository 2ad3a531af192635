package transport

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the counters of all endpoints of a process.
type Metrics struct {
	received *prometheus.CounterVec
	sent     *prometheus.CounterVec
	dropped  *prometheus.CounterVec
	conns    *prometheus.GaugeVec
	faults   *prometheus.CounterVec
}

// Reasons for a drop, the values of the label.
const (
	dropACL     = "acl"
	dropRate    = "rate"
	dropGarbage = "garbage"
	dropFull    = "full"
	dropSlow    = "slow_peer"
)

// NewMetrics declares the metrics on a registry; nil leaves them unregistered.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		received: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_transport_received_messages_total", Help: "Messages parsed."}, []string{"endpoint", "transport"}),
		sent:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_transport_sent_messages_total", Help: "Messages handed to a socket or queue."}, []string{"endpoint", "transport"}),
		dropped:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_transport_dropped_messages_total", Help: "Datagrams and connections refused, by reason."}, []string{"endpoint", "reason"}),
		conns:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tandem_transport_connections", Help: "Open connections."}, []string{"endpoint"}),
		faults:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_transport_socket_errors_total", Help: "Socket errors by direction."}, []string{"endpoint", "direction"}),
	}
	if reg != nil {
		reg.MustRegister(m.received, m.sent, m.dropped, m.conns, m.faults)
	}
	return m
}

// counters are the metrics of one endpoint, looked up once.
type counters struct {
	in, out                            map[string]prometheus.Counter
	acl, rate, garbage, full, slow     prometheus.Counter
	readFault, writeFault, acceptFault prometheus.Counter
	conns                              prometheus.Gauge
}

func (m *Metrics) bind(endpoint string) counters {
	c := counters{in: map[string]prometheus.Counter{}, out: map[string]prometheus.Counter{}}
	for _, t := range transports {
		c.in[t] = m.received.WithLabelValues(endpoint, t)
		c.out[t] = m.sent.WithLabelValues(endpoint, t)
	}
	c.acl = m.dropped.WithLabelValues(endpoint, dropACL)
	c.rate = m.dropped.WithLabelValues(endpoint, dropRate)
	c.garbage = m.dropped.WithLabelValues(endpoint, dropGarbage)
	c.full = m.dropped.WithLabelValues(endpoint, dropFull)
	c.slow = m.dropped.WithLabelValues(endpoint, dropSlow)
	c.readFault = m.faults.WithLabelValues(endpoint, "read")
	c.writeFault = m.faults.WithLabelValues(endpoint, "write")
	c.acceptFault = m.faults.WithLabelValues(endpoint, "accept")
	c.conns = m.conns.WithLabelValues(endpoint)
	return c
}
