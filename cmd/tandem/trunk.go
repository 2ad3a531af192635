package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

func (a *app) trunkCommand() *cli.Command {
	return noun("trunk", "carriers and PBXs",
		a.verb(verb{name: "list", usage: "list the trunks", run: a.trunkList}),
		a.verb(verb{name: "test", usage: "ask a trunk's far end for a sign of life", args: "TRUNK", min: 1, max: 1, completes: "trunk", run: a.trunkTest}),
	)
}

func (a *app) trunkList(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.Trunks(c.Context)
	if err != nil {
		return askFailed("trunk list", err, "tandem trunk list")
	}
	return a.show(c, list, func() error {
		t := table{head: []string{"TRUNK", "HEALTH", "REGISTRATION", "CALLS", "LIMIT", "RTT", "CHECKED", "ERROR"}}
		for _, x := range list {
			limit := ""
			if x.Limit > 0 {
				limit = fmt.Sprint(x.Limit)
			}
			t.add(x.Name, x.Health, x.Registered, fmt.Sprint(x.Calls), limit, millis(x.RTT), a.when(x.Checked), x.Error)
		}
		return t.write(a.streams)
	})
}

func millis(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f ms", v)
}

func (a *app) trunkTest(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	x, err := b.TestTrunk(c.Context, c.Args().First())
	if err != nil {
		return askFailed("trunk test", err, "tandem trunk list")
	}
	err = a.show(c, x, func() error {
		t := table{head: []string{"ADDRESS", "ANSWERS", "STATUS", "RTT", "ERROR"}}
		for _, g := range x.Targets {
			status := ""
			if g.Status > 0 {
				status = fmt.Sprint(g.Status)
			}
			t.add(g.Address, yes(g.OK), status, millis(g.RTT), g.Error)
		}
		return t.write(a.streams)
	})
	if err == nil && !x.OK {
		var bad []string
		for _, g := range x.Targets {
			if !g.OK {
				bad = append(bad, g.Address)
			}
		}
		return &problem{"trunk " + x.Name + " does not answer", fmt.Errorf("no good answer from %s", strings.Join(bad, ", ")),
			"check address, port and firewall; `tandem doctor` looks at this side", exitFailed}
	}
	return err
}
