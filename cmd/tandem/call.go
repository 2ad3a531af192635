package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/control"
)

func (a *app) callCommand() *cli.Command {
	return noun("call", "calls in progress",
		a.verb(verb{name: "list", usage: "list the calls", run: a.callList}),
		a.verb(verb{name: "show", usage: "show one call with its legs", args: "CALL", min: 1, max: 1, completes: "call", run: a.callShow}),
		a.verb(verb{name: "trace", usage: "print the ladder of a call", args: "CALL", min: 1, max: 1, completes: "call", run: a.callTrace}),
		a.verb(verb{name: "hangup", usage: "end calls", args: "CALL...", min: 1, max: 100, completes: "call", run: a.callHangup}),
		a.verb(verb{name: "record", usage: "start, pause, resume or stop the recording of a call", args: "CALL start|pause|resume|stop",
			min: 2, max: 2, completes: "call", run: a.callRecord}),
	)
}

func (a *app) callList(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	list, err := b.Calls(c.Context)
	if err != nil {
		return askFailed("call list", err, "tandem call list")
	}
	return a.show(c, list, func() error {
		t := table{head: []string{"CALL", "STATE", "CALLER", "CALLED", "TRUNK", "WHERE", "AGENT", "LISTENERS", "STARTED"}}
		for _, x := range list {
			t.add(x.ID, x.State, x.Caller, x.Called, x.Trunk, where(x), x.Agent, strings.Join(x.Listeners, ", "), a.when(x.Started))
		}
		return t.write(a.streams)
	})
}

// where says in one word where a call is.
func where(x control.Call) string {
	switch {
	case x.Queue != "":
		return "queue " + x.Queue
	case x.Step != "":
		return "flow " + x.Flow + "/" + x.Step
	case x.Flow != "":
		return "flow " + x.Flow
	}
	return ""
}

func (a *app) callShow(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	x, err := b.Call(c.Context, c.Args().First())
	if err != nil {
		return askFailed("call show", err, "tandem call list")
	}
	return a.show(c, x, func() error {
		var d details
		d.add("call", x.ID)
		d.add("state", x.State)
		d.add("caller", x.Caller)
		d.add("called", x.Called)
		d.add("trunk", x.Trunk)
		d.add("where", where(x))
		d.add("agent", x.Agent)
		d.add("talks to", x.Peer)
		d.add("listeners", strings.Join(x.Listeners, ", "))
		d.add("listens to", x.Listens)
		d.add("record", x.Record)
		d.add("recording", x.Recording)
		d.add("started", a.when(x.Started))
		d.add("answered", a.when(x.Answered))
		if err := d.write(a.streams); err != nil || len(x.Legs) == 0 {
			return err
		}
		fmt.Fprintln(a.Out)
		t := table{head: []string{"LEG", "STATE", "REMOTE", "SOURCE", "CODEC", "SRTP", "HELD", "RTP IN", "RTP OUT"}}
		for _, l := range x.Legs {
			held := ""
			if l.Held {
				held = "held"
			}
			t.add(l.ID, l.State, l.Remote, l.Source, l.Codec, l.SRTP, held, fmt.Sprint(l.RTPIn), fmt.Sprint(l.RTPOut))
		}
		return t.write(a.streams)
	})
}

func (a *app) callTrace(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	lines, err := b.Trace(c.Context, c.Args().First())
	if err != nil {
		return askFailed("call trace", err, "tandem call list")
	}
	return a.show(c, lines, func() error {
		_, err := a.Out.Write([]byte(ladder(lines)))
		return err
	})
}

// ladder draws messages with the time since the first one: "+0.002  carrier → tandem  INVITE …". A line without a far end is
// a note.
func ladder(lines []control.TraceLine) string {
	var b strings.Builder
	wide := 0
	for _, l := range lines {
		wide = max(wide, len(l.From)+len(l.To))
	}
	for _, l := range lines {
		after := l.At.Sub(lines[0].At).Truncate(time.Millisecond).Seconds()
		road := l.From + " → " + l.To
		if l.To == "" {
			road = l.From + " ·"
		}
		pad := strings.Repeat(" ", max(0, wide+3-len([]rune(road))))
		fmt.Fprintf(&b, "+%.3f  %s%s  %s\n", after, printable(road), pad, printable(l.Text))
	}
	return b.String()
}

func (a *app) callHangup(c *cli.Context) error {
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	for _, id := range c.Args().Slice() {
		if err := b.Hangup(c.Context, id); err != nil {
			return askFailed("call hangup", err, "tandem call list")
		}
		narrate(a.Err, "call %s is being ended", id)
	}
	if wantsJSON(c) {
		return writeJSON(a.streams, map[string]any{"ended": c.Args().Slice()})
	}
	return nil
}

// recordingVerbs are what may be done with the recording of a call.
var recordingVerbs = []string{string(control.RecordStart), string(control.RecordPause), string(control.RecordResume), string(control.RecordStop)}

func (a *app) callRecord(c *cli.Context) error {
	id, do := c.Args().Get(0), c.Args().Get(1)
	if !slices.Contains(recordingVerbs, do) {
		return usage("write one of "+strings.Join(recordingVerbs, ", "), "%q is nothing that a recording can do", do)
	}
	b, err := a.backend(c)
	if err != nil {
		return err
	}
	if err := b.RecordCall(c.Context, id, control.RecordDo(do)); err != nil {
		return askFailed("call record", err, "tandem call list")
	}
	narrate(a.Err, "call %s is told to %s recording; `tandem call show %s` tells the file", id, do, id)
	if wantsJSON(c) {
		return writeJSON(a.streams, map[string]string{"call": id, "recording": do})
	}
	return nil
}
