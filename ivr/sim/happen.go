package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/ivr"
	"tandem/ivr/flow/source"
)

// happen does what a line says.
func (r *runner) happen(l Line) error {
	switch l.verb {
	case "caller presses":
		for _, key := range []byte(strings.Join(l.args, "")) {
			r.note("press " + string(key))
			r.step(ivr.Digit{Key: key})
		}
	case "caller waits", "no agent for":
		d, err := source.ParseDuration(strings.Join(l.args, " "))
		if err != nil {
			return err
		}
		r.wait(d)
	case "caller hangs up":
		r.note("caller hangs up")
		r.step(ivr.HungUp{})
	case "position":
		place, p50, p80, known, err := estimates(l.args)
		if err != nil {
			return err
		}
		r.step(ivr.QueueAnnouncement{Ticket: r.item, Position: place, P50: p50, P80: p80, Known: known})
	default:
		ev := r.party(l)
		if ev == nil {
			return fmt.Errorf("cannot happen here")
		}
		r.note(l.Text)
		r.step(ev)
	}
	return nil
}

// party is what agents, queues and dialled parties do.
func (r *runner) party(l Line) ivr.Event {
	switch l.verb {
	case "agent answers":
		return ivr.QueueAnswered{Ticket: r.item}
	case "agent hangs up":
		return ivr.QueueEnded{Ticket: r.item}
	case "queue refuses":
		return ivr.QueueRefused{Ticket: r.item, Reason: l.args[0]}
	case "queue gives up":
		return ivr.QueueTimeout{Ticket: r.item}
	case "callback booked":
		return ivr.CallbackBooked{Ticket: r.item}
	case "callback refused":
		return ivr.CallbackRefused{Ticket: r.item, Reason: l.args[0]}
	case "dial answers":
		return ivr.DialAnswered{Ticket: r.dial}
	case "dial fails":
		return ivr.DialEnded{Ticket: r.dial, Cause: l.args[0]}
	case "dial ends":
		return ivr.DialEnded{Ticket: r.dial}
	case "link sent":
		return ivr.LinkSent{Ticket: r.link}
	case "link fails":
		return ivr.LinkFailed{Ticket: r.link, Reason: l.args[0]}
	case "transfer succeeds":
		return ivr.TransferDone{Ticket: r.moved}
	case "transfer fails":
		return ivr.TransferFailed{Ticket: r.moved}
	}
	return nil
}

// expect looks forward in the trace, letting time pass.
func (r *runner) expect(what string, args []string) error {
	words := strings.Join(args, " ")
	switch what {
	case "attribute":
		if got := r.run.Attributes()[args[0]]; got != strings.Join(args[2:], " ") {
			return fmt.Errorf("it is %q", got)
		}
		return nil
	case "silence on":
		for _, n := range r.trace[r.cursor:] {
			if plays(n.text, args[0]) {
				return fmt.Errorf("it was played")
			}
		}
		return nil
	case "step":
		return r.seek(func(string) bool { _, step := r.run.Where(); return step == args[0] })
	case "prompt":
		return r.seek(func(text string) bool { return plays(text, args[0]) })
	case "journal":
		return r.seek(func(text string) bool { return notes(text, args) })
	case "hangup":
		return r.seek(func(text string) bool {
			return text == "hangup "+words || len(args) == 0 && strings.HasPrefix(text, "hangup ")
		})
	}
	return r.seek(func(text string) bool { return text == strings.TrimSpace(what+" "+words) })
}

// notes tells whether a line of the trace is a journal event of this kind that holds at least these data, in any order.
func notes(text string, args []string) bool {
	have := strings.Fields(text)
	if len(have) < 2 || have[0] != "journal" || have[1] != args[0] {
		return false
	}
	for _, pair := range args[1:] {
		if !slices.Contains(have[2:], pair) {
			return false
		}
	}
	return true
}

func plays(text, prompt string) bool {
	list, ok := strings.CutPrefix(text, "play ")
	return ok && strings.Contains(" "+list+" ", " "+prompt+" ")
}

// patience is how far an expect line looks ahead, in virtual time.
const patience = 2 * time.Hour

func (r *runner) seek(found func(text string) bool) error {
	until := r.now.Add(patience)
	for {
		for ; r.cursor < len(r.trace); r.cursor++ {
			if found(r.trace[r.cursor].text) {
				r.cursor++
				return nil
			}
		}
		if !r.pass(until) {
			module, step := r.run.Where()
			return fmt.Errorf("it did not happen; the flow stands at %s.%s", module, step)
		}
	}
}
