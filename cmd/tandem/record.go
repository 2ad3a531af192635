package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/control"
	"tandem/ivr/flow/source"
)

func (a *app) recordCommand() *cli.Command {
	return noun("record", "context records: customers' matters over all channels",
		a.verb(verb{name: "show", usage: "show a record with its timeline", args: "RECORD", min: 1, max: 1, completes: "record", run: a.recordShow}),
		a.verb(verb{name: "search", usage: "find records by a number, name, topic, outcome, attribute or id, or a part of one", args: "[TEXT]", max: 1, run: a.recordSearch, flags: []cli.Flag{
			&cli.StringFlag{Name: "state", Usage: "open, dormant or closed"},
			&cli.StringFlag{Name: "since", Usage: "opened within, such as 2h or 7d"},
			&cli.IntFlag{Name: "limit", Value: 50, Usage: "at most so many, up to 1000"}}}),
	)
}

func (a *app) recordShow(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	r, err := b.Record(c.Context, c.Args().First())
	if err != nil {
		return askFailed("record show", err, "tandem record search")
	}
	return a.show(c, r, func() error {
		var d details
		d.add("record", r.ID)
		d.add("customer", strings.TrimSpace(r.Customer+" "+r.Name))
		d.add("topic", r.Topic)
		d.add("state", r.State)
		d.add("outcome", r.Outcome)
		d.add("opened", a.when(r.Opened))
		d.add("touched", a.when(r.Touched))
		d.add("attributes", pairs(r.Attributes))
		if err := d.write(a.streams); err != nil || len(r.Events) == 0 {
			return err
		}
		fmt.Fprintln(a.Out)
		t := table{head: []string{"SEQ", "AT", "KIND", "CHANNEL", "INTERACTION", "ACTOR", "DATA"}}
		for _, e := range r.Events {
			t.add(fmt.Sprint(e.Seq), a.when(e.At), e.Kind, e.Channel, e.Interaction, e.Actor, pairs(e.Data))
		}
		return t.write(a.streams)
	})
}

// searched is the text to look for. A phone number, which begins with +, 0 or a bracket, becomes the digits that its stored form
// has too, however it is written: "030 12-34" is found in +49301234.
func searched(text string) string {
	if len(text) < leastNumber || !strings.ContainsRune("+0(", rune(text[0])) || strings.Trim(text, "+0123456789 ()-./") != "" {
		return text
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, strings.ReplaceAll(text, "(0)", ""))
	if digits = strings.TrimLeft(digits, "0"); len(digits) < leastNumber {
		return text
	}
	return digits
}

// leastNumber is the length from which digits are taken for a phone number.
const leastNumber = 5

func pairs(m map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		list = append(list, k+"="+m[k])
	}
	return strings.Join(list, " ")
}

func (a *app) recordSearch(c *cli.Context) error {
	q := control.RecordQuery{Text: searched(c.Args().First()), State: c.String("state"), Limit: c.Int("limit")}
	if s := c.String("since"); s != "" {
		d, err := source.ParseDuration(s)
		if err != nil {
			return usage("write it as 2h or 7d", "--since: %v", err)
		}
		q.Since = a.Now().Add(-d).Truncate(time.Second)
	}
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.SearchRecords(c.Context, q)
	if err != nil {
		return askFailed("record search", err, "tandem record search")
	}
	return a.show(c, list, func() error {
		t := table{head: []string{"RECORD", "STATE", "TOPIC", "CUSTOMER", "OUTCOME", "OPENED", "TOUCHED"}}
		for _, r := range list {
			t.add(r.ID, r.State, r.Topic, strings.TrimSpace(r.Customer+" "+r.Name), r.Outcome, a.when(r.Opened), a.when(r.Touched))
		}
		return t.write(a.streams)
	})
}
