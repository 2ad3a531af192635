package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/control"
)

// agentStates are the states that may be asked for.
var agentStates = []string{"available", "away", "offline"}

func (a *app) agentCommand() *cli.Command {
	return noun("agent", "agents and what they do",
		a.verb(verb{name: "list", usage: "list the agents", run: a.agentList}),
		a.verb(verb{name: "set", usage: "set an agent available, away or offline", args: "AGENT STATE", min: 2, max: 2, completes: "agent",
			flags: []cli.Flag{&cli.StringFlag{Name: "reason", Usage: "why, for away"}}, run: a.agentSet}),
	)
}

func (a *app) agentList(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.Agents(c.Context)
	if err != nil {
		return askFailed("agent list", err, "tandem agent list")
	}
	return a.show(c, list, func() error { return a.agentTable(list) })
}

func (a *app) agentTable(list []control.Agent) error {
	t := table{head: []string{"AGENT", "NAME", "STATE", "REASON", "SINCE", "ENDPOINT", "QUEUES", "CALL"}}
	for _, x := range list {
		t.add(x.ID, x.Name, x.State, x.Reason, a.when(x.Since), x.Endpoint, strings.Join(x.Queues, ","), x.Call)
	}
	return t.write(a.streams)
}

func (a *app) agentSet(c *cli.Context) error {
	id, state := c.Args().Get(0), c.Args().Get(1)
	if !slices.Contains(agentStates, state) {
		return usage("write one of "+strings.Join(agentStates, ", "), "unknown agent state %q", state)
	}
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	x, err := b.SetAgent(c.Context, id, control.AgentChange{State: state, Reason: c.String("reason")})
	if err != nil {
		return askFailed("agent set", err, "tandem agent list")
	}
	return a.show(c, x, func() error { return a.agentTable([]control.Agent{x}) })
}
