package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"tandem/ivr/flow/source"
)

// normalise puts a command line into the one order that the parser below reads: globals, commands, flags of the command,
// names. So flags may stand anywhere; "--" ends them. An unknown command or flag is a usage error with the nearest right
// one.
func normalise(app *cli.App, args []string) ([]string, error) {
	n := &normaliser{app: app, commands: app.Commands}
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case n.ended || arg == "-" || !strings.HasPrefix(arg, "-"):
			if err := n.word(arg); err != nil {
				return nil, err
			}
		case arg == "--":
			n.ended = true
		default:
			used, err := n.flag(args[i:])
			if err != nil {
				return nil, err
			}
			i += used - 1
		}
	}
	return n.line(), nil
}

type normaliser struct {
	app      *cli.App
	commands []*cli.Command // that may come next
	command  *cli.Command   // the last one found; nil: none yet
	path     []string
	globals  []string
	flags    []string
	names    []string
	ended    bool // after "--"
	help     bool
}

func (n *normaliser) line() []string {
	out := append(slices.Clone(n.globals), n.path...)
	if n.help {
		return append(out, "--help")
	}
	out = append(out, n.flags...)
	if len(n.names) > 0 {
		out = append(append(out, "--"), n.names...)
	}
	return out
}

// word takes a command or, below the last command, a name.
func (n *normaliser) word(arg string) error {
	if len(n.commands) == 0 || n.ended {
		n.names = append(n.names, arg)
		return nil
	}
	var names []string
	for _, c := range n.commands {
		if c.HasName(arg) {
			n.command, n.commands = c, c.Subcommands
			n.path = append(n.path, c.Name)
			return nil
		}
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	next := "`" + strings.Join(append([]string{"tandem"}, n.path...), " ") + " --help` lists the commands"
	if near := source.Nearest(arg, names); near != "" {
		next = "did you mean " + near + "?"
	}
	return usage(next, "unknown command %q", strings.Join(append(slices.Clone(n.path), arg), " "))
}

// flag takes a flag and its value, and gives how many arguments that used.
func (n *normaliser) flag(args []string) (used int, err error) {
	name, value, given := strings.Cut(strings.TrimLeft(args[0], "-"), "=")
	if name == "help" || name == "h" {
		n.help = true
		return 1, nil
	}
	f, into := n.find(name)
	if f == nil {
		return 0, n.unknown(args[0])
	}
	if _, isBool := f.(*cli.BoolFlag); isBool {
		*into = append(*into, args[0])
		return 1, nil
	}
	if given {
		*into = append(*into, "--"+name+"="+value)
		return 1, nil
	}
	if len(args) < 2 {
		return 0, usage("write "+args[0]+" VALUE", "flag %s needs a value", args[0])
	}
	*into = append(*into, "--"+name+"="+args[1])
	return 2, nil
}

func (n *normaliser) find(name string) (cli.Flag, *[]string) {
	if n.command != nil {
		for _, f := range n.command.Flags {
			if slices.Contains(f.Names(), name) {
				return f, &n.flags
			}
		}
	}
	for _, f := range n.app.Flags {
		if slices.Contains(f.Names(), name) {
			return f, &n.globals
		}
	}
	return nil, nil
}

func (n *normaliser) unknown(arg string) error {
	var names []string
	flags := n.app.Flags
	if n.command != nil {
		flags = append(slices.Clone(flags), n.command.Flags...)
	}
	for _, f := range flags {
		for _, name := range f.Names() {
			if len(name) > 1 {
				names = append(names, name)
			}
		}
	}
	bare, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	next := "`" + strings.Join(append([]string{"tandem"}, n.path...), " ") + " --help` lists the flags"
	if near := source.Nearest(bare, names); near != "" {
		next = "did you mean --" + near + "?"
	}
	return usage(next, "unknown flag %s", arg)
}
