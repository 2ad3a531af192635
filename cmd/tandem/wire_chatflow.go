package main

import (
	"bufio"
	"io/fs"
	"strings"
	"time"

	"tandem/digital"
	"tandem/ivr"
)

// chatScript is a running flow as the script of a conversation: a menu's options are buttons, what is typed are the keys of a collect
// step, what a caller hears is text.
type chatScript struct {
	run   *ivr.Run
	queue int // ticket of the Enqueue in progress; 0: none
	wants int // characters that the present question takes; 0: it is a menu
}

func newChatScript(set *ivr.Set, module string, facts ivr.Facts) *chatScript {
	facts.Answered = true
	return &chatScript{run: ivr.New(set, module, facts)}
}

// Step implements digital.Script.
func (c *chatScript) Step(ev digital.ScriptEvent, now time.Time) []digital.Action {
	var list []digital.Action
	for _, in := range c.events(ev) {
		for _, e := range c.run.Step(in, now) {
			list = c.act(list, e, now)
		}
	}
	return list
}

// Deadline implements digital.Script.
func (c *chatScript) Deadline() time.Time { return c.run.Deadline() }

// events is what a conversation's event means to the flow.
func (c *chatScript) events(ev digital.ScriptEvent) []ivr.Event {
	switch ev := ev.(type) {
	case digital.Started:
		return []ivr.Event{ivr.Started{}}
	case digital.Expired:
		return []ivr.Event{ivr.Clock{}}
	case digital.CustomerGone:
		return []ivr.Event{ivr.HungUp{}}
	case digital.Said:
		return []ivr.Event{ivr.PlayDone{Ticket: ev.ID}}
	case digital.Wrote:
		return c.typed(ev)
	case digital.QueueWaiting:
		return []ivr.Event{ivr.QueueAnnouncement{Ticket: c.queue, Position: ev.Position, P50: ev.P50, P80: ev.P80, Known: ev.P80 > 0}}
	case digital.QueueEnded:
		return []ivr.Event{c.queueEnded(ev.Outcome)}
	case digital.PeerAnswered:
		return []ivr.Event{ivr.QueueAnswered{Ticket: c.queue}}
	case digital.PeerEnded:
		ticket := c.queue
		c.queue = 0
		return []ivr.Event{ivr.QueueEnded{Ticket: ticket}}
	}
	return nil
}

func (c *chatScript) queueEnded(outcome string) ivr.Event {
	ticket := c.queue
	c.queue = 0
	if outcome == timedOut {
		return ivr.QueueTimeout{Ticket: ticket}
	}
	return ivr.QueueRefused{Ticket: ticket, Reason: outcome}
}

// wrong is the key for what is none of the options.
const wrong = "#"

// typed turns a message into keys: those of a choice, or what was typed where a question takes characters. A message is a whole answer, so
// it ends with the key that ends one.
func (c *chatScript) typed(w digital.Wrote) []ivr.Event {
	keys := w.Key
	if keys == "" {
		keys = wrong
		if c.wants > 0 {
			keys = strings.Map(func(r rune) rune {
				if strings.ContainsRune("0123456789*", r) {
					return r
				}
				return -1
			}, w.Message.Text)
			if len(keys) < c.wants {
				keys += "#"
			}
			keys = keys[:min(len(keys), c.wants)] // what is too much must not answer the next question
		}
	}
	var list []ivr.Event
	for i := range len(keys) {
		list = append(list, ivr.Digit{Key: keys[i]})
	}
	return list
}

// act adds what the conversation must do for an effect of the flow. What a conversation has no means for fails at once, so that the flow
// goes on by that exit.
func (c *chatScript) act(list []digital.Action, e ivr.Effect, now time.Time) []digital.Action {
	switch e := e.(type) {
	case ivr.Play:
		if e.Loop {
			return list // music
		}
		c.wants = e.Wants
		say := digital.Say{ID: e.Ticket, Prompts: e.Prompts, Secret: e.Secret}
		for _, o := range e.Choices {
			say.Choices = append(say.Choices, digital.Choice{Key: o.Key, Label: o.Label})
		}
		return append(list, say)
	case ivr.Enqueue:
		c.queue = e.Ticket
		return append(list, digital.Enqueue{Queue: e.Queue, Skills: skills(e.Skills), Attributes: e.Attributes, Priority: e.Priority, MaxWait: e.MaxWait})
	case ivr.LeaveQueue:
		c.queue = 0
		return append(list, digital.LeaveQueue{Why: e.Reason})
	case ivr.Dial:
		return c.fail(list, ivr.DialEnded{Ticket: e.Ticket, Cause: "unavailable"}, now)
	case ivr.Transfer:
		return c.fail(list, ivr.TransferFailed{Ticket: e.Ticket}, now)
	case ivr.Answer:
		return c.fail(list, ivr.Answered{}, now)
	case ivr.Hangup:
		return append(list, digital.HangUp{Why: "flow"})
	case ivr.Journal:
		return append(list, digital.Note{Kind: e.Kind, Data: e.Data})
	}
	return list
}

func (c *chatScript) fail(list []digital.Action, ev ivr.Event, now time.Time) []digital.Action {
	for _, e := range c.run.Step(ev, now) {
		list = c.act(list, e, now)
	}
	return list
}

// promptTexts is what prompts say, from the manifest beside them.
type promptTexts map[string]string

// readTexts reads the manifest of a folder of prompts: name, voice, text. A folder without one says nothing.
func readTexts(prompts fs.FS) (promptTexts, error) {
	texts := promptTexts{}
	file, err := prompts.Open("manifest")
	if err != nil {
		return texts, nil
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		texts[fields[0]] = strings.Join(fields[2:], " ")
	}
	return texts, lines.Err()
}

// Text implements digital.Texts.
func (t promptTexts) Text(prompts []string, language string) string {
	var parts []string
	for _, p := range prompts {
		if text := t[p]; text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, " ")
}
