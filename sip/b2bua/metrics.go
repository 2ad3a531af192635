package b2bua

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the figures of this room.
type Metrics struct {
	calls        prometheus.Gauge
	finished     *prometheus.CounterVec
	setup        prometheus.Histogram
	duration     prometheus.Histogram
	refused      prometheus.Counter
	trunkFull    prometheus.Counter
	phoneFull    prometheus.Counter
	noMedia      prometheus.Counter
	mediaBusy    prometheus.Counter
	queueBusy    prometheus.Counter
	journalLost  prometheus.Counter
	mailboxFull  prometheus.Counter
	floods       prometheus.Counter
	panics       prometheus.Counter
	lostRequests prometheus.Counter
	transfers    *prometheus.CounterVec
	originated   *prometheus.CounterVec
	agentsLost   prometheus.Counter
	handOverLost prometheus.Counter
}

// NewMetrics registers the figures. reg may be nil: then nobody reads them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_b2bua_" + name, Help: help})
	}
	m := &Metrics{
		calls:    prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_b2bua_calls", Help: "Live calls."}),
		finished: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_b2bua_calls_total", Help: "Ended calls by cause."}, []string{"cause"}),
		setup: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tandem_b2bua_setup_seconds", Help: "From INVITE to its 2xx.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 12),
		}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tandem_b2bua_duration_seconds", Help: "From INVITE to the end.", Buckets: prometheus.ExponentialBuckets(1, 2.5, 10),
		}),
		refused:     counter("refused_total", "INVITEs answered 503 at the door."),
		trunkFull:   counter("trunk_full_total", "INVITEs answered 503 because their trunk was full."),
		phoneFull:   counter("phone_full_total", "INVITEs answered 503 because their phone had started as many calls as it may."),
		noMedia:     counter("no_stream_total", "Legs that got no RTP port."),
		mediaBusy:   counter("media_busy_total", "Commands that the media engine did not take."),
		queueBusy:   counter("dispatcher_busy_total", "Commands that the dispatcher did not take."),
		journalLost: counter("journal_lost_total", "Events that the journal did not take."),
		mailboxFull: counter("mailbox_full_total", "Events that found a call's mailbox full."),
		floods:      counter("floods_total", "Calls ended because their mailbox was full."),
		panics:      counter("panics_total", "Calls ended by a panic of their owner."),
		transfers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_b2bua_transfers_total", Help: "Transfers by way (blind, attended, replaced) and cause: normal where they came about.",
		}, []string{"way", "cause"}),
		originated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tandem_b2bua_originated_total", Help: "Originated calls by the side that was not reached (first, second), or talked.",
		}, []string{"outcome"}),
		agentsLost:   counter("agents_lost_total", "Callers who wait again because their agent's side was gone."),
		handOverLost: counter("legs_not_handed_over_total", "Legs that another call did not hand over in time, or did not take."),
		lostRequests: counter("requests_lost_total", "Requests that could not be answered in time."),
	}
	if reg != nil {
		reg.MustRegister(m.calls, m.finished, m.setup, m.duration, m.refused, m.trunkFull, m.phoneFull, m.noMedia, m.mediaBusy, m.queueBusy,
			m.journalLost, m.mailboxFull, m.floods, m.panics, m.lostRequests, m.transfers, m.originated, m.agentsLost, m.handOverLost)
	}
	return m
}

// ended counts a call that is over.
func (m *Metrics) ended(c *Call) {
	m.finished.WithLabelValues(c.kind.String()).Inc()
	m.duration.Observe(c.now.Sub(c.arrival.At).Seconds())
	if !c.answered.IsZero() {
		m.setup.Observe(c.answered.Sub(c.arrival.At).Seconds())
	}
}
