package engine

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options of an Engine. The zero value of a field takes its default.
type Options struct {
	Queue      int                   // entries waiting for the writer; default 16384
	QueueBytes int                   // bytes waiting for the writer; default 64 MiB
	Group      int                   // entries of one transaction; default 2048
	Pace       time.Duration         // how long events wait for company before they are written; default 20 ms, negative: not at all
	Probe      time.Duration         // how often an unhealthy medium is tried; default 1 s
	Sweep      time.Duration         // how often ended bindings are forgotten; default 1 min
	Log        *slog.Logger          // default: discards
	Registry   prometheus.Registerer // default: a private one
}

func (o Options) withDefaults() Options {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&o.Queue, 16384)
	set(&o.QueueBytes, 64<<20)
	set(&o.Group, 2048)
	if o.Pace == 0 {
		o.Pace = 20 * time.Millisecond
	}
	if o.Probe <= 0 {
		o.Probe = time.Second
	}
	if o.Sweep <= 0 {
		o.Sweep = time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	return o
}
