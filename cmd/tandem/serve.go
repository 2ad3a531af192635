package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"
	_ "time/tzdata" // calendars and spoken times need zones wherever the binary runs

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/health"
)

// drainTime is how long calls in progress may go on after the order to end.
const drainTime = 30 * time.Second

// collectAt is how far the heap may grow before it is collected, in percent of what is live. A call leaves much garbage
// and keeps little: with Go's own 100 the collector takes a tenth of the processor, and audio waits for it more often.
const collectAt = 400

// serve runs a site until ctx ends: what `tandem serve` and `tandem demo` do.
func serve(ctx context.Context, o serveOptions, std streams) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	log := newLog(o.Config.Log, std.Err)
	g, err := newSite(o.Config, o.Source.Prompts, log)
	if err != nil {
		return err
	}
	return g.Run(ctx, drainTime)
}

func newLog(c config.Log, to io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Level.Slog()}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(to, options))
	}
	return slog.New(slog.NewTextHandler(to, options))
}

// openControl listens for the command line before anything serves: who finds us ready finds the socket too.
func (g *site) openControl() (err error) {
	g.control, err = control.Listen(g.cfg.Control.Socket, backend{g}, g.log)
	return err
}

// serveControl answers the command line until ctx ends.
func (g *site) serveControl(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = g.control.Close() })
	defer stop()
	return g.control.Serve()
}

// handler serves health and figures. It is asked often: every check reads what others keep.
func (g *site) handler() http.Handler {
	return health.Handler(g.registry,
		health.Check{Name: "calls", Ask: func() error {
			if g.calls.Draining() {
				return fmt.Errorf("draining, %d calls left", g.calls.Calls())
			}
			return nil
		}},
		health.Check{Name: "store", Ask: g.store.Health},
	)
}
