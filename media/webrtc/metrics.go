package webrtc

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counts are figures that several goroutines add to.
type counts struct {
	received, sent, refused, strays, sendErrors atomic.Uint64
	streams, up                                 atomic.Int64
}

// metrics are the Gate's.
type metrics struct {
	registry   prometheus.Registerer
	all        []prometheus.Collector
	full       prometheus.Counter
	busy       prometheus.Counter
	refusedSDP prometheus.Counter
	replaced   prometheus.Counter
	lost       prometheus.Counter
	handshakes *prometheus.CounterVec
	took       prometheus.Histogram
}

func newMetrics(g *Gate) (*metrics, error) {
	m := &metrics{registry: g.cfg.Registry}
	total := func(name, help string, v *atomic.Uint64) {
		m.all = append(m.all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(v.Load()) }))
	}
	gauge := func(name, help string, f func() int64) {
		m.all = append(m.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(f()) }))
	}
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
		m.all = append(m.all, c)
		return c
	}
	total("tandem_webrtc_received_packets_total", "RTP and RTCP packets of browsers that were genuine.", &g.counts.received)
	total("tandem_webrtc_sent_packets_total", "RTP and RTCP packets sent to browsers.", &g.counts.sent)
	total("tandem_webrtc_refused_packets_total", "Packets on links that were forged, repeated, too early or too many.", &g.counts.refused)
	total("tandem_webrtc_stray_packets_total", "Packets of nobody known.", &g.counts.strays)
	total("tandem_webrtc_send_errors_total", "Packets that the kernel did not take.", &g.counts.sendErrors)
	gauge("tandem_webrtc_streams_open", "Browser streams open.", g.counts.streams.Load)
	gauge("tandem_webrtc_links_up", "Browser connections that are up.", g.counts.up.Load)
	gauge("tandem_webrtc_mailbox_commands", "Commands that wait.", func() int64 { return int64(len(g.mailbox)) })
	m.full = counter("tandem_webrtc_streams_refused_total", "Streams not opened because the limit was reached.")
	m.busy = counter("tandem_webrtc_busy_commands_total", "Commands refused because the mailbox was full.")
	m.refusedSDP = counter("tandem_webrtc_descriptions_refused_total", "Offers and answers of browsers that were refused.")
	m.replaced = counter("tandem_webrtc_links_replaced_total", "Connections that took the place of another one on a stream.")
	m.lost = counter("tandem_webrtc_links_lost_total", "Connections that were up and then lost.")
	m.handshakes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_webrtc_handshakes_total", Help: "DTLS handshakes ended, by result."}, []string{"result"})
	m.took = prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_webrtc_handshake_seconds", Help: "Time from the description to the keys.",
		Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10}})
	m.all = append(m.all, m.handshakes, m.took)
	for i, c := range m.all {
		if err := m.registry.Register(c); err != nil {
			m.all = m.all[:i]
			m.unregister()
			return nil, err
		}
	}
	return m, nil
}

// unregister takes the metrics out of the registry.
func (m *metrics) unregister() {
	for _, c := range m.all {
		m.registry.Unregister(c)
	}
	m.all = nil
}
