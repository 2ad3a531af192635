package feed

import "github.com/prometheus/client_golang/prometheus"

// metrics are the figures of event streams.
type metrics struct {
	streams           prometheus.Gauge
	sent, ended, full prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_feed_streams_live", Help: "Readers of server-sent events."}),
		sent:    counter("tandem_feed_sent_events_total", "Events sent to readers."),
		ended:   counter("tandem_feed_ended_streams_total", "Streams that we ended: a reader that did not read, or events that are gone."),
		full:    counter("tandem_feed_refused_streams_total", "Streams refused because there were too many."),
	}
	if r != nil {
		r.MustRegister(m.streams, m.sent, m.ended, m.full)
	}
	return m
}
