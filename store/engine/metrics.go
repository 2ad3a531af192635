package engine

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	depth, bytes, healthy     prometheus.Gauge
	commit, group             prometheus.Histogram
	events, duplicates, swept prometheus.Counter
	ended                     prometheus.Counter
	refused                   *prometheus.CounterVec // by reason: busy, unhealthy, invalid, closed
	failures                  prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		depth:   gauge("tandem_store_queue_depth", "Writes waiting for the writer."),
		bytes:   gauge("tandem_store_queue_bytes", "Bytes waiting for the writer."),
		healthy: gauge("tandem_store_healthy", "1 while writes become durable, else 0."),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_store_commit_seconds",
			Help: "Time of one group commit.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 15)}),
		group: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_store_group_writes",
			Help: "Writes of one group commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 12)}),
		events:     counter("tandem_store_events_total", "Events made durable."),
		duplicates: counter("tandem_store_duplicates_total", "Events dropped because their key was known."),
		swept:      counter("tandem_store_bindings_swept_total", "Bindings forgotten after their end."),
		ended:      counter("tandem_store_ended_total", "Documents, tokens and once-only keys forgotten after their end."),
		failures:   counter("tandem_store_commit_failures_total", "Group commits that the medium refused."),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_store_refused_total",
			Help: "Writes refused at the door."}, []string{"reason"}),
	}
	r.MustRegister(m.depth, m.bytes, m.healthy, m.commit, m.group, m.events, m.duplicates, m.swept, m.ended, m.failures, m.refused)
	m.healthy.Set(1)
	return m
}
