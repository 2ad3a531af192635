package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"time"
	_ "time/tzdata" // calendars and spoken times need zones wherever the binary runs

	"github.com/prometheus/client_golang/prometheus"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/health"
	"tandem/digital/access"
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
	o.Config.HTTP.Demo = o.Config.HTTP.Demo || o.Demo
	log := newLog(o.Config.Log, std.Err)
	if o.Config.Store.Redis.Address != "" {
		return serveNode(ctx, o, log)
	}
	g, err := newSite(o.Config, o.Source.Prompts, log, nil)
	if err != nil {
		return err
	}
	if o.Demo {
		welcome(std.Err, o.Config)
	}
	return g.Run(ctx, drainTime)
}

// welcome says what can be done with the demo: which pages to open, what to dial, as whom to sign in, what to look at.
func welcome(to io.Writer, c *config.Config) {
	at := c.SIP.Listen[0].Addr
	fmt.Fprintf(to, "\nTandem's demo is starting. In a browser on this machine, no phone needed:\n\n")
	fmt.Fprintf(to, "  http://%s/desk    the agent's desk: sign in, set yourself to Available\n", c.HTTP.Listen)
	fmt.Fprintf(to, "  http://%s/demo    the customer: chat, call, ask for a callback, send a text message\n\n", c.HTTP.Listen)
	for _, name := range slices.Sorted(maps.Keys(c.Users)) {
		fmt.Fprintf(to, "  %-8s password %s, %s\n", name, config.DemoPassword, c.Users[name].Role)
	}
	fmt.Fprintf(to, "\nWith a softphone (server %s, UDP or TCP, domain %s, password %s):\n\n", at, c.SIP.Domain, config.DemoPassword)
	for _, name := range slices.Sorted(maps.Keys(c.Endpoints)) {
		fmt.Fprintf(to, "  %-8s extension %s\n", name, c.Endpoints[name].Extension)
	}
	fmt.Fprintf(to, "\n  1000 the menu: 1 queue, 2 extension, 3 echo, 4 the time, 0 operator\n")
	fmt.Fprintf(to, "  %s sign in as an agent, %s out, %s ready, %s break\n\n", c.AgentCodes.SignIn, c.AgentCodes.SignOut, c.AgentCodes.Ready, c.AgentCodes.Break)
	fmt.Fprintf(to, "In a second shell:\n\n")
	fmt.Fprintf(to, "  tandem selftest            a real call through it, audio proven both ways\n")
	fmt.Fprintf(to, "  tandem record search       what was left behind; then: record show, call trace\n\n")
	fmt.Fprintf(to, "Health and figures: http://%s/readyz, /metrics. Ctrl-C ends it.\n\n", c.HTTP.Listen)
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
	if err != nil {
		return err
	}
	g.control.Mount("/v1/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := access.Principal{By: access.ByHost, ID: "socket", User: "admin", Role: access.Admin}
		g.api.ServeHTTP(w, r.WithContext(access.With(r.Context(), p)))
	}))
	return nil
}

// serveControl answers the command line until ctx ends.
func (g *site) serveControl(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = g.control.Close() })
	defer stop()
	return g.control.Serve()
}

// handler serves health and figures. It is asked often: every check reads what others keep.
func (g *site) handler() http.Handler {
	var figures prometheus.Gatherer = g.registry
	if g.shared != nil {
		figures = prometheus.Gatherers{g.registry, g.shared.registry}
	}
	return health.Handler(figures, g.checks()...)
}

// checks are the questions whose answers make us ready.
func (g *site) checks() []health.Check {
	return []health.Check{
		{Name: "calls", Ask: func() error {
			if g.calls.Draining() {
				return fmt.Errorf("draining, %d calls left", g.calls.Calls())
			}
			return nil
		}},
		{Name: "store", Ask: g.store.Health},
	}
}
