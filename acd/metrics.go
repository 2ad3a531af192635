package acd

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the dispatcher's figures. They carry no queue, agent or item names.
type metrics struct {
	stepTime    prometheus.Histogram
	journalTime prometheus.Histogram
	busyTime    prometheus.Counter
	depth       prometheus.Gauge
	items       prometheus.Gauge
	timers      prometheus.Gauge
	pending     prometheus.Gauge
	busy        prometheus.Counter
	rejected    prometheus.Counter
	entries     prometheus.Counter
	effects     prometheus.Counter
	failed      prometheus.Counter
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		stepTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_acd_step_seconds",
			Help: "Time a step takes.", Buckets: prometheus.ExponentialBuckets(1e-6, 4, 10)}),
		journalTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "tandem_acd_journal_seconds",
			Help: "Time from a decision to its durability.", Buckets: prometheus.ExponentialBuckets(1e-5, 4, 10)}),
		busyTime: counter("tandem_acd_busy_seconds_total", "Time spent stepping: its rate is the dispatcher's saturation."),
		depth:    gauge("tandem_acd_mailbox_depth_events", "Events that wait."),
		items:    gauge("tandem_acd_items_live", "Items that have no outcome yet."),
		timers:   gauge("tandem_acd_deadlines_armed", "Deadlines in the list."),
		pending:  gauge("tandem_acd_journal_pending_batches", "Batches that wait for the journal."),
		busy:     counter("tandem_acd_mailbox_full_total", "Events not taken because the mailbox was full."),
		rejected: counter("tandem_acd_rejected_total", "Events that no table lists."),
		entries:  counter("tandem_acd_journal_entries_total", "Entries given to the journal."),
		effects:  counter("tandem_acd_effects_total", "Effects performed."),
		failed:   counter("tandem_acd_journal_failed_total", "Times that the journal failed and ended the dispatcher."),
	}
	if r != nil {
		r.MustRegister(m.stepTime, m.journalTime, m.busyTime, m.depth, m.items, m.timers, m.pending, m.busy, m.rejected,
			m.entries, m.effects, m.failed)
	}
	return m
}

func (m *metrics) step(took time.Duration, s *State, depth int) {
	m.stepTime.Observe(took.Seconds())
	m.busyTime.Add(took.Seconds())
	m.depth.Set(float64(depth))
	m.items.Set(float64(len(s.items)))
	m.timers.Set(float64(len(s.timers.heap)))
}

func (m *metrics) durable(took time.Duration, pending int) {
	m.journalTime.Observe(took.Seconds())
	m.pending.Set(float64(pending))
}
