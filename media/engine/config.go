package engine

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media/prompt"
	"tandem/media/record"
)

// Config is all that an engine needs. Zero values mean the defaults.
type Config struct {
	Workers      int           // default: one per core
	Local        netip.Addr    // address to bind where Open names none; default 0.0.0.0
	PortMin      uint16        // first port of the range, made even; default 10000
	PortMax      uint16        // last port of the range; default 19999
	Drain        time.Duration // a closed port rests so long before reuse; default 5 s
	RelatchAfter time.Duration // a latched source that is silent for so long may be replaced; default 5 s
	ReportEvery  time.Duration // mean time between RTCP reports; default 5 s
	TickAbove    int           // packets per second and worker from which on it drains by a 1 ms tick; default 2000
	Mailbox      int           // commands waiting per worker; default 4096
	Events       int           // events waiting; default 8192
	Prompts      *prompt.Library
	Record       record.Config
	Now          func() time.Time // default time.Now; only the draining of ports reads it
	Registry     prometheus.Registerer
	Log          *slog.Logger
}

// Validate reports all faults.
func (c Config) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("media engine: "+format, args...))
		}
	}
	d := c.withDefaults()
	fault(d.Workers < 1 || d.Workers > 256, "workers %d: not in 1 to 256", d.Workers)
	fault(d.PortMin < 1024, "port_min %d: below 1024", d.PortMin)
	fault(int(d.PortMax) < int(d.PortMin)+1, "port range %d to %d holds no pair", d.PortMin, d.PortMax)
	fault(d.Drain < 0, "drain %v: negative", d.Drain)
	fault(d.RelatchAfter < 0, "relatch_after %v: negative", d.RelatchAfter)
	fault(d.ReportEvery < 100*time.Millisecond, "report_every %v: below 100ms", d.ReportEvery)
	fault(d.Mailbox < 1, "mailbox %d: below 1", d.Mailbox)
	fault(d.Events < 1, "events %d: below 1", d.Events)
	fault(d.TickAbove < 0, "tick_above %d: negative", d.TickAbove)
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.Workers == 0 {
		c.Workers = min(runtime.GOMAXPROCS(0), 256)
	}
	if !c.Local.IsValid() {
		c.Local = netip.IPv4Unspecified()
	}
	if c.PortMin == 0 {
		c.PortMin = 10000
	}
	if c.PortMax == 0 {
		c.PortMax = 19999
	}
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&c.Drain, 5 * time.Second}, {&c.RelatchAfter, 5 * time.Second}, {&c.ReportEvery, 5 * time.Second}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	for _, n := range []struct {
		v   *int
		def int
	}{{&c.TickAbove, 2000}, {&c.Mailbox, 4096}, {&c.Events, 8192}} {
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	return c.withTools()
}

// withTools fills in the things that are not figures.
func (c Config) withTools() Config {
	if c.Prompts == nil {
		c.Prompts = prompt.New()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Record.Now = nil // recordings run by the workers' clock
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}
