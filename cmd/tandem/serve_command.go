package main

import (
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/demo"
)

// serveCommands are the commands that start a gateway; those that this binary cannot start are left out.
func (a *app) serveCommands() (list []*cli.Command) {
	if a.serve != nil {
		list = append(list,
			a.verb(verb{name: "serve", usage: "run the gateway until it is told to end", run: a.runServe}),
			a.verb(verb{name: "demo", usage: "run the demo configuration on loopback", run: a.runDemo, flags: []cli.Flag{
				&cli.StringFlag{Name: "keep", Usage: "folder for the data; empty: a temporary one, removed at the end"}}}))
	}
	if a.selftest != nil {
		list = append(list, a.verb(verb{name: "selftest", usage: "make a call through the gateway and prove audio both ways", run: a.runSelftest}))
	}
	return list
}

func (a *app) runServe(c *cli.Context) error {
	cfg, src, err := a.load(c)
	if err != nil {
		return err
	}
	if c.String("config") == "" {
		cfg.Control.Socket = a.plainSocket()
	}
	return a.start(c, serveOptions{Config: cfg, Source: src})
}

func (a *app) start(c *cli.Context, o serveOptions) error {
	if why := o.Config.Exposed(); why != nil {
		return &problem{"refusing to start", why, exposedNext, exitConfig}
	}
	if err := a.serve(c.Context, o, a.streams); err != nil {
		return failed("serve", err, "run `tandem doctor` to see what is in the way")
	}
	return nil
}

func (a *app) runDemo(c *cli.Context) (err error) {
	dir := c.String("keep")
	if dir == "" {
		if dir, err = os.MkdirTemp("", "tandem-demo-"); err != nil {
			return failed("demo", err, "name a folder with --keep")
		}
		defer func() { _ = os.RemoveAll(dir) }()
	}
	src, err := a.demoSource(dir)
	if err != nil {
		return failed("demo", err, "name another folder with --keep")
	}
	cfg, err := a.read(src)
	if err != nil {
		return err
	}
	cfg.Control.Socket = a.plainSocket()
	return a.start(c, serveOptions{Config: cfg, Source: src, Demo: true})
}

func (a *app) demoSource(dir string) (config.Source, error) {
	dir, err := filepath.Abs(dir)
	return config.Source{Files: []config.File{{Name: "demo/tandem.yaml", Data: demo.Config()}}, Dir: dir, Flows: demo.Flows(),
		Prompts: demo.Prompts(), Env: a.env}, err
}

func (a *app) runSelftest(c *cli.Context) error {
	cfg, src, err := a.load(c)
	if err != nil {
		return err
	}
	none := c.String("config") == ""
	switch s := c.String("socket"); {
	case s != "":
		cfg.Control.Socket = s
	case none:
		cfg.Control.Socket = a.plainSocket()
	}
	if err := a.selftest(c.Context, serveOptions{Config: cfg, Source: src, Demo: none}, a.streams); err != nil {
		return failed("selftest", err, "run `tandem doctor`, or look at the ladder above")
	}
	return nil
}
