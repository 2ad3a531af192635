package digital

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of this room.
type Metrics struct {
	conversations prometheus.Gauge
	feeds         prometheus.Gauge
	begun         *prometheus.CounterVec
	messages      *prometheus.CounterVec
	duplicates    prometheus.Counter
	refused       *prometheus.CounterVec
	delivery      *prometheus.CounterVec
	durable       prometheus.Histogram
	lagged        prometheus.Counter
	fenced        prometheus.Counter
	mailboxFull   prometheus.Counter
	queueBusy     prometheus.Counter
	journalLost   prometheus.Counter
	strays        prometheus.Counter
	panics        prometheus.Counter
}

// NewMetrics registers the figures. reg may be nil: then nobody reads them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_digital_" + name, Help: help})
	}
	vector := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_digital_" + name, Help: help}, labels)
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_digital_" + name, Help: help})
	}
	m := &Metrics{
		conversations: gauge("conversations", "Conversations in memory."),
		feeds:         gauge("feeds", "Feeds of desks and widgets."),
		begun:         vector("conversations_total", "Conversations begun or loaded, by channel.", "channel"),
		messages:      vector("messages_total", "Durable messages, by sender.", "from"),
		duplicates:    counter("duplicates_total", "Messages that were there already."),
		refused:       vector("refused_total", "Messages and conversations refused, by reason.", "reason"),
		delivery:      vector("deliveries_total", "What became of messages given to adapters, by state.", "state"),
		durable: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tandem_digital_durable_seconds", Help: "From a message's arrival to its receipt.", Buckets: prometheus.ExponentialBuckets(0.0005, 3, 10),
		}),
		lagged:      counter("feeds_lagged_total", "Times that a feed was too slow and must resume."),
		fenced:      counter("fenced_total", "Agents' commands with an old epoch or for an item of another."),
		mailboxFull: counter("mailbox_full_total", "Events that found a conversation's mailbox full."),
		queueBusy:   counter("dispatcher_busy_total", "Commands that the dispatcher did not take."),
		journalLost: counter("journal_failed_total", "Batches that the journal did not make durable."),
		strays:      counter("reports_stray_total", "Delivery reports of messages that nobody knows."),
		panics:      counter("panics_total", "Conversations ended by a panic of their owner."),
	}
	if reg != nil {
		reg.MustRegister(m.conversations, m.feeds, m.begun, m.messages, m.duplicates, m.refused, m.delivery, m.durable, m.lagged, m.fenced,
			m.mailboxFull, m.queueBusy, m.journalLost, m.strays, m.panics)
	}
	return m
}
