package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
)

// errMissed ends a run whose figures did not all reach their goals.
var errMissed = errors.New("not every goal was reached")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := newApp().RunContext(ctx, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "tandem-load:", err)
		os.Exit(1)
	}
}

func newApp() *cli.App {
	return &cli.App{
		Name: "tandem-load", Usage: "drive a built gateway with calls and measure it", HideHelpCommand: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "gateway", Value: "bin/tandem", Usage: "binary to start"},
			&cli.StringFlag{Name: "floor", Usage: "C relay to measure beside the gateway's; empty: none"},
			&cli.StringFlag{Name: "log", Value: "warn", Usage: "log level of the gateway"},
			&cli.BoolFlag{Name: "cdr", Usage: "let the gateway write call detail records"},
			&cli.StringFlag{Name: "folder", Usage: "where the gateway's data goes; empty: the system's temporary folder"},
			&cli.IntFlag{Name: "procs", Value: 1, Usage: "GOMAXPROCS of the gateway, on its one processor"},
			&cli.BoolFlag{Name: "figures", Usage: "print the gateway's own figures and log at the end"},
			&cli.BoolFlag{Name: "json", Usage: "one JSON object for each figure instead of a table"},
			&cli.BoolFlag{Name: "strict", Usage: "fail when a goal is missed"},
			&cli.IntFlag{Name: "pid", Usage: "measure a gateway that runs already; it needs --target and --pages, and our names and numbers"},
			&cli.StringFlag{Name: "target", Usage: "host:port of its SIP"},
			&cli.StringFlag{Name: "pages", Usage: "host:port of its HTTP"},
		},
		Commands: []*cli.Command{callsCommand()},
	}
}

// settingsOf reads what all commands share.
func settingsOf(c *cli.Context) (settings, error) {
	s := settings{
		Binary: c.String("gateway"), Floor: c.String("floor"), Log: c.String("log"), CDR: c.Bool("cdr"), Folder: c.String("folder"),
		Procs: c.Int("procs"), Figures: c.Bool("figures"), PID: c.Int("pid"), Narrate: os.Stderr,
	}
	if s.PID == 0 {
		return s, nil
	}
	var err, err2 error
	s.Target, err = netip.ParseAddrPort(c.String("target"))
	s.Pages, err2 = netip.ParseAddrPort(c.String("pages"))
	return s, errors.Join(err, err2)
}

// command is a sub-command that gives a report.
func command(name, usage string, flags []cli.Flag, run func(*cli.Context, settings) (figures.Report, error)) *cli.Command {
	return &cli.Command{Name: name, Usage: usage, Flags: flags, Action: func(c *cli.Context) error {
		s, err := settingsOf(c)
		if err != nil {
			return err
		}
		report, err := run(c, s)
		if len(report) > 0 {
			err = errors.Join(err, show(c, report))
		}
		if err == nil && c.Bool("strict") && len(report.Missed()) > 0 {
			err = errMissed
		}
		return err
	}}
}

func show(c *cli.Context, r figures.Report) error {
	if c.Bool("json") {
		return r.JSON(c.App.Writer)
	}
	return r.Table(c.App.Writer)
}

func callsCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.Float64SliceFlag{Name: "rate", Value: cli.NewFloat64Slice(300), Usage: "calls a second; may be given again"},
		&cli.DurationFlag{Name: "for", Value: 8 * time.Second, Usage: "how long calls are begun at each rate"},
		&cli.DurationFlag{Name: "hold", Value: time.Second, Usage: "from answer to BYE"},
		&cli.BoolFlag{Name: "ring", Usage: "the callee sends 180 first"},
		&cli.BoolFlag{Name: "out", Usage: "over a trunk instead of to a phone"},
	}
	return command("calls", "bridged calls at a fixed rate", flags, func(c *cli.Context, s settings) (figures.Report, error) {
		r, err := newRig(s, func(r *rig, site *gateway.Site) {
			if c.Bool("out") {
				site.Out = r.outside.Addr
			}
		})
		if err != nil {
			return nil, err
		}
		defer r.close()
		if err := r.register(1); err != nil {
			return nil, err
		}
		var report figures.Report
		for _, rate := range c.Float64Slice("rate") {
			res := runCalls(r, callsPlan{
				Rate: rate, For: c.Duration("for"), Hold: c.Duration("hold"), Ring: c.Bool("ring"), Out: c.Bool("out"), Limit: 35 * time.Second,
			})
			report = append(report, res.report()...)
			r.rest(2 * time.Second)
		}
		return report, nil
	})
}
