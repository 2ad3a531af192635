package acd

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the dispatcher's figures. Queues are named, a closed set; agents, items and callers never are.
type metrics struct {
	ended       *prometheus.CounterVec
	waiting     *prometheus.GaugeVec
	shown       []shownQueue // owned by the dispatcher, as the configuration orders them
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

// shownQueue is a queue with what its gauge shows.
type shownQueue struct {
	queue *queue
	n     int
	gauge prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := &metrics{
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_acd_ended_items_total",
			Help: "Items by queue and outcome; a refused one was never in it."}, []string{"queue", "outcome"}),
		waiting: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tandem_acd_waiting_items",
			Help: "Items waiting or offered, by queue."}, []string{"queue"}),
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
		r.MustRegister(m.ended, m.waiting, m.stepTime, m.journalTime, m.busyTime, m.depth, m.items, m.timers, m.pending, m.busy, m.rejected,
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

// effect counts what was performed.
func (m *metrics) effect(e Effect) {
	m.effects.Inc()
	switch e := e.(type) {
	case ItemEnded:
		m.ended.WithLabelValues(e.Queue, e.Outcome.String()).Inc()
	case Refused:
		if e.Reason == RefusedInvalid {
			e.Queue = "" // the name is not one of ours
		}
		m.ended.WithLabelValues(e.Queue, ItemRefused.String()).Inc()
	}
}

// queues shows how many wait, touching only the gauges that change.
func (m *metrics) queues(s *State) {
	if !slices.EqualFunc(m.shown, s.order, func(x shownQueue, q *queue) bool { return x.queue == q }) {
		m.waiting.Reset()
		m.shown = m.shown[:0]
		for _, q := range s.order {
			m.shown = append(m.shown, shownQueue{q, -1, m.waiting.WithLabelValues(q.cfg.Name)})
		}
	}
	for i := range m.shown {
		x := &m.shown[i]
		if n := x.queue.count[ItemQueued] + x.queue.count[ItemOffered]; n != x.n {
			x.n = n
			x.gauge.Set(float64(n))
		}
	}
}
