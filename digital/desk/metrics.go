package desk

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of this room.
type Metrics struct {
	links  prometheus.Gauge
	frames *prometheus.CounterVec
	slow   prometheus.Counter
	paced  prometheus.Counter
	faults *prometheus.CounterVec
}

// NewMetrics registers the figures. reg may be nil: then nobody reads them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		links:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_desk_links", Help: "Pages of agents and supervisors that are connected."}),
		frames: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_desk_frames_total", Help: "Frames from and to pages."}, []string{"way"}),
		slow:   prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_desk_slow_links_total", Help: "Pages that were closed because they did not read."}),
		paced:  prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_desk_paced_frames_total", Help: "Frames of pages that had to wait because their page asks too fast."}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_desk_refused_frames_total", Help: "Frames that were answered by an error, by code."}, []string{"code"}),
	}
	if reg != nil {
		reg.MustRegister(m.links, m.frames, m.slow, m.paced, m.faults)
	}
	return m
}
