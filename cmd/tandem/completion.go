package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
)

// completeCommand is what the shells call: tandem __complete WORDS… CURRENT. It prints a candidate a line and never fails.
// The one line askForFiles means that the shell knows better: a file or folder stands here.
const (
	completeCommand = "__complete"
	askForFiles     = ":files"
)

// completeBudget is what a person at a shell will wait for.
const completeBudget = 300 * time.Millisecond

var shells = map[string]string{
	"bash": `_tandem() {
  local IFS=$'\n'
  COMPREPLY=( $(tandem __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) )
  if [ "${COMPREPLY[0]}" = ":files" ]; then
    local current="${COMP_WORDS[COMP_CWORD]}"
    compopt -o filenames 2>/dev/null
    COMPREPLY=( $(compgen -f -- "${current#=}") )
  fi
}
complete -F _tandem tandem
`,
	"zsh": `#compdef tandem
_tandem() {
  local -a found
  found=("${(@f)$(tandem __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "${found[1]}" == ":files" ]]; then _files; elif [[ -n "${found[1]}" ]]; then compadd -a found; fi
}
compdef _tandem tandem
`,
	"fish": `function __tandem
  set -l words (commandline -opc) (commandline -ct)
  set -l found (tandem __complete $words[2..-1] 2>/dev/null)
  if test "$found[1]" = ":files"; __fish_complete_path $words[-1]; else; string join \n -- $found; end
end
complete -c tandem -f -a '(__tandem)'
`,
}

func (a *app) completionCommand() *cli.Command {
	return a.verb(verb{name: "completion", usage: "print the completion script of a shell", args: "bash|zsh|fish", min: 1, max: 1,
		completes: "shell", run: func(c *cli.Context) error {
			script, ok := shells[c.Args().First()]
			if !ok {
				return usage("write bash, zsh or fish", "unknown shell %q", c.Args().First())
			}
			_, err := io.WriteString(a.Out, script)
			return err
		}})
}

// complete prints what may stand in the place of the last word.
func (a *app) complete(ctx context.Context, root *cli.App, words []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	done, current := words[:len(words)-1], strings.TrimPrefix(words[len(words)-1], "=")
	at := walkTo(root, done)
	var found []string
	switch {
	case at.value:
		found = flagValues(at.flag)
	case strings.HasPrefix(current, "-"):
		found = flagNames(root, at.command)
	case at.command == nil || len(at.command.Subcommands) > 0:
		found = commandNames(root, at.command)
	default:
		found = a.names(ctx, at)
	}
	for _, f := range found {
		if f == askForFiles || strings.HasPrefix(f, current) {
			fmt.Fprintln(a.Out, printable(f))
		}
	}
}

// flagValues are what may follow a flag.
func flagValues(flag string) []string {
	switch flag {
	case "output":
		return []string{"table", "json"}
	case "format":
		return []string{"mermaid", "dot"}
	case "state":
		return []string{"open", "dormant", "closed"}
	case "config", "socket", "keep":
		return []string{askForFiles}
	}
	return nil
}

// position is what was already written when completion is asked for.
type position struct {
	command *cli.Command
	names   int    // how many stand there
	value   bool   // the next word is a flag's value
	flag    string // that flag's name
	socket  string
	config  string
}

func walkTo(root *cli.App, words []string) (p position) {
	for _, w := range words {
		switch {
		case p.value && w == "=": // bash makes a word of it
		case p.value:
			p.note(w)
			p.value = false
		case strings.HasPrefix(w, "-"):
			name, value, given := strings.Cut(strings.TrimLeft(w, "-"), "=")
			p.open(root, name)
			if given && p.value {
				p.note(value)
				p.value = false
			}
		default:
			p.word(root, w)
		}
	}
	return p
}

func (p *position) note(value string) {
	switch p.flag {
	case "socket":
		p.socket = value
	case "config":
		p.config = value
	}
}

// open notes that a flag was written, and whether it takes a value.
func (p *position) open(root *cli.App, name string) {
	flags := root.Flags
	if p.command != nil {
		flags = append(slices.Clone(flags), p.command.Flags...)
	}
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			p.value, p.flag = !isBool, f.Names()[0]
		}
	}
}

func (p *position) word(root *cli.App, w string) {
	list := root.Commands
	if p.command != nil {
		list = p.command.Subcommands
	}
	for _, c := range list {
		if c.HasName(w) {
			p.command = c
			return
		}
	}
	p.names++
}

func flagNames(root *cli.App, c *cli.Command) (list []string) {
	flags := root.Flags
	if c != nil {
		flags = append(slices.Clone(flags), c.Flags...)
	}
	for _, f := range flags {
		list = append(list, "--"+f.Names()[0])
	}
	slices.Sort(list)
	return list
}

func commandNames(root *cli.App, c *cli.Command) (list []string) {
	commands := root.Commands
	if c != nil {
		commands = c.Subcommands
	}
	for _, x := range commands {
		list = append(list, x.Name)
	}
	return list
}

// names asks the running gateway, or the configuration, for names. Whatever goes wrong gives none.
func (a *app) names(ctx context.Context, p position) []string {
	kind := a.completes[p.command]
	switch {
	case kind == "agent" && p.names == 1:
		return agentStates
	case kind == "call" && p.command.Name == "record" && p.names == 1:
		return recordingVerbs
	case p.names > 0 && p.command.Name != "hangup":
		return nil
	}
	switch kind {
	case "shell":
		return []string{"bash", "fish", "zsh"}
	case "flow":
		return a.flowNames(p)
	case "file":
		return []string{askForFiles}
	case "":
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, completeBudget)
	defer cancel()
	return ask(ctx, a.connect(a.socketOf(p)), kind)
}

func (a *app) socketOf(p position) string {
	if p.socket != "" {
		return p.socket
	}
	if s, ok := a.env("TANDEM_SOCKET"); ok && s != "" {
		return s
	}
	if path, _ := a.env("TANDEM_CONFIG"); p.config == "" && path == "" {
		return a.plainSocket()
	}
	if cfg := a.quietly(p); cfg != nil {
		return cfg.Control.Socket
	}
	return a.plainSocket()
}

func (a *app) flowNames(p position) (list []string) {
	if cfg := a.quietly(p); cfg != nil && cfg.Plan != nil {
		for name := range cfg.Plan.Modules {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

func (a *app) quietly(p position) *config.Config {
	path := p.config
	if path == "" {
		path, _ = a.env("TANDEM_CONFIG")
	}
	src, err := a.sourceOf(path)
	if err != nil {
		return nil
	}
	cfg, _, _ := config.Load(src)
	return cfg
}

// ask gives the names of a kind that the gateway knows.
func ask(ctx context.Context, b control.Backend, kind string) []string {
	switch kind {
	case "call":
		return each(b.Calls(ctx))(func(x control.Call) string { return x.ID })
	case "queue":
		return each(b.Queues(ctx))(func(x control.Queue) string { return x.Name })
	case "agent":
		return each(b.Agents(ctx))(func(x control.Agent) string { return x.ID })
	case "trunk":
		return each(b.Trunks(ctx))(func(x control.Trunk) string { return x.Name })
	case "record":
		return each(b.SearchRecords(ctx, control.RecordQuery{Limit: 50}))(func(x control.Record) string { return x.ID })
	}
	return nil
}

func each[T any](list []T, _ error) func(func(T) string) []string {
	return func(name func(T) string) (out []string) {
		for _, x := range list {
			out = append(out, name(x))
		}
		return out
	}
}
