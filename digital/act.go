package digital

import (
	"cmp"
	"errors"
	"strings"

	"tandem/store/journey"
)

// runScript lets the script take an event and performs what it wants.
func (c *conversation) runScript(ev ScriptEvent) {
	if c.script == nil {
		return
	}
	if _, ended := ev.(PeerEnded); !ended {
		c.goneBy = ""
	}
	for _, a := range c.script.Step(ev, c.now) {
		c.act(a)
	}
}

// act performs one action. When the conversation is ending, or the script is over, only what is written down still counts.
func (c *conversation) act(a Action) {
	switch a := a.(type) {
	case Note:
		c.note(a.Kind, actor(Bot, c.flow), a.Data)
		return
	case SetAttributes:
		c.setAttributes(a)
		return
	}
	if c.closing || c.script == nil {
		return
	}
	switch a := a.(type) {
	case Say:
		c.say(a)
	case Enqueue:
		c.enqueue(a)
	case LeaveQueue:
		c.takeBack()
	case RequestCallback:
		c.wished(a.ID, c.hub.Wishes.CallbackWanted(CallbackWanted{
			ID: a.ID, Conversation: c.id, Record: c.identity.Record, Item: c.item.id, Number: a.Number, Known: a.Known, Code: a.Code, Queue: a.Queue, From: a.From, Until: a.Until,
			Language: c.language(), At: c.now,
		}))
	case SendLink:
		c.wished(a.ID, c.hub.Wishes.LinkWanted(LinkWanted{
			ID: a.ID, Conversation: c.id, Record: c.identity.Record, Channel: a.Channel, To: a.To, Text: a.Text, At: c.now,
		}))
	case RequestCall:
		c.cause(WishAnswered{ID: a.ID, Err: c.wantCall(string(Customer))})
	case Finish:
		c.finish()
	case HangUp:
		c.close(cmp.Or(c.goneBy, "flow"), a.Why)
	}
}

// wished tells the script what became of a wish, unless that comes later.
func (c *conversation) wished(id int, err error) {
	if !errors.Is(err, ErrLater) {
		c.cause(WishAnswered{ID: id, Err: err})
	}
}

// wishDone takes a later answer. An item that has become a callback is not this conversation's any more.
func (c *conversation) wishDone(m WishDone) {
	if m.Err == nil && m.Item != "" && m.Item == c.item.id && c.state == convWaiting {
		if c.script == nil {
			c.step(convOnFree)
		} else {
			c.step(convOnBack)
		}
	}
	c.cause(WishAnswered{ID: m.ID, Err: m.Err, Text: m.Text})
}

// say writes to the customer what the script says, in pieces if it is longer than a message.
func (c *conversation) say(a Say) {
	text := a.Text
	if text == "" && len(a.Prompts) > 0 {
		text = c.hub.Texts.Text(a.Prompts, c.language())
	}
	text = Clean(text)
	if text == "" && len(a.Choices) > 0 {
		text = choicesAsText(a.Choices)
	}
	if text == "" {
		c.cause(Said{ID: a.ID})
		return
	}
	c.secret = a.Secret
	parts := split(text, MaxText)
	for _, part := range parts[:len(parts)-1] {
		c.speak(Bot, part, nil, nil)
	}
	c.speak(Bot, parts[len(parts)-1], a.Choices, &a.ID)
}

func choicesAsText(choices []Choice) string {
	list := make([]string, len(choices))
	for i, choice := range choices {
		list[i] = choice.Key + ": " + choice.Label
	}
	return strings.Join(list, "\n")
}

// split cuts a text into pieces of at most most characters.
func split(text string, most int) (parts []string) {
	for n := 0; ; n = 0 {
		cut := -1
		for i := range text {
			if n == most {
				cut = i
				break
			}
			n++
		}
		if cut < 0 {
			return append(parts, text)
		}
		parts, text = append(parts, text[:cut]), text[cut:]
	}
}

// words gives a notice in the customer's language.
func (c *conversation) words(notice string) string {
	if c.hub.cfg.Words == nil || notice == "" {
		return notice
	}
	return c.hub.cfg.Words(c.language(), notice)
}

func (c *conversation) language() string {
	if c.facts != nil && c.facts.Language != "" {
		return c.facts.Language
	}
	return c.identity.Language
}

// setAttributes notes what the script learnt. The wire writes attribute events into the record's attributes.
func (c *conversation) setAttributes(a SetAttributes) {
	for name, value := range a.Values {
		if len(name) > journey.MaxID || len(value) > journey.MaxDataValue {
			c.log.Error("attribute too long", "name", name)
			continue
		}
		c.note(journey.AttributeSet, actor(Bot, c.flow), map[string]string{journey.DataName: name, journey.DataValue: value})
	}
}

// finish ends the script; nobody is responsible until the customer writes again. An item that waits is taken back; an agent stays.
func (c *conversation) finish() {
	if c.state == convAgent || c.state == convParked {
		c.script = nil
		return
	}
	c.takeBack()
	c.step(convOnFree)
}

// keyOf is the choice that a message makes: by its button, or by what is typed.
func (c *conversation) keyOf(m Message) string {
	typed := strings.TrimSpace(strings.TrimSuffix(m.Text, "."))
	for _, choice := range c.choices {
		if choice.Key == m.Choice || m.Choice == "" && (strings.EqualFold(typed, choice.Key) || strings.EqualFold(typed, choice.Label)) {
			return choice.Key
		}
	}
	return ""
}

// wantCall asks for a voice beside the conversation, which stays as it is.
func (c *conversation) wantCall(by string) error {
	c.engaged = true
	err := c.hub.Wishes.CallWanted(CallWanted{
		Conversation: c.id, Record: c.identity.Record, Item: c.item.id, Epoch: c.item.epoch, Agent: c.item.agent, By: by, At: c.now,
	})
	u := Update{Kind: CallBeside, By: by, Agent: c.item.agent}
	if err != nil {
		u.Reason = err.Error()
		c.log.Error("call not possible", "err", err)
	}
	c.publish(u)
	return err
}
