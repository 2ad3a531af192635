package digital

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tandem/store/journey"
)

// arrived takes a message of the customer.
func (c *conversation) arrived(a arrived) {
	if c.state == convClosed {
		c.afterEnd(a)
		return
	}
	m := &Message{
		ID: a.in.External, Conversation: c.id, At: c.now, From: Customer, Text: Clean(a.in.Text), Choice: Clean(a.in.Choice), Attachment: a.in.Attachment,
	}
	if m.Text == "" && m.Choice != "" {
		m.Text = c.labelOf(m.Choice)
	}
	l := line{msg: m, done: []func(Receipt){a.done}, source: a.in.At}
	if c.secret && c.state == convFlow && m.Text != "" {
		l.plain, m.Text, c.secret = m.Text, strings.Repeat("•", min(utf8.RuneCountInString(m.Text), maxDots)), false
	}
	c.write(l)
}

// maxDots bounds what is shown for a secret.
const maxDots = 32

// afterEnd answers a message that crossed the end: a repeat is a repeat, a thread goes on in a new conversation, a widget asks for one.
func (c *conversation) afterEnd(a arrived) {
	if seen, ok := c.lines.ids[idKey(Customer, a.in.External)]; ok {
		c.hub.metrics.duplicates.Inc()
		a.done(Receipt{Conversation: c.id, Seq: seen.seq, Duplicate: true})
		return
	}
	if c.arrival.Thread == "" || a.in.Conversation != "" {
		c.refused(a.done, ErrClosed)
		return
	}
	if err := c.hub.Receive(a.in, a.done); err != nil {
		c.refused(a.done, err)
	}
}

func (c *conversation) labelOf(key string) string {
	for _, choice := range c.choices {
		if choice.Key == key {
			return choice.Label
		}
	}
	return ""
}

// agentWrote takes a message of the agent who owns the item.
func (c *conversation) agentWrote(a agentWrote) {
	m := a.msg
	if err := c.fence(m.Item, m.Epoch, m.Agent); err != nil {
		if seen, ok := c.lines.ids[idKey(Agent, m.ID)]; ok { // a repeat of what was taken before the item went on
			c.hub.metrics.duplicates.Inc()
			a.done(Receipt{Conversation: c.id, Seq: seen.seq, Duplicate: true})
			return
		}
		c.refused(a.done, err)
		return
	}
	c.write(line{done: []func(Receipt){a.done}, msg: &Message{
		ID: m.ID, Conversation: c.id, At: c.now, From: Agent, Actor: m.Agent, Name: Clean(m.Name), Text: Clean(m.Text), Choices: m.Choices, Attachment: m.Attachment,
	}})
}

// fence lets only the present owner act. An epoch is never used again, so that whoever was late stays outside.
func (c *conversation) fence(item string, epoch uint64, agent string) error {
	if c.state == convClosed {
		return ErrClosed
	}
	if c.state != convAgent && c.state != convParked || item != c.item.id || epoch != c.item.epoch || agent != c.item.agent {
		c.hub.metrics.fenced.Inc()
		return ErrFenced
	}
	return nil
}

// reached takes a message of an agent who begins a conversation, or goes on where nobody else is.
func (c *conversation) reached(r reached) {
	o := r.out
	if c.state == convClosed {
		if err := c.hub.Start(o, r.done); err != nil {
			c.refused(r.done, err)
		}
		return
	}
	from := Agent
	switch {
	case o.Agent == "":
		from = System
	case (c.state == convAgent || c.state == convParked) && c.item.agent != o.Agent:
		c.refused(r.done, ErrFenced)
		return
	default:
		c.lastAgent = o.Agent
	}
	c.write(line{done: []func(Receipt){r.done}, msg: &Message{
		ID: o.ID, Conversation: c.id, At: c.now, From: from, Actor: o.Agent, Name: Clean(o.Name), Text: Clean(o.Text),
	}})
}

// speak writes what the house or a script says.
func (c *conversation) speak(from From, text string, choices []Choice, say *int) {
	c.spoken++
	m := &Message{ID: "s" + strconv.Itoa(c.spoken), Conversation: c.id, At: c.now, From: from, Text: text, Choices: choices}
	if from == Bot {
		m.Actor = c.flow
	}
	for _, taken := c.lines.ids[idKey(from, m.ID)]; taken; _, taken = c.lines.ids[idKey(from, m.ID)] { // from before a restart
		c.spoken++
		m.ID = "s" + strconv.Itoa(c.spoken)
	}
	c.write(line{msg: m, say: say})
}

// fromCustomer goes on with a durable message of the customer.
func (c *conversation) fromCustomer(m Message) {
	switch c.state {
	case convOpen:
		c.reroute(&m)
	case convFlow, convWaiting:
		c.cause(Wrote{Message: m, Key: c.keyOf(m)})
	case convAgent, convParked:
		c.tellQueues(c.hub.Queues.CustomerSpoke(c.item.id))
	}
}

// refusal is the closed word of an error for metrics.
func refusal(err error) string {
	for _, known := range []struct {
		err  error
		word string
	}{
		{ErrBusy, "busy"}, {ErrFull, "full"}, {ErrClosed, "closed"}, {ErrNotFound, "not_found"}, {ErrNotStored, "not_stored"},
		{ErrFenced, "fenced"}, {ErrTooLong, "too_long"}, {ErrInvalid, "invalid"}, {ErrStopped, "stopped"},
	} {
		if errors.Is(err, known.err) {
			return known.word
		}
	}
	return "other"
}

// checkArrival refuses what the record could not keep.
func checkArrival(a Arrival) error {
	if a.Channel == "" {
		return fmt.Errorf("channel: %w", ErrInvalid)
	}
	if len(a.Thread) > 700 || len(a.To) > journey.MaxIdentity || len(a.Token) > journey.MaxDataValue || len(a.Identities) > 8 {
		return fmt.Errorf("address: %w", ErrTooLong)
	}
	for _, i := range a.Identities {
		if len(i.Value) > journey.MaxIdentity {
			return fmt.Errorf("identity: %w", ErrTooLong)
		}
	}
	return nil
}
