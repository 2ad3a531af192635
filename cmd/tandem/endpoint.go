package main

import (
	"github.com/urfave/cli/v2"
)

func (a *app) endpointCommand() *cli.Command {
	return noun("endpoint", "phones and their registrations",
		a.verb(verb{name: "list", usage: "list the endpoints", run: a.endpointList}))
}

func (a *app) endpointList(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.Endpoints(c.Context)
	if err != nil {
		return askFailed("endpoint list", err, "tandem endpoint list")
	}
	return a.show(c, list, func() error {
		t := table{head: []string{"ENDPOINT", "EXTENSION", "REGISTERED", "ADDRESS", "SOURCE", "EXPIRES"}}
		for _, e := range list {
			if !e.Registered || len(e.Bindings) == 0 {
				t.add(e.Name, e.Extension, yes(e.Registered), "", "", "")
			}
			for _, x := range e.Bindings {
				t.add(e.Name, e.Extension, "yes", x.URI, x.Source, a.when(x.Expires))
			}
		}
		return t.write(a.streams)
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
