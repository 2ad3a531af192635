package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

func (a *app) queueCommand() *cli.Command {
	return noun("queue", "queues and who waits in them",
		a.verb(verb{name: "list", usage: "list the queues", run: a.queueList}),
		a.verb(verb{name: "show", usage: "show who waits in a queue", args: "QUEUE", min: 1, max: 1, completes: "queue", run: a.queueShow}),
	)
}

func (a *app) queueList(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.Queues(c.Context)
	if err != nil {
		return askFailed("queue list", err, "tandem queue list")
	}
	return a.show(c, list, func() error {
		t := table{head: []string{"QUEUE", "WAITING", "LONGEST", "READY", "BUSY", "SIGNED IN", "ANSWERED", "ABANDONED"}}
		for _, q := range list {
			t.add(q.Name, fmt.Sprint(q.Waiting), seconds(q.LongestWait), fmt.Sprint(q.AgentsReady), fmt.Sprint(q.AgentsBusy),
				fmt.Sprint(q.AgentsOn), fmt.Sprint(q.Answered), fmt.Sprint(q.Abandoned))
		}
		return t.write(a.streams)
	})
}

func (a *app) queueShow(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	q, err := b.Queue(c.Context, c.Args().First())
	if err != nil {
		return askFailed("queue show", err, "tandem queue list")
	}
	return a.show(c, q, func() error {
		t := table{head: []string{"ITEM", "POSITION", "STATE", "CUSTOMER", "WAIT", "AGENT", "CALL"}}
		for _, i := range q.Items {
			t.add(i.ID, fmt.Sprint(i.Position), i.State, i.Customer, seconds(i.Wait), i.Agent, i.Call)
		}
		return t.write(a.streams)
	})
}
