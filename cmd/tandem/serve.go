package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
	_ "time/tzdata" // calendars and spoken times need zones wherever the binary runs

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
)

// drainTime is how long calls in progress may go on after the order to end.
const drainTime = 30 * time.Second

// serve runs a site until ctx ends: what `tandem serve` and `tandem demo` do.
func serve(ctx context.Context, o serveOptions, std streams) error {
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

// serveControl answers the command line until ctx ends.
func (g *site) serveControl(ctx context.Context) error {
	srv, err := control.Listen(g.cfg.Control.Socket, backend{g}, g.log)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	return srv.Serve()
}

// handler serves health and figures.
func (g *site) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(g.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := g.ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	return mux
}

// ready tells why new work would not be done right, nil if it would.
func (g *site) ready() error {
	if g.calls.Draining() {
		return fmt.Errorf("draining: %d calls left", g.calls.Calls())
	}
	if err := g.store.Health(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	return nil
}
