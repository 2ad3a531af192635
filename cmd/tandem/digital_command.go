package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/digital/access"
	"tandem/digital/api"
)

// asker asks the API of a running gateway over its socket.
type asker interface {
	API(ctx context.Context, method, path string, body, into any) error
	Stream(ctx context.Context, path string, fn func(line string) error) error
}

// ask asks the API; hint is the command that helps when it fails.
func (a *app) ask(c *cli.Context, hint, method, path string, body, into any) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	x, ok := b.(asker)
	if !ok {
		return errors.New("this door has no API")
	}
	if err := x.API(c.Context, method, path, body, into); err != nil {
		return askFailed(c.Command.HelpName, err, hint)
	}
	return nil
}

// digitalCommands are the nouns that the API answers.
func (a *app) digitalCommands() []*cli.Command {
	return []*cli.Command{
		noun("chat", "conversations of all message channels",
			a.verb(verb{name: "list", usage: "list conversations, newest first", run: a.chatList}),
			a.verb(verb{name: "show", usage: "show the messages of a conversation", args: "CONVERSATION", min: 1, max: 1, run: a.chatShow}),
			a.verb(verb{name: "close", usage: "end a conversation", args: "CONVERSATION", min: 1, max: 1, run: a.chatClose}),
		),
		noun("sms", "text messages",
			a.verb(verb{name: "send", usage: "send a text", args: "NUMBER TEXT", min: 2, max: 2, run: a.smsSend,
				flags: []cli.Flag{&cli.StringFlag{Name: "record", Usage: "the matter it belongs to"}, &cli.StringFlag{Name: "from", Usage: "our number"}}}),
		),
		noun("callback", "promised calls",
			a.verb(verb{name: "list", usage: "list callbacks by when they were asked for", run: a.callbackList}),
			a.verb(verb{name: "add", usage: "promise a number a call", args: "NUMBER", min: 1, max: 1, run: a.callbackAdd,
				flags: []cli.Flag{&cli.StringFlag{Name: "queue", Usage: "where it waits; empty: the first queue"}, &cli.StringFlag{Name: "topic"},
					&cli.StringFlag{Name: "first", Usage: "who is called first: agent or customer; empty: as configured"}}}),
			a.verb(verb{name: "cancel", usage: "take a callback back", args: "CALLBACK", min: 1, max: 1, run: a.callbackCancel}),
		),
		a.customerCommand(),
		noun("user", "who may sign in at the pages and the API",
			a.verb(verb{name: "list", usage: "list the users", run: a.userList}),
			a.verb(verb{name: "link", usage: "make a link that signs a user in once", args: "USER", min: 1, max: 1, run: a.userLink}),
			a.verb(verb{name: "remove", usage: "remove a user that the configuration does not name", args: "USER", min: 1, max: 1, run: a.userRemove}),
		),
		noun("token", "tokens of the API",
			a.verb(verb{name: "list", usage: "list the tokens, without their secrets", run: a.tokenList}),
			a.verb(verb{name: "issue", usage: "issue a token; its secret is shown this once", args: "NAME", min: 1, max: 1, run: a.tokenIssue,
				flags: []cli.Flag{&cli.StringFlag{Name: "role", Value: "integrator"}, &cli.IntFlag{Name: "days", Usage: "until it is over; 0: never"}}}),
			a.verb(verb{name: "revoke", usage: "end a token at once", args: "TOKEN", min: 1, max: 1, run: a.tokenRevoke}),
		),
		noun("event", "what happens, as it happens",
			a.verb(verb{name: "tail", usage: "follow what happens in the records until Ctrl-C", run: a.eventTail, flags: []cli.Flag{
				&cli.StringSliceFlag{Name: "kind", Usage: "events of this kind only, such as enqueued or message-*; may be given more than once"},
				&cli.StringFlag{Name: "record", Usage: "events of this record only"},
				&cli.StringSliceFlag{Name: "queue", Usage: "events of this queue only; may be given more than once"}}}),
		),
	}
}

// listed is a list's answer.
type listed[T any] struct {
	Items []T `json:"items"`
}

func (a *app) chatList(c *cli.Context) error {
	var list listed[api.Conversation]
	if err := a.ask(c, "tandem chat list", http.MethodGet, "/v1/conversations", nil, &list); err != nil {
		return err
	}
	return a.show(c, list.Items, func() error {
		t := table{head: []string{"CONVERSATION", "CHANNEL", "STATE", "AGENT", "CUSTOMER", "RECORD", "LAST"}}
		for _, v := range list.Items {
			t.add(v.ID, v.Channel, v.State, v.Agent, v.Address, v.Record, v.Touched.Local().Format(time.DateTime))
		}
		return t.write(a.streams)
	})
}

func (a *app) chatShow(c *cli.Context) error {
	var list listed[api.Message]
	if err := a.ask(c, "tandem chat list", http.MethodGet, "/v1/conversations/"+url.PathEscape(c.Args().First())+"/messages", nil, &list); err != nil {
		return err
	}
	return a.show(c, list.Items, func() error {
		t := table{head: []string{"SEQ", "AT", "FROM", "STATE", "TEXT"}}
		for _, m := range list.Items {
			t.add(fmt.Sprint(m.Seq), m.At.Local().Format(time.TimeOnly), strings.TrimSpace(m.From+" "+m.Actor), m.State, m.Text)
		}
		return t.write(a.streams)
	})
}

func (a *app) chatClose(c *cli.Context) error {
	return a.ask(c, "tandem chat list", http.MethodPost, "/v1/conversations/"+url.PathEscape(c.Args().First())+"/close", map[string]string{"reason": "closed by the operator"}, nil)
}

func (a *app) smsSend(c *cli.Context) error {
	var sent api.SentSMS
	body := map[string]string{"to": c.Args().Get(0), "text": c.Args().Get(1)}
	for _, name := range []string{"record", "from"} {
		if v := c.String(name); v != "" {
			body[name] = v
		}
	}
	if err := a.ask(c, "tandem sms send --help", http.MethodPost, "/v1/sms", body, &sent); err != nil {
		return err
	}
	return a.show(c, sent, func() error {
		narrate(a.Out, "%s in conversation %s", sent.State, sent.Conversation)
		return nil
	})
}

func (a *app) callbackList(c *cli.Context) error {
	var list listed[api.Callback]
	if err := a.ask(c, "tandem callback list", http.MethodGet, "/v1/callbacks", nil, &list); err != nil {
		return err
	}
	return a.show(c, list.Items, func() error {
		t := table{head: []string{"CALLBACK", "STATE", "NUMBER", "QUEUE", "POSITION", "TRIED", "ASKED", "RECORD"}}
		for _, v := range list.Items {
			t.add(v.ID, v.State, v.Number, v.Queue, fmt.Sprint(v.Position), fmt.Sprint(v.Attempts), v.Asked.Local().Format(time.DateTime), v.Record)
		}
		return t.write(a.streams)
	})
}

func (a *app) callbackAdd(c *cli.Context) error {
	var made api.Callback
	body := map[string]string{"number": c.Args().First()}
	if c.String("queue") == "" {
		var queues listed[api.Queue]
		if err := a.ask(c, "tandem queue list", http.MethodGet, "/v1/queues", nil, &queues); err != nil {
			return err
		}
		if len(queues.Items) > 0 {
			body["queue"] = queues.Items[0].Name
		}
	}
	for _, name := range []string{"queue", "topic", "first"} {
		if v := c.String(name); v != "" {
			body[name] = v
		}
	}
	if err := a.ask(c, "tandem callback list", http.MethodPost, "/v1/callbacks", body, &made); err != nil {
		return err
	}
	return a.show(c, made, func() error {
		narrate(a.Out, "%s waits in %s", made.ID, made.Queue)
		return nil
	})
}

func (a *app) callbackCancel(c *cli.Context) error {
	return a.ask(c, "tandem callback list", http.MethodPost, "/v1/callbacks/"+url.PathEscape(c.Args().First())+"/cancel", map[string]string{"reason": "cancelled by the operator"}, nil)
}

func (a *app) userList(c *cli.Context) error {
	var list listed[access.User]
	if err := a.ask(c, "tandem user list", http.MethodGet, "/v1/users", nil, &list); err != nil {
		return err
	}
	return a.show(c, list.Items, func() error {
		t := table{head: []string{"USER", "ROLE", "AGENT", "DISABLED"}}
		for _, u := range list.Items {
			t.add(u.Name, string(u.Role), u.Agent, fmt.Sprint(u.Disabled))
		}
		return t.write(a.streams)
	})
}

func (a *app) userLink(c *cli.Context) error {
	var link struct {
		URL    string `json:"url"`
		Secret string `json:"secret"`
	}
	if err := a.ask(c, "tandem user list", http.MethodPost, "/v1/users/"+url.PathEscape(c.Args().First())+"/login-link", nil, &link); err != nil {
		return err
	}
	return a.show(c, link, func() error {
		narrate(a.Out, "%s", link.URL)
		return nil
	})
}

func (a *app) userRemove(c *cli.Context) error {
	return a.ask(c, "tandem user list", http.MethodDelete, "/v1/users/"+url.PathEscape(c.Args().First()), nil, nil)
}

func (a *app) tokenList(c *cli.Context) error {
	var list listed[access.Token]
	if err := a.ask(c, "tandem token list", http.MethodGet, "/v1/tokens", nil, &list); err != nil {
		return err
	}
	return a.show(c, list.Items, func() error {
		t := table{head: []string{"TOKEN", "NAME", "ROLE", "EXPIRES"}}
		for _, x := range list.Items {
			expires := "never"
			if !x.Expires.IsZero() {
				expires = x.Expires.Local().Format(time.DateTime)
			}
			t.add(x.ID, x.Name, string(x.Role), expires)
		}
		return t.write(a.streams)
	})
}

func (a *app) tokenIssue(c *cli.Context) error {
	var made struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	}
	body := map[string]any{"name": c.Args().First(), "role": c.String("role"), "days": c.Int("days")}
	if err := a.ask(c, "tandem token list", http.MethodPost, "/v1/tokens", body, &made); err != nil {
		return err
	}
	return a.show(c, made, func() error {
		narrate(a.Out, "%s", made.Secret)
		return nil
	})
}

func (a *app) tokenRevoke(c *cli.Context) error {
	return a.ask(c, "tandem token list", http.MethodDelete, "/v1/tokens/"+url.PathEscape(c.Args().First()), nil, nil)
}
