package main

import (
	"fmt"
	"time"

	"github.com/urfave/cli/v2"
)

func (a *app) whyCommand() *cli.Command {
	return a.verb(verb{name: "why", usage: "explain how a waiting call was routed", args: "ITEM", min: 1, max: 1, completes: "call", run: a.why})
}

// why prints the decisions about a work item; the item of a phone call has the call's ID.
func (a *app) why(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	x, err := b.Why(c.Context, c.Args().First())
	if err != nil {
		return askFailed("why", err, "tandem queue show QUEUE")
	}
	return a.show(c, x, func() error {
		t := table{head: []string{"AT", "WAITED", "WHAT", "QUEUE", "AGENT", "BECAUSE", "NEED", "URGENCY", "FREE", "SPARED", "NEXT"}}
		for _, d := range x.Decisions {
			urgency := ""
			if d.Urgency > 0 {
				urgency = fmt.Sprintf("%.2f", d.Urgency)
			}
			t.add(d.At.In(a.Now().Location()).Format(time.TimeOnly), seconds(d.Waited), d.What, d.Queue, d.Agent, d.Reason, d.Need,
				urgency, fmt.Sprint(d.Free), fmt.Sprint(d.Excluded), d.Next)
		}
		if err := t.write(a.streams); err != nil || x.Waiting == "" {
			return err
		}
		_, err := fmt.Fprintf(a.Out, "\nwaits now: %s\n", printable(x.Waiting))
		return err
	})
}
