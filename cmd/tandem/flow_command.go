package main

import (
	"maps"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
	"tandem/ivr/flow"
	"tandem/ivr/flow/source"
)

func (a *app) flowCommand() *cli.Command {
	return noun("flow", "check, test, draw and format flows",
		a.verb(verb{name: "check", usage: "check all flows of the configuration", run: a.flowCheck}),
		a.verb(verb{name: "test", usage: "play scripts against the flows, in virtual time", args: "FILE|FOLDER", min: 1, max: 1,
			completes: "file", run: a.flowTest, flags: []cli.Flag{&cli.BoolFlag{Name: "coverage", Usage: "name the steps and exits that no script took"}}}),
		a.verb(verb{name: "format", usage: "print a flow file in its canonical form, or write it back", args: "FILE", min: 1, max: 1,
			completes: "file", run: a.flowFormat, flags: []cli.Flag{&cli.BoolFlag{Name: "write", Usage: "into the file, not to the screen"}}}),
		a.verb(verb{name: "graph", usage: "draw a flow", args: "FLOW", min: 1, max: 1, completes: "flow", run: a.flowGraph, flags: []cli.Flag{
			&cli.StringFlag{Name: "format", Value: "mermaid", Usage: "mermaid or dot"}}}),
	)
}

// flowCheck checks the flows against the configuration that they belong to: prompts, queues and endpoints included.
func (a *app) flowCheck(c *cli.Context) error { return a.configCheck(c) }

// flowFormat puts the keys of a flow file in order; comments stay where they are.
func (a *app) flowFormat(c *cli.Context) error {
	file := c.Args().First()
	data, err := os.ReadFile(file)
	if err != nil {
		return failed("flow format", err, "name a flow file")
	}
	text, err := flow.Format(file, data)
	if err != nil {
		return &problem{"flow format", err, "correct the file, then format it", exitConfig}
	}
	if c.Bool("write") {
		if err := os.WriteFile(file, text, 0o644); err != nil { // an existing file keeps its mode
			return failed("flow format", err, "let this user write there")
		}
		return nil
	}
	_, err = a.Out.Write(text)
	return err
}

func (a *app) flowGraph(c *cli.Context) error {
	format := c.String("format")
	if format != "mermaid" && format != "dot" {
		return usage("write --format mermaid or --format dot", "unknown format %q", format)
	}
	src, err := a.sourceOf(c.String("config"))
	if err != nil {
		return failed("configuration", err, "name a file or folder with --config")
	}
	cfg, _, err := config.Load(src) // a flow with faults can be drawn as well as it goes
	if cfg.Plan == nil {
		return failed("flow graph", err, "run `tandem config check`")
	}
	name := c.Args().First()
	m := cfg.Plan.Modules[name]
	if m == nil {
		names := slices.Sorted(maps.Keys(cfg.Plan.Modules))
		next := "run `tandem config check`"
		if near := source.Nearest(name, names); near != "" {
			next = "did you mean " + near + "?"
		}
		return &problem{"no flow is called " + name, nil, next, exitNotFound}
	}
	text := cfg.Plan.Mermaid(m)
	if format == "dot" {
		text = cfg.Plan.DOT(m)
	}
	if wantsJSON(c) {
		return writeJSON(a.streams, map[string]string{"flow": name, "format": format, "graph": text})
	}
	_, err = a.Out.Write([]byte(text))
	return err
}
