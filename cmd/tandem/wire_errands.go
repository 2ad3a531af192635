package main

import (
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// errBusyErrands says that as many errands of a kind run as may.
var errBusyErrands = errors.New("too many run at once")

// Errands that may run at once.
const (
	wishesMost    = 256 // wishes for callbacks and links that are being looked after
	forecastsMost = 16  // as many as the dispatcher lets wait, see acd
)

// errandMetrics are the figures of errands, by kind.
type errandMetrics struct {
	live    *prometheus.GaugeVec
	refused *prometheus.CounterVec
}

func newErrandMetrics(r prometheus.Registerer) errandMetrics {
	kind := []string{"errand"}
	m := errandMetrics{
		live:    prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tandem_house_errands_live", Help: "Short tasks in progress beside their caller, by kind."}, kind),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_house_errands_refused_total", Help: "Tasks refused because too many were in progress, by kind."}, kind),
	}
	r.MustRegister(m.live, m.refused)
	return m
}

// errands are short tasks done beside their caller, who may not wait: a goroutine each, and only so many at once. Each has a limit of
// its own to its time.
type errands struct {
	most    int
	live    prometheus.Gauge
	refused prometheus.Counter
	work    sync.WaitGroup

	mu     sync.Mutex // guards what stands below; nothing waits while it is held
	n      int
	closed bool
}

func newErrands(m errandMetrics, kind string, most int) *errands {
	return &errands{most: most, live: m.live.WithLabelValues(kind), refused: m.refused.WithLabelValues(kind)}
}

// run does a task beside its caller; errBusyErrands when too many run, or after close.
func (e *errands) run(do func()) error {
	if !e.count(1) {
		e.refused.Inc()
		return errBusyErrands
	}
	go func() {
		defer e.work.Done()
		defer e.count(-1)
		do()
	}()
	return nil
}

// count takes a place, if there is one, or gives it back.
func (e *errands) count(by int) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if by > 0 {
		if e.closed || e.n >= e.most {
			return false
		}
		e.work.Add(1)
	}
	e.n += by
	e.live.Set(float64(e.n))
	return true
}

// close takes no more and waits for those that run.
func (e *errands) close() {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.work.Wait()
}
