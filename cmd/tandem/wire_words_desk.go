package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tandem/digital"
	"tandem/digital/desk"
	"tandem/sip/trunk"
	"tandem/store"
	"tandem/store/journey"
)

// Observe implements digital.Observer: the desk of the agent who has a conversation sees what happens in it.
func (w *words) Observe(u digital.Update) {
	v, ok := w.hub().View(u.Conversation)
	agent := cmp.Or(u.Agent, v.Agent)
	if !ok || agent == "" {
		return
	}
	d := w.desk()
	switch u.Kind {
	case digital.NewMessage:
		d.Message(agent, deskMessage(*u.Message, v.Channel))
	case digital.TypingNow:
		if u.From == digital.Customer {
			by := ""
			if u.On {
				by = cmp.Or(v.Name, "The customer")
			}
			d.Typing(agent, u.Conversation, by)
		}
	case digital.Presence:
		w.again(v.Item)
	case digital.Progress:
		if u.Delivery == digital.Read && u.From == digital.Customer {
			d.Read(agent, u.Conversation, u.Seq)
		}
	}
}

// left tells whether a conversation's customer is not at the page.
func (w *words) left(conversation string) bool {
	v, ok := w.hub().View(conversation)
	return ok && !v.Present
}

func deskMessage(m digital.Message, channel string) desk.Message {
	shown := desk.Message{
		Conversation: m.Conversation, Seq: m.Seq, ID: m.ID, At: m.At, From: string(m.From), Actor: m.Actor, Text: m.Text, State: m.Delivery.String(), Channel: channel,
	}
	for _, c := range m.Choices {
		shown.Choices = append(shown.Choices, c.Label)
	}
	if a := m.Attachment; a != nil {
		shown.File = &desk.File{Ref: a.Ref, Name: a.Name, Type: a.Type, Size: a.Size}
	}
	return shown
}

// wait bounds how long a page waits for a conversation.
const wordsWait = 5 * time.Second

// answered waits for the one answer of a command that never waits.
func answered[T any](command func(done func(T)) error) (T, error) {
	got := make(chan T, 1)
	var none T
	if err := command(func(v T) { got <- v }); err != nil {
		return none, wordsError(err)
	}
	select {
	case v := <-got:
		return v, nil
	case <-time.After(wordsWait):
		return none, fmt.Errorf("no answer in time: %w", desk.ErrBusy)
	}
}

// wordsError says a conversation's refusal in the desk's words.
func wordsError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, digital.ErrNotFound), errors.Is(err, digital.ErrStopped):
		return fmt.Errorf("%w: %w", err, desk.ErrGone)
	case errors.Is(err, digital.ErrBusy), errors.Is(err, digital.ErrFull):
		return fmt.Errorf("%w: %w", err, desk.ErrBusy)
	case errors.Is(err, digital.ErrInvalid), errors.Is(err, digital.ErrTooLong):
		return fmt.Errorf("%w: %w", err, desk.ErrInvalid)
	}
	return fmt.Errorf("%w: %w", err, desk.ErrRefused)
}

// owned gives a conversation that the agent has in hand.
func (w *words) owned(agent, conversation string) (digital.View, error) {
	v, ok := w.hub().View(conversation)
	if !ok {
		return v, fmt.Errorf("conversation %s: %w", conversation, desk.ErrGone)
	}
	if v.Agent != agent {
		return v, fmt.Errorf("conversation %s: %w", conversation, desk.ErrDenied)
	}
	return v, nil
}

// Say implements desk.Words.
func (w *words) Say(agent, conversation, id, text, file string) error {
	v, err := w.owned(agent, conversation)
	if err != nil {
		return err
	}
	var attached *digital.Attachment
	if file != "" {
		a, err := w.files.Find(context.Background(), conversation, file)
		if err != nil {
			return fmt.Errorf("file %.40q: %w", file, desk.ErrInvalid)
		}
		attached = &a
	}
	m := digital.AgentMessage{Conversation: conversation, Item: v.Item, Epoch: v.Epoch, Agent: agent, Name: w.names(agent), ID: id, Text: text, Attachment: attached}
	r, err := answered(func(done func(digital.Receipt)) error { return w.hub().Send(m, done) })
	return cmp.Or(err, wordsError(r.Err))
}

// act performs an operation of the agent who has a conversation.
func (w *words) act(agent, conversation string, change func(*digital.AgentOp)) error {
	v, err := w.owned(agent, conversation)
	if err != nil {
		return err
	}
	op := digital.AgentOp{Conversation: conversation, Item: v.Item, Epoch: v.Epoch, Agent: agent}
	change(&op)
	got, err := answered(func(done func(error)) error { return w.hub().Act(op, done) })
	return cmp.Or(err, wordsError(got))
}

// Typing implements desk.Words.
func (w *words) Typing(agent, conversation string, on bool) error {
	return w.act(agent, conversation, func(op *digital.AgentOp) { op.Do, op.On = digital.AgentTyping, on })
}

// Read implements desk.Words.
func (w *words) Read(agent, conversation string, seq uint64) error {
	return w.act(agent, conversation, func(op *digital.AgentOp) { op.Do, op.Seq = digital.AgentRead, seq })
}

// End of a conversation by its agent; wrap-up begins.
func (w *words) finish(agent, conversation string) error {
	return w.act(agent, conversation, func(op *digital.AgentOp) { op.Do = digital.AgentClose })
}

// transcriptMost is how many messages a page gets at once.
const transcriptMost = 300

// Transcript implements desk.Words. An agent reads what he has in hand or is offered, who watches reads all.
func (w *words) Transcript(p desk.Person, conversation string, after uint64) ([]desk.Message, error) {
	if !w.mayRead(p, conversation) {
		return nil, fmt.Errorf("conversation %s: %w", conversation, desk.ErrDenied)
	}
	v, _ := w.hub().View(conversation)
	return w.read(conversation, after, v.Channel)
}

func (w *words) mayRead(p desk.Person, conversation string) bool {
	v, ok := w.hub().View(conversation)
	watches := p.Role == desk.RoleSupervisor || p.Role == desk.RoleAdmin
	mine := ok && v.Agent != "" && v.Agent == p.Agent
	return mine || watches || w.offered(p.Agent, conversation)
}

// offered tells whether an agent has something of a conversation's record in hand: its earlier conversations are part of the story.
func (w *words) offered(agent, conversation string) bool {
	record, err := w.store.RecordOf(conversation)
	if err != nil || record == "" {
		return false
	}
	offers, items, calls := w.desk().Held(agent)
	return slices.ContainsFunc(offers, func(o desk.Offer) bool { return o.Record == record }) ||
		slices.ContainsFunc(items, func(i desk.Item) bool { return i.Record == record }) ||
		slices.ContainsFunc(calls, func(c desk.Call) bool { return c.Record == record })
}

func (w *words) read(conversation string, after uint64, channel string) ([]desk.Message, error) {
	type answer struct {
		list []digital.Message
		err  error
	}
	got, err := answered(func(done func(answer)) error {
		return w.hub().Transcript(conversation, after, transcriptMost, func(list []digital.Message, err error) { done(answer{list, err}) })
	})
	if err = cmp.Or(err, wordsError(got.err)); err != nil {
		return nil, err
	}
	shown := make([]desk.Message, 0, len(got.list))
	for _, m := range got.list {
		shown = append(shown, deskMessage(m, channel))
	}
	return shown, nil
}

// shownMessages is how many messages an offer shows.
const shownMessages = 20

// last are the newest messages of a conversation, for an offer.
func (w *words) last(conversation string) []desk.Message {
	v, _ := w.hub().View(conversation)
	list, err := w.read(conversation, v.Last-min(v.Last, shownMessages), v.Channel)
	if err != nil {
		w.log.Debug("offer without its messages", "conversation", conversation, "err", err)
	}
	return list
}

// SMS implements desk.Words.
func (w *words) SMS(agent, record, to, id, text string) error {
	number, err := w.number(record, to)
	if err != nil {
		return err
	}
	out := digital.Outreach{
		From: w.sender(number), Channel: journey.SMS, To: journey.Identity{Type: journey.Tel, Value: number, Strength: journey.Claimed, Source: agentTarget + agent}, Record: record,
		Agent: agent, Name: w.names(agent), ID: id, Text: text,
	}
	r, err := answered(func(done func(digital.Receipt)) error { return w.hub().Start(out, done) })
	return cmp.Or(err, wordsError(r.Err))
}

// number is where a text goes: what was given, else the number that the customer is known by.
func (w *words) number(record, to string) (string, error) {
	if to != "" {
		n, err := e164(to, w.country)
		if err != nil {
			return "", fmt.Errorf("%v: %w", err, desk.ErrInvalid)
		}
		return n, nil
	}
	rec, err := w.store.Record(record)
	if err != nil {
		return "", fmt.Errorf("record %s: %w", record, desk.ErrGone)
	}
	if c, err := w.store.Customer(rec.Customer); err == nil {
		for _, id := range c.Identities {
			if id.Type == journey.Tel {
				return id.Value, nil
			}
		}
	}
	return "", fmt.Errorf("no number of this customer is known: %w", desk.ErrInvalid)
}

// Note implements desk.Words.
func (w *words) Note(agent, record, text string) error {
	ev := journey.Event{Record: record, At: time.Now(), Kind: journey.Note, Actor: agentTarget + agent, Privacy: journey.Personal,
		Data: map[string]string{journey.DataText: text}}
	ctx, cancel := context.WithTimeout(context.Background(), wordsWait)
	defer cancel()
	if _, err := store.AppendWait(ctx, w.store, store.Batch{Events: []journey.Event{ev}, Now: true}); err != nil {
		return fmt.Errorf("%v: %w", err, desk.ErrRefused)
	}
	w.desk().StoryChanged(agent, record)
	return nil
}

// e164 reads a number as people write it.
func e164(text, country string) (string, error) {
	if trunk.IsE164(text) {
		return text, nil
	}
	n := trunk.ReadNumber(text, country)
	if n.Kind != trunk.GlobalNumber || !n.Valid {
		return "", fmt.Errorf("%q is not a telephone number", text)
	}
	return n.E164, nil
}
