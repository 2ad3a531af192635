package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"tandem/digital/api/feed"
	"tandem/ivr/flow/source"
	"tandem/store/journey"
)

// shownEvent is an event of the API's stream as the table shows it.
type shownEvent struct {
	Type    string    `json:"type"`
	Subject string    `json:"subject"`
	Time    time.Time `json:"time"`
	Record  string    `json:"record"`
	Data    struct {
		Channel string            `json:"channel"`
		Actor   string            `json:"actor"`
		Data    map[string]string `json:"data"`
	} `json:"data"`
}

// eventColumns are the table's heading and how wide each column is at least: rows come one by one and cannot be aligned to each other.
var eventColumns = []struct {
	head  string
	least int
}{{"TIME", 12}, {"KIND", 20}, {"CHANNEL", 7}, {"WHO", 18}, {"WHAT", 0}}

func (a *app) eventRow(cells ...string) error {
	var b strings.Builder
	for i, c := range cells {
		c = printable(cmp.Or(c, "-"))
		b.WriteString(c)
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(0, eventColumns[i].least-utf8.RuneCountInString(c))+2))
		}
	}
	_, err := fmt.Fprintln(a.Out, b.String())
	return err
}

func (a *app) eventHead() error {
	heads := make([]string, len(eventColumns))
	for i, c := range eventColumns {
		heads[i] = c.head
	}
	return a.eventRow(heads...)
}

// eventQuery asks the server for the events that are wanted.
func eventQuery(c *cli.Context) (url.Values, error) {
	q := url.Values{}
	for _, kind := range c.StringSlice("kind") {
		if !strings.HasSuffix(kind, "*") && !journey.Kind(kind).Known() {
			var known []string
			for _, k := range journey.Kinds() {
				known = append(known, string(k))
			}
			return nil, usage(cmp.Or(source.Suggest(kind, known), "end it with * for all that begin so"), "--kind: %q is no kind of event", kind)
		}
		q.Add("type", feed.TypePrefix+kind)
	}
	for _, queue := range c.StringSlice("queue") {
		q.Add("queue", queue)
	}
	if r := c.String("record"); r != "" {
		q.Set("record", r)
	}
	return q, nil
}

// resumeAfter is how long a stream must have lasted to be taken up again where it ended: the server ends each after an hour.
const resumeAfter = time.Minute

// eventTail follows the API's stream: a line for each event.
func (a *app) eventTail(c *cli.Context) error {
	query, err := eventQuery(c)
	if err != nil {
		return err
	}
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	x, ok := b.(asker)
	if !ok {
		return errors.New("this door has no API")
	}
	begun := false
	for {
		began := time.Now()
		err = x.Stream(c.Context, "/v1/events?"+query.Encode(), func(line string) error {
			if !begun && !wantsJSON(c) { // the server has let us in
				begun = true
				if err := a.eventHead(); err != nil {
					return err
				}
			}
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				query.Set("after", id)
			}
			data, ok := strings.CutPrefix(line, "data: ")
			if !ok {
				return nil
			}
			return a.event(c, data)
		})
		if c.Context.Err() != nil {
			return nil
		}
		if err != nil {
			return askFailed("event tail", err, "tandem event tail")
		}
		if time.Since(began) < resumeAfter {
			return nil
		}
	}
}

// event prints an event.
func (a *app) event(c *cli.Context, data string) error {
	if wantsJSON(c) {
		_, err := fmt.Fprintln(a.Out, data)
		return err
	}
	var ev shownEvent
	if json.Unmarshal([]byte(data), &ev) != nil {
		return nil // not an event: a note of the stream
	}
	what := slices.DeleteFunc([]string{ev.Subject, pairs(ev.Data.Data), ev.Record}, func(s string) bool { return s == "" })
	return a.eventRow(ev.Time.Local().Format("15:04:05.000"), strings.TrimPrefix(ev.Type, feed.TypePrefix), ev.Data.Channel, ev.Data.Actor, strings.Join(what, "  "))
}
