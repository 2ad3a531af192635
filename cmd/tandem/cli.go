package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = "dev"

// serveOptions is what serve and demo start.
type serveOptions struct {
	Config *config.Config
	Source config.Source // that Config was read from, with the shipped prompts
	Demo   bool
}

// gateway is what the command line starts. A nil function leaves its commands out.
type gateway struct {
	serve    func(context.Context, serveOptions, streams) error
	selftest func(context.Context, serveOptions, streams) error
}

// app is the command tree with what its verbs share.
type app struct {
	streams
	gateway
	connect   func(socket string) control.Backend
	env       func(string) (string, bool)
	completes map[*cli.Command]string // what the names of a verb are: "call", "queue", …
}

func newApp(s streams, g gateway) *app {
	if s.Now == nil {
		s.Now = time.Now
	}
	return &app{streams: s, gateway: g, env: os.LookupEnv, completes: map[*cli.Command]string{},
		connect: func(socket string) control.Backend { return control.NewClient(socket) }}
}

// run runs one command line, without the program's name, and gives the exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	if len(args) > 0 && args[0] == completeCommand {
		a.complete(ctx, root, args[1:])
		return exitDone
	}
	line, err := normalise(root, customary(args))
	if err == nil {
		err = root.RunContext(ctx, append([]string{"tandem"}, line...))
	}
	if err != nil {
		tell(a.streams, err)
	}
	return codeOf(err)
}

// customary reads what other programs have taught people to write.
func customary(args []string) []string {
	switch {
	case len(args) == 1 && (args[0] == "--version" || args[0] == "-v"):
		return []string{"version"}
	case len(args) > 0 && args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

// root builds the command tree.
func (a *app) root() *cli.App {
	root := &cli.App{
		Name: "tandem", Usage: "telephony-first voice gateway", Version: version, HideVersion: true, HideHelpCommand: true,
		Writer: a.Out, ErrWriter: a.Err, Reader: a.In, ExitErrHandler: func(*cli.Context, error) {},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "table", Usage: "table or json"},
			&cli.BoolFlag{Name: "json", Usage: "the same as -o json"},
			&cli.StringFlag{Name: "socket", EnvVars: []string{"TANDEM_SOCKET"}, Usage: "control socket of the running gateway"},
			&cli.StringFlag{Name: "config", Aliases: []string{"c"}, EnvVars: []string{"TANDEM_CONFIG"}, Usage: "file or folder; empty: the demo configuration"},
			&cli.BoolFlag{Name: "no-color", Usage: "never colour (NO_COLOR does the same)"},
		},
		Before: a.before,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error {
			return usage("`tandem --help` tells how", "%v", err)
		},
		Description: "Exit codes: 0 done, 1 failed, 2 usage, 4 wrong configuration or not authorised,\n" +
			"5 not found, 6 server unreachable, 130 interrupted.",
	}
	root.Commands = slices.Concat(a.serveCommands(), []*cli.Command{a.configCommand(), a.flowCommand(), a.callCommand(),
		a.queueCommand(), a.agentCommand(), a.endpointCommand(), a.trunkCommand(), a.nodeCommand(), a.recordCommand(), a.whyCommand(), a.doctorCommand(),
		a.versionCommand(), a.completionCommand()}, a.digitalCommands())
	return root
}

func (a *app) before(c *cli.Context) error {
	if out := c.String("output"); out != "table" && out != "json" {
		return usage("write -o table or -o json", "unknown output %q", out)
	}
	if c.Bool("no-color") {
		a.Color = false
	}
	return nil
}

// verb is one command that does something.
type verb struct {
	name, usage string
	args        string // for the help text, "CALL"
	min, max    int    // how many names
	completes   string
	flags       []cli.Flag
	run         func(*cli.Context) error
}

func (a *app) verb(v verb) *cli.Command {
	c := &cli.Command{Name: v.name, Usage: v.usage, ArgsUsage: v.args, Flags: v.flags, HideHelpCommand: true}
	c.Action = func(x *cli.Context) error {
		if n := x.NArg(); n < v.min || n > v.max {
			want := "no name"
			if v.max > 0 {
				want = v.args
			}
			return usage("`"+x.Command.HelpName+" --help` tells how", "%s: got %d names, want %s", v.name, n, want)
		}
		return v.run(x)
	}
	c.OnUsageError = func(x *cli.Context, err error, _ bool) error {
		return usage("`"+x.Command.HelpName+" --help` tells how", "%v", err)
	}
	a.completes[c] = v.completes
	return c
}

func noun(name, usageText string, verbs ...*cli.Command) *cli.Command {
	c := &cli.Command{Name: name, Usage: usageText, Subcommands: verbs, HideHelpCommand: true}
	c.Action = func(x *cli.Context) error {
		return usage("`tandem "+name+" --help` lists the verbs", "%s: what about it?", name)
	}
	return c
}

func wantsJSON(c *cli.Context) bool { return c.Bool("json") || c.String("output") == "json" }

// show writes a value as JSON or by the function given.
func (a *app) show(c *cli.Context, v any, write func() error) error {
	if wantsJSON(c) {
		return writeJSON(a.streams, v)
	}
	return write()
}

// backend gives the running gateway's door: --socket, else what the configuration says.
func (a *app) backend(c *cli.Context) (control.Backend, error) {
	if s := c.String("socket"); s != "" {
		return a.connect(s), nil
	}
	if c.String("config") == "" {
		return a.connect(a.plainSocket()), nil
	}
	cfg, _, err := a.load(c)
	if err != nil {
		return nil, err
	}
	return a.connect(cfg.Control.Socket), nil
}

func narrate(w io.Writer, format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
