package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem-load/figures"
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
		Commands: []*cli.Command{benchCommand(), callsCommand(), heldCommand(), overloadCommand(), relayCommand(), queueCommand(), soakCommand()},
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
