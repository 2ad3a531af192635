package sim

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tandem/ivr"
	"tandem/ivr/flow"
	"tandem/ivr/flow/source"
)

// ClipTime is how long every clip lasts.
const ClipTime = 2 * time.Second

// Result is how a script went.
type Result struct {
	Trace []string    // "0:04.000 play demo/menu", times from the start of the call
	Path  []ivr.Taken // exits in order
}

// runner is one script in progress.
type runner struct {
	plan   *flow.Dialplan
	rescue ivr.Emergency
	entry  string
	facts  ivr.Facts
	run    *ivr.Run
	start  time.Time
	now    time.Time
	trace  []note
	cursor int
	play   ivr.Play  // in progress, Ticket 0 for none
	plays  time.Time // when it is over
	item   int
	dial   int
	moved  int // transfer
	link   int
}

// note is one line of the trace, with the words that expect compares.
type note struct {
	at   time.Duration
	text string
}

// Run plays a script against a dialplan. The error names the first line that did not hold, and shows the trace.
func Run(plan *flow.Dialplan, rescue ivr.Emergency, name string, script []Line) (Result, error) {
	r := &runner{plan: plan, rescue: rescue, now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}
	r.facts.Attributes = map[string]string{}
	for _, line := range script {
		if err := r.line(line); err != nil {
			return r.result(), fmt.Errorf("%s:%d: %s: %w\n%s", name, line.Number, line.Text, err, strings.Join(r.result().Trace, "\n"))
		}
	}
	return r.result(), nil
}

func (r *runner) result() Result {
	var res Result
	for _, n := range r.trace {
		res.Trace = append(res.Trace, fmt.Sprintf("%d:%06.3f %s", int(n.at.Minutes()), (n.at%time.Minute).Seconds(), n.text))
	}
	if r.run != nil {
		res.Path = slices.Clone(r.run.Path())
	}
	return res
}

func (r *runner) line(l Line) error {
	if done, err := r.setup(l); done || err != nil {
		return err
	}
	if r.run == nil {
		if err := r.begin(); err != nil {
			return err
		}
	}
	if what, ok := strings.CutPrefix(l.verb, "expect "); ok {
		return r.expect(what, l.args)
	}
	return r.happen(l)
}

// setup handles the lines that stand before the call.
func (r *runner) setup(l Line) (bool, error) {
	var err error
	switch l.verb {
	case "flow":
		r.entry = l.args[0]
	case "to":
		r.facts.To = l.args[0]
	case "from":
		r.facts.From = l.args[0]
	case "ctx":
		r.facts.Attributes[l.args[0]] = strings.Join(l.args[2:], " ")
	case "at":
		r.now, err = instant(l.args)
	default:
		return false, nil
	}
	if r.run != nil {
		return true, fmt.Errorf("must stand before the call begins")
	}
	return true, err
}

func (r *runner) begin() error {
	if m, ok := r.plan.Route(r.facts.To); ok && r.entry == "" {
		r.entry = m.Name
	}
	if r.entry == "" && r.facts.To != "" {
		return fmt.Errorf("no flow answers %s: list it under the numbers of a flow, or write `flow NAME` instead of the number", r.facts.To)
	}
	if r.plan.Modules[r.entry] == nil {
		return fmt.Errorf("unknown flow %q; %s", r.entry, source.Suggest(r.entry, slices.Collect(maps.Keys(r.plan.Modules))))
	}
	r.start = r.now
	r.run = ivr.New(&ivr.Set{Modules: r.plan.Modules, Emergency: r.rescue}, r.entry, r.facts)
	r.step(ivr.Started{})
	return nil
}

// step gives an event to the run and performs its effects.
func (r *runner) step(ev ivr.Event) {
	for _, e := range r.run.Step(ev, r.now) {
		r.perform(e)
	}
	if r.run.Ended() && (len(r.trace) == 0 || r.trace[len(r.trace)-1].text != "end") {
		r.note("end")
	}
}

func (r *runner) note(text string) {
	r.trace = append(r.trace, note{r.now.Sub(r.start), text})
}

func (r *runner) perform(e ivr.Effect) {
	switch e := e.(type) {
	case ivr.Taken:
		r.note(strings.TrimSpace("exit " + e.Step + " " + e.Exit))
	case ivr.Answer:
		r.note("answer")
		r.plays, r.play = r.now.Add(e.Delay), ivr.Play{Ticket: -1}
	case ivr.Play:
		r.play, r.plays = e, r.now.Add(time.Duration(len(e.Prompts))*ClipTime)
		r.note("play " + strings.Join(e.Prompts, " "))
	case ivr.StopPlay:
		if e.Ticket == r.play.Ticket {
			r.play = ivr.Play{}
		}
	case ivr.Enqueue:
		r.item = e.Ticket
		r.note("queue " + e.Queue)
	case ivr.LeaveQueue:
		r.note("leave queue")
	case ivr.AskCallback:
		r.note("ask callback")
	case ivr.Dial:
		r.dial = e.Ticket
		r.note("dial " + e.Target + e.Number)
	case ivr.CancelDial:
		r.note("cancel dial")
	case ivr.Transfer:
		r.moved = e.Ticket
		r.note("transfer " + e.Target + e.Number)
	case ivr.SendLink:
		r.link = e.Ticket
		r.note("link " + e.Number)
	case ivr.Hangup:
		r.note(fmt.Sprintf("hangup %d", e.Cause))
	case ivr.Journal:
		r.note("journal " + string(e.Kind) + data(e.Data))
	}
}

func data(m map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, " %s=%s", k, m[k])
	}
	return b.String()
}

// pass lets time run to the next thing that happens by itself, but not beyond until. It says whether something did.
func (r *runner) pass(until time.Time) bool {
	var ev ivr.Event = ivr.Clock{}
	next := r.run.Deadline()
	if r.play.Ticket != 0 && !r.play.Loop && (next.IsZero() || !r.plays.After(next)) {
		next, ev = r.plays, ivr.PlayDone{Ticket: r.play.Ticket}
		if r.play.Ticket < 0 {
			ev = ivr.Answered{}
		}
	}
	if next.IsZero() || next.After(until) || r.run.Ended() {
		return false
	}
	r.now = next
	if _, clock := ev.(ivr.Clock); !clock {
		r.play = ivr.Play{}
	}
	r.step(ev)
	return true
}

// wait lets exactly this much time pass.
func (r *runner) wait(d time.Duration) {
	until := r.now.Add(d)
	for r.pass(until) {
	}
	r.now = until
}
