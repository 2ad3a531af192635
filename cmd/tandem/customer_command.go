package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"

	"tandem/digital/api"
)

func (a *app) customerCommand() *cli.Command {
	return noun("customer", "who is outside: a person with numbers, addresses and records",
		a.verb(verb{name: "show", usage: "show a customer with the identities", args: "CUSTOMER", min: 1, max: 1, run: a.customerShow}),
		a.verb(verb{name: "erase", usage: "destroy what is personal of a customer, and tell what is left to do by hand", args: "CUSTOMER", min: 1, max: 1, run: a.customerErase,
			flags: []cli.Flag{&cli.StringFlag{Name: "confirm", Usage: "the customer once more: this cannot be taken back"}}}),
	)
}

func customerPath(id string) string { return "/v1/customers/" + url.PathEscape(id) }

func (a *app) customerShow(c *cli.Context) error {
	var v api.Customer
	if err := a.ask(c, "tandem record search", http.MethodGet, customerPath(c.Args().First()), nil, &v); err != nil {
		return err
	}
	return a.show(c, v, func() error {
		var d details
		d.add("customer", v.ID)
		d.add("name", v.Name)
		d.add("language", v.Language)
		d.add("merged", strings.Join(v.Merged, ", "))
		d.add("erased", a.when(v.Erased))
		if err := d.write(a.streams); err != nil || len(v.Identities) == 0 {
			return err
		}
		fmt.Fprintln(a.Out)
		t := table{head: []string{"TYPE", "VALUE", "STRENGTH", "LAST"}}
		for _, i := range v.Identities {
			t.add(i.Type, i.Value, i.Strength, a.when(i.Last))
		}
		return t.write(a.streams)
	})
}

func (a *app) customerErase(c *cli.Context) error {
	id := c.Args().First()
	if c.String("confirm") != id {
		return usage("write --confirm "+id+"; `tandem customer show "+id+"` tells who it is", "this cannot be taken back, and is not confirmed")
	}
	var e api.Erasure
	if err := a.ask(c, "tandem customer show "+id, http.MethodPost, customerPath(id)+"/erase", map[string]string{"confirm": id}, &e); err != nil {
		return err
	}
	return a.show(c, e, func() error {
		var d details
		d.add("erased", e.Customer)
		d.add("records", fmt.Sprint(e.Records))
		d.add("ended", strings.Join(e.Ended, ", "))
		d.add("in hand", strings.Join(e.InHand, ", "))
		d.add("attachments", fmt.Sprint(e.Attachments))
		d.add("recordings", strings.Join(e.Recordings, ", "))
		if err := d.write(a.streams); err != nil {
			return err
		}
		fmt.Fprintln(a.Out, "\nNot reached, look there yourself:")
		for _, what := range e.NotReached {
			fmt.Fprintln(a.Out, "- "+printable(what))
		}
		return nil
	})
}
