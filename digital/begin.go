package digital

import (
	"errors"
	"maps"
)

// begin is the first event of a conversation: its record is looked up by who writes, or by its id.
func (c *conversation) begin(b begin) {
	c.begun, c.touched, c.present = c.now, c.now, b.opening != nil
	c.waitUntil = c.now.Add(c.hub.cfg.LoadWait)
	if b.load {
		c.load(loadBegin)
		return
	}
	c.arrival, c.opened, c.facts = b.arrival, b.opened, b.opening
	if c.arrival.At.IsZero() {
		c.arrival.At = c.now
	}
	if c.id == "" {
		c.arrival.Conversation = newID()
	}
	err := checkArrival(c.arrival)
	if err == nil {
		err = c.hub.Records.Identify(c.arrival, func(i Identity) { c.answer(identified{i}) })
	}
	if err != nil {
		c.nowhere(err)
	}
}

// identified goes on when the record of a new conversation is known. An older one of the same thread is gone on with.
func (c *conversation) identified(i Identity) {
	switch {
	case c.state != convNew || c.loading != 0:
		return
	case i.Err != nil || i.Record == "":
		c.hub.records.Failed(i.Err, "conversation", c.id)
		c.nowhere(ErrNotStored)
		return
	}
	c.hub.records.Worked()
	c.identity = i
	if i.Conversation != "" && c.id == "" {
		c.adoptOlder(i.Conversation)
		return
	}
	if c.id == "" {
		c.name(c.arrival.Conversation)
	}
	c.hub.metrics.begun.WithLabelValues(string(c.arrival.Channel)).Inc()
	c.step(convOnReady)
	c.paper.waiting = append(c.paper.waiting, line{event: c.beginning(), opened: c.opened})
	if c.facts != nil {
		c.reroute(nil)
	}
	c.opened = nil
	c.release()
}

// name gives the conversation its id.
func (c *conversation) name(id string) bool {
	c.id, c.log = id, c.hub.log.With("conversation", id)
	there, mine := c.hub.conversations.claim(id, c)
	if mine {
		return true
	}
	c.hub.threads.remove(c.arrival.Thread, c)
	c.hub.threads.claim(c.arrival.Thread, there)
	for _, m := range c.held { // somebody has loaded it meanwhile: what came belongs there
		if err := there.post(m); err != nil {
			c.refuse(m, err)
		}
	}
	c.held = nil
	return false
}

// adoptOlder goes on in a conversation that the record knows of.
func (c *conversation) adoptOlder(id string) {
	if !c.name(id) {
		c.missing = ErrBusy // whoever comes now finds the other one at his next try
		c.dissolve()
		return
	}
	c.waitUntil = c.now.Add(c.hub.cfg.LoadWait)
	c.load(loadBegin)
}

// nowhere ends a conversation that has no record: what waits for it is refused, and nothing of it is kept.
func (c *conversation) nowhere(err error) {
	if errors.Is(err, ErrBusy) || !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrInvalid) && !errors.Is(err, ErrTooLong) {
		err = ErrNotStored
	}
	if c.opened != nil {
		c.hub.metrics.refused.WithLabelValues(refusal(err)).Inc()
		c.opened(Opened{Err: err})
		c.opened = nil
	}
	for _, m := range c.held {
		c.refuse(m, err)
	}
	c.held, c.missing = nil, err
	c.dissolve()
}

// dissolve forgets a conversation that has not begun.
func (c *conversation) dissolve() {
	c.loading = 0
	c.why = "nowhere"
	c.step(convOnClose)
}

// reroute asks who answers now. first is the message that asks for it, nil where the page was opened.
func (c *conversation) reroute(first *Message) {
	r := c.hub.Router.Route(Situation{
		Arrival: c.arrival, Identity: c.identityCopy(), Resumed: c.routed, LastAgent: c.lastAgent, Language: c.language(),
	})
	c.routed = true
	if r.Script == nil {
		return
	}
	c.script, c.flow = r.Script, r.Flow
	c.step(convOnRoute)
	c.cause(Started{Message: first})
}

func (c *conversation) identityCopy() Identity {
	i := c.identity
	i.Attributes = maps.Clone(i.Attributes)
	return i
}
