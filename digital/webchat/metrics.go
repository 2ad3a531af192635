package webchat

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of this room.
type Metrics struct {
	sockets prometheus.Gauge
	hellos  *prometheus.CounterVec
	refused *prometheus.CounterVec
	closed  *prometheus.CounterVec
	frames  prometheus.Counter
	uploads prometheus.Counter
}

// NewMetrics registers the figures. reg may be nil: then nobody reads them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	vector := func(name, help, label string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_webchat_" + name, Help: help}, []string{label})
	}
	m := &Metrics{
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_webchat_sockets", Help: "Open sockets."}),
		hellos:  vector("hellos_total", "Pages that said hello, by what they got.", "kind"),
		refused: vector("refused_total", "Frames, sockets and files refused, by code.", "code"),
		closed:  vector("closed_total", "Sockets closed by us, by reason.", "reason"),
		frames:  prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_webchat_frames_total", Help: "Frames of visitors."}),
		uploads: prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_webchat_uploads_total", Help: "Attachments stored."}),
	}
	if reg != nil {
		reg.MustRegister(m.sockets, m.hellos, m.refused, m.closed, m.frames, m.uploads)
	}
	return m
}
