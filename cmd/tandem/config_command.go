package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/demo"
)

// source finds what to read: a name, else --config, else the demo.
func (a *app) source(c *cli.Context) (config.Source, error) {
	path := c.String("config")
	if c.Args().Present() && c.Command.Name != "set" {
		path = c.Args().First()
	}
	src, err := a.sourceOf(path)
	if err != nil {
		next := "name a file or folder, or leave it out for the demo configuration"
		if errors.Is(err, fs.ErrPermission) {
			next = "let this user read it"
		}
		return src, failed("configuration", err, next)
	}
	return src, nil
}

func (a *app) sourceOf(path string) (src config.Source, err error) {
	if path == "" {
		dir, err := os.Getwd()
		return config.Source{Files: []config.File{{Name: "demo/tandem.yaml", Data: demo.Config()}}, Dir: dir,
			Flows: demo.Flows(), Prompts: demo.Prompts(), Env: a.env}, err
	}
	src, err = config.Open(path)
	src.Env, src.Prompts = a.env, demo.Prompts()
	return src, err
}

// load reads the configuration that --config names; a wrong one is exit 4 with every fault told.
func (a *app) load(c *cli.Context) (*config.Config, config.Source, error) {
	src, err := a.sourceOf(c.String("config"))
	if err != nil {
		return nil, src, failed("configuration", err, "name a file or folder with --config")
	}
	cfg, err := a.read(src)
	return cfg, src, err
}

func (a *app) read(src config.Source) (*config.Config, error) {
	cfg, faults, err := config.Load(src)
	if err != nil {
		_, _ = a.Err.Write([]byte(faults.String()))
		return nil, &problem{"the configuration is wrong", nil, correctNext, exitConfig}
	}
	if text := faults.String(); text != "" {
		_, _ = a.Err.Write([]byte(text))
	}
	return cfg, nil
}

const correctNext = "correct what is listed above, then run `tandem config check` again"

func (a *app) configCommand() *cli.Command {
	return noun("config", "check and show the configuration",
		a.verb(verb{name: "check", usage: "tell every fault with its place", args: "[PATH]", max: 1, completes: "file", run: a.configCheck}),
		a.verb(verb{name: "show", usage: "print what is in force, secrets as references", args: "[PATH]", max: 1, completes: "file",
			flags: []cli.Flag{&cli.BoolFlag{Name: "effective", Usage: "with every default (else as written)"}}, run: a.configShow}),
	)
}

// checked is the JSON form of config check.
type checked struct {
	OK     bool      `json:"ok"`
	Faults []faultAt `json:"faults"`
}

type faultAt struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Warning bool   `json:"warning,omitempty"`
}

func (a *app) configCheck(c *cli.Context) error {
	src, err := a.source(c)
	if err != nil {
		return err
	}
	cfg, faults, err := config.Load(src)
	if wantsJSON(c) {
		out := checked{OK: err == nil, Faults: []faultAt{}}
		for _, f := range faults.All() {
			out.Faults = append(out.Faults, faultAt{f.Pos.File, f.Pos.Line, f.Pos.Col, f.Path, f.Message, f.Hint, f.Warning})
		}
		if werr := writeJSON(a.streams, out); werr != nil {
			return werr
		}
	} else {
		_, _ = a.Out.Write([]byte(faults.String()))
	}
	if err != nil {
		return &problem{"the configuration is wrong", nil, correctNext, exitConfig}
	}
	if why := cfg.Exposed(); why != nil {
		return &problem{"the configuration is right but unsafe, and serve will refuse it", why, exposedNext, exitConfig}
	}
	narrate(a.Err, "the configuration is right (endpoints: %d, trunks: %d, queues: %d, agents: %d, flows: %d)",
		len(cfg.Endpoints), len(cfg.Trunks), len(cfg.Queues), len(cfg.Agents), len(cfg.Plan.Modules))
	return nil
}

const exposedNext = "give these endpoints passwords of their own, or listen on 127.0.0.1 only"

func (a *app) configShow(c *cli.Context) error {
	src, err := a.source(c)
	if err != nil {
		return err
	}
	cfg, err := a.read(src) // a file with a secret in plain text is wrong, so it is never shown
	if err != nil {
		return err
	}
	if !c.Bool("effective") && !wantsJSON(c) {
		for _, f := range src.Files {
			if _, err := a.Out.Write(f.Data); err != nil {
				return err
			}
		}
		return nil
	}
	if wantsJSON(c) {
		values, err := cfg.Values()
		if err != nil {
			return err
		}
		return writeJSON(a.streams, values)
	}
	text, err := cfg.Show()
	if err != nil {
		return err
	}
	_, err = a.Out.Write(text)
	return err
}
