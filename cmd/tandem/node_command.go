package main

import "github.com/urfave/cli/v2"

func (a *app) nodeCommand() *cli.Command {
	return noun("node", "processes that share the store",
		a.verb(verb{name: "list", usage: "list the nodes that were heard of lately, and who owns the calls", run: a.nodeList}),
	)
}

func (a *app) nodeList(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.Nodes(c.Context)
	if err != nil {
		return askFailed("node list", err, "tandem doctor")
	}
	return a.show(c, list, func() error {
		t := table{head: []string{"NODE", "SIP", "HTTP", "OWNS THE CALLS"}}
		for _, x := range list {
			t.add(x.Name, x.SIP, x.HTTP, yes(x.Owner))
		}
		return t.write(a.streams)
	})
}
