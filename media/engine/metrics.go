package engine

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counts are the figures of one worker, read by metrics from other goroutines.
type counts struct {
	received, sent, refused, unauthentic, sendErrors atomic.Uint64
	noPorts, eventsDropped, strays                   atomic.Uint64
	skipped                                          atomic.Uint64
	streams, plays, monitors                         atomic.Int64
}

// metrics are the engine's. They are read from the workers' counts when they are asked for.
type metrics struct {
	registry      prometheus.Registerer
	all           []prometheus.Collector
	busy          prometheus.Counter
	recordDropped prometheus.Counter
}

func newMetrics(e *Engine) (*metrics, error) {
	m := &metrics{registry: e.cfg.Registry}
	total := func(name, help string, of func(*counts) *atomic.Uint64) {
		m.all = append(m.all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 {
			sum := uint64(0)
			for _, w := range e.workers {
				sum += of(&w.counts).Load()
			}
			return float64(sum)
		}))
	}
	gauge := func(name, help string, f func() float64) {
		m.all = append(m.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f))
	}
	total("tandem_media_received_packets_total", "Packets read from RTP sockets.", func(c *counts) *atomic.Uint64 { return &c.received })
	total("tandem_media_sent_packets_total", "RTP packets sent.", func(c *counts) *atomic.Uint64 { return &c.sent })
	total("tandem_media_srtp_refused_packets_total", "Packets of protected streams that SRTP refuses: forged, replayed, or not protected.", func(c *counts) *atomic.Uint64 { return &c.unauthentic })
	total("tandem_media_refused_packets_total", "Packets from a source, with a payload type or in a shape that is not accepted.", func(c *counts) *atomic.Uint64 { return &c.refused })
	total("tandem_media_send_errors_total", "Packets that the kernel did not take.", func(c *counts) *atomic.Uint64 { return &c.sendErrors })
	total("tandem_media_no_ports_total", "Streams not opened because the port range was used up.", func(c *counts) *atomic.Uint64 { return &c.noPorts })
	total("tandem_media_events_dropped_total", "Events lost because their reader did not keep up.", func(c *counts) *atomic.Uint64 { return &c.eventsDropped })
	total("tandem_media_stray_commands_total", "Commands about unknown streams, and digits that could not be sent.", func(c *counts) *atomic.Uint64 { return &c.strays })
	total("tandem_media_clock_skipped_ticks_total", "Milliseconds of the playing clock left out after a stall.", func(c *counts) *atomic.Uint64 { return &c.skipped })
	gauge("tandem_media_streams_open", "Streams open.", func() float64 { return e.sum(func(w *worker) int64 { return w.counts.streams.Load() }) })
	gauge("tandem_media_playbacks_running", "Playbacks running.", func() float64 { return e.sum(func(w *worker) int64 { return w.counts.plays.Load() }) })
	gauge("tandem_media_monitors_running", "Streams that listen to others.", func() float64 { return e.sum(func(w *worker) int64 { return w.counts.monitors.Load() }) })
	gauge("tandem_media_mailbox_commands", "Commands that wait for a worker.", func() float64 { return e.sum(func(w *worker) int64 { return int64(len(w.mailbox)) }) })
	gauge("tandem_media_port_pairs_used", "Port pairs in use.", func() float64 { return float64(e.ports.used()) })
	gauge("tandem_media_recordings_open", "Recordings being written.", func() float64 { return float64(e.recorder.Open()) })
	m.busy = prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_media_busy_commands_total", Help: "Commands refused because a mailbox was full."})
	m.recordDropped = prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_media_recording_dropped_frames_total", Help: "Recorded frames lost because the disk was too slow."})
	m.all = append(m.all, m.busy, m.recordDropped)
	for i, c := range m.all {
		if err := m.registry.Register(c); err != nil {
			m.all = m.all[:i]
			m.unregister()
			return nil, err
		}
	}
	return m, nil
}

// unregister takes the engine's metrics out of the registry.
func (m *metrics) unregister() {
	for _, c := range m.all {
		m.registry.Unregister(c)
	}
	m.all = nil
}

// sum adds a figure over the workers.
func (e *Engine) sum(of func(*worker) int64) float64 {
	total := int64(0)
	for _, w := range e.workers {
		total += of(w)
	}
	return float64(total)
}
