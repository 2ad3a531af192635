package redis

import "github.com/prometheus/client_golang/prometheus"

type metrics struct{ trips, conflicts, again prometheus.Counter }

func newMetrics(r prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &metrics{
		trips:     counter("tandem_store_redis_round_trips_total", "Round trips to the server."),
		conflicts: counter("tandem_store_redis_conflicts_total", "Groups decided anew because another process was faster."),
		again:     counter("tandem_store_redis_resends_total", "Commits sent again after a lost connection."),
	}
	if r != nil {
		r.MustRegister(m.trips, m.conflicts, m.again)
	}
	return m
}
