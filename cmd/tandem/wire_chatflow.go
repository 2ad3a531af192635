package main

import (
	"bufio"
	"cmp"
	"errors"
	"io/fs"
	"strings"
	"time"

	"tandem/digital"
	"tandem/ivr"
	"tandem/store/journey"
)

// chatScript is a running flow as the script of a conversation: a menu's options are buttons, what is typed are the keys of a collect
// step, what a caller hears is text.
type chatScript struct {
	run   *ivr.Run
	queue int // ticket of the Enqueue in progress; 0: none
	wants int // characters that the present question takes; 0: it is a menu

	link   int                              // ticket of the SendLink in progress; 0: none
	keys   []digital.Choice                 // what one who waits may choose
	known  string                           // number that the customer writes from; empty: he is asked for one
	number func(text string) (string, bool) // reads a number that can be called
	asked  int                              // ticket of the Enqueue for whose callback a number is asked; 0: none
	tries  int                              // numbers that were none
	proven string                           // number whose code is asked; empty: the number itself is
}

// Prompts of a visitor who wants to be called back. maxNumbers is how many numbers that are none he may write.
const (
	promptWaiting = "chat/waiting"
	promptNumber  = "chat/number"
	promptWrong   = "chat/number-wrong"
	maxNumbers    = 3
)

func newChatScript(set *ivr.Set, module string, facts ivr.Facts) *chatScript {
	facts.Answered = true
	return &chatScript{run: ivr.New(set, module, facts)}
}

// Step implements digital.Script.
func (c *chatScript) Step(ev digital.ScriptEvent, now time.Time) []digital.Action {
	var list []digital.Action
	switch ev := ev.(type) {
	case digital.Wrote:
		if c.asked != 0 {
			return c.wroteNumber(ev.Message.Text, now)
		}
	case digital.WishAnswered:
		if ev.Text != "" {
			list = append(list, digital.Say{Text: ev.Text})
		}
		if errors.Is(ev.Err, errProve) && ev.ID == c.queue {
			c.asked = ev.ID // for the code
			return list
		}
	}
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
	case digital.WishAnswered:
		if ev.ID == c.link {
			c.link = 0
			return []ivr.Event{linkAnswered(ev)}
		}
		return []ivr.Event{c.callbackAnswered(ev)}
	case digital.PeerAnswered:
		c.asked = 0
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
	c.queue, c.asked = 0, 0
	if outcome == timedOut {
		return ivr.QueueTimeout{Ticket: ticket}
	}
	return ivr.QueueRefused{Ticket: ticket, Reason: outcome}
}

// callbackAnswered ends the wait of one who will be called back.
func (c *chatScript) callbackAnswered(ev digital.WishAnswered) ivr.Event {
	if ev.Err != nil {
		return ivr.CallbackRefused{Ticket: ev.ID, Reason: ev.Err.Error()}
	}
	if ev.ID == c.queue {
		c.queue = 0
	}
	return ivr.CallbackBooked{Ticket: ev.ID}
}

func linkAnswered(ev digital.WishAnswered) ivr.Event {
	if ev.Err != nil {
		return ivr.LinkFailed{Ticket: ev.ID, Reason: linkWord(ev.Err)}
	}
	return ivr.LinkSent{Ticket: ev.ID}
}

// askCallback wants a callback at the customer's number, or asks for it.
func (c *chatScript) askCallback(ticket int) digital.Action {
	if c.known != "" {
		return digital.RequestCallback{ID: ticket, Number: c.known, Known: true}
	}
	c.asked, c.tries, c.proven = ticket, 0, ""
	return digital.Say{Prompts: []string{promptNumber}}
}

// wroteNumber takes what was written for a number, or for its code.
func (c *chatScript) wroteNumber(text string, now time.Time) []digital.Action {
	ticket := c.asked
	if c.proven != "" {
		c.asked = 0
		return []digital.Action{digital.RequestCallback{ID: ticket, Number: c.proven, Code: cmp.Or(digits(text, "0123456789"), wrong)}}
	}
	if number, ok := c.number(text); ok {
		c.asked, c.proven = 0, number
		return []digital.Action{digital.RequestCallback{ID: ticket, Number: number}}
	}
	if c.tries++; c.tries < maxNumbers {
		return []digital.Action{digital.Say{Prompts: []string{promptWrong}}}
	}
	c.asked = 0
	return c.fail(nil, ivr.CallbackRefused{Ticket: ticket, Reason: "number"}, now)
}

// waitsWith are the choices of one who waits.
func waitsWith(e ivr.Enqueue) (list []digital.Choice) {
	if e.Callback != "" {
		list = append(list, digital.Choice{Key: e.Callback, Label: "Call me back"})
	}
	for _, o := range e.Choices {
		list = append(list, digital.Choice{Key: o.Key, Label: o.Label})
	}
	return list
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
			keys = digits(w.Message.Text, "0123456789*")
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

// digits are those characters of a text that are wanted.
func digits(text, wanted string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(wanted, r) {
			return r
		}
		return -1
	}, text)
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
		if c.queue != 0 {
			say.Choices = c.keys
		}
		return append(list, say)
	case ivr.Enqueue:
		c.queue, c.keys, c.wants = e.Ticket, waitsWith(e), 0
		list = append(list, digital.Enqueue{Queue: e.Queue, Skills: skills(e.Skills), Attributes: e.Attributes, Priority: e.Priority, MaxWait: e.MaxWait})
		if len(c.keys) > 0 {
			list = append(list, digital.Say{Prompts: []string{promptWaiting}, Choices: c.keys})
		}
		return list
	case ivr.AskCallback:
		return append(list, c.askCallback(e.Ticket))
	case ivr.SendLink:
		c.link = e.Ticket
		return append(list, digital.SendLink{ID: e.Ticket, Channel: journey.SMS, To: e.Number, Text: e.Text})
	case ivr.LeaveQueue:
		c.queue, c.asked = 0, 0
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
