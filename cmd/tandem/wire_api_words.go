package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tandem/digital"
	"tandem/digital/access"
	"tandem/digital/api"
	"tandem/digital/desk"
	"tandem/store"
	"tandem/store/journey"
)

// apiWords is conversations and texts.
type apiWords struct{ g *site }

// wordsAPI says a conversation's refusal in the API's words.
func wordsAPI(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, digital.ErrNotFound):
		return fmt.Errorf("%v: %w", err, api.ErrNotFound)
	case errors.Is(err, digital.ErrInvalid), errors.Is(err, digital.ErrTooLong):
		return fmt.Errorf("%v: %w", err, api.ErrInvalid)
	case errors.Is(err, digital.ErrBusy), errors.Is(err, digital.ErrFull), errors.Is(err, desk.ErrBusy):
		return fmt.Errorf("%v: %w", err, api.ErrBusy)
	case errors.Is(err, digital.ErrStopped):
		return fmt.Errorf("%v: %w", err, api.ErrDown)
	}
	return fmt.Errorf("%v: %w", err, api.ErrConflict)
}

func apiConversation(v digital.View) api.Conversation {
	return api.Conversation{ID: v.ID, Channel: v.Channel, State: v.State, Record: v.Record, Customer: v.Customer, Item: v.Item, Agent: v.Agent, Address: v.Address,
		Opened: v.Began, Touched: v.Touched, Closed: v.Ended, Seq: v.Last}
}

// ListConversations implements api.Conversations. A conversation is in the queue of its item.
func (w apiWords) ListConversations(ctx context.Context, f api.ConversationFilter, p api.Page) ([]api.Conversation, string, error) {
	queues, err := w.queuesOf(ctx)
	if err != nil {
		return nil, "", err
	}
	views := slices.DeleteFunc(w.g.hub.Views(), func(v digital.View) bool {
		differs := func(want, got string) bool { return want != "" && want != got }
		return differs(f.State, v.State) || differs(f.Channel, v.Channel) || differs(f.Agent, v.Agent) || differs(f.Record, v.Record) || differs(f.Queue, queues[v.Item])
	})
	slices.SortFunc(views, func(a, b digital.View) int {
		if c := b.Touched.Compare(a.Touched); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	part, next := pageOf(views, p, func(v digital.View) string { return v.ID })
	list := make([]api.Conversation, 0, len(part))
	for _, v := range part {
		c := apiConversation(v)
		c.Queue = queues[v.Item]
		list = append(list, c)
	}
	return list, next, nil
}

// ShowConversation implements api.Conversations.
func (w apiWords) ShowConversation(ctx context.Context, id string) (api.Conversation, error) {
	v, err := w.view(id)
	if err != nil {
		return api.Conversation{}, err
	}
	c := apiConversation(v)
	if v.Item != "" {
		if it, ok, err := w.g.dispatcher.Item(ctx, v.Item); err == nil && ok {
			c.Queue = it.Item.Queue
		}
	}
	return c, nil
}

// view gives a conversation, loaded from its record where it is not in memory.
func (w apiWords) view(id string) (digital.View, error) {
	if v, ok := w.g.hub.View(id); ok {
		return v, nil
	}
	if err := w.g.hub.Wake(id); err != nil {
		return digital.View{}, wordsAPI(err)
	}
	if _, err := w.g.words.read(id, 0, ""); err != nil { // waits until it is loaded
		return digital.View{}, noSuch("conversation", id)
	}
	v, ok := w.g.hub.View(id)
	if !ok {
		return digital.View{}, noSuch("conversation", id)
	}
	return v, nil
}

// Messages implements api.Conversations.
func (w apiWords) Messages(ctx context.Context, id string, after uint64, limit int) ([]api.Message, error) {
	type answer struct {
		list []digital.Message
		err  error
	}
	if err := w.allowed(ctx, id, true); err != nil {
		return nil, err
	}
	got, err := answered(func(done func(answer)) error {
		return w.g.hub.Transcript(id, after, limit, func(list []digital.Message, err error) { done(answer{list, err}) })
	})
	if err == nil {
		err = got.err
	}
	if err != nil {
		return nil, wordsAPI(err)
	}
	list := make([]api.Message, 0, len(got.list))
	for _, m := range got.list {
		list = append(list, apiMessage(m))
	}
	return list, nil
}

// allowed refuses an agent the conversations of others; what belongs to a matter that he has in hand he may read.
func (w apiWords) allowed(ctx context.Context, id string, read bool) error {
	p, ok := access.From(ctx)
	if !ok || p.Role != access.Agent {
		return nil
	}
	if v, ok := w.g.hub.View(id); ok && p.Agent != "" && v.Agent == p.Agent || read && w.g.words.offered(p.Agent, id) {
		return nil
	}
	return fmt.Errorf("conversation %s: %w", id, api.ErrDenied)
}

func apiMessage(m digital.Message) api.Message {
	out := api.Message{Conversation: m.Conversation, Seq: m.Seq, ID: m.ID, At: m.At, From: string(m.From), Actor: m.Actor, Text: m.Text, State: m.Delivery.String()}
	for _, c := range m.Choices {
		out.Choices = append(out.Choices, c.Label)
	}
	return out
}

// SendMessage implements api.Conversations.
func (w apiWords) SendMessage(ctx context.Context, m api.NewMessage) (api.Message, error) {
	v, err := w.ShowConversation(ctx, m.Conversation)
	if err == nil {
		err = w.allowed(ctx, m.Conversation, false)
	}
	if err != nil {
		return api.Message{}, err
	}
	receipt, err := answered(func(done func(digital.Receipt)) error {
		if m.From == string(digital.Customer) {
			return w.g.hub.Receive(digital.Inbound{Channel: journey.Channel(v.Channel), External: m.ID, Conversation: m.Conversation, Text: m.Text}, done)
		}
		shown, _ := w.g.hub.View(m.Conversation)
		return w.g.hub.Send(digital.AgentMessage{Conversation: m.Conversation, Item: shown.Item, Epoch: shown.Epoch, Agent: shown.Agent,
			Name: w.g.agentName(shown.Agent), ID: m.ID, Text: m.Text}, done)
	})
	if err == nil {
		err = receipt.Err
	}
	if err != nil {
		return api.Message{}, wordsAPI(err)
	}
	return api.Message{Conversation: receipt.Conversation, Seq: receipt.Seq, ID: m.ID, At: receipt.At, From: m.From, Actor: m.Actor, Text: m.Text, State: digital.Queued.String()}, nil
}

// maxFactName bounds the name of what an opener tells.
const maxFactName = 32

// OpenConversation implements api.Conversations.
func (w apiWords) OpenConversation(ctx context.Context, o api.OpenConversation) (api.Conversation, error) {
	if o.Queue != "" && w.g.cfg.Queues[o.Queue] == nil {
		return api.Conversation{}, api.Refuse(fmt.Errorf("queue %q: %w", o.Queue, api.ErrInvalid), "body.queue", "name a configured queue")
	}
	for name, value := range o.Data {
		if name == "" || len(name) > maxFactName || len(value) > journey.MaxDataValue {
			return api.Conversation{}, api.Refuse(fmt.Errorf("data %.40q: %w", name, api.ErrInvalid), "body.data", "names of 1 to 32 bytes, values of at most 1024")
		}
	}
	opening := digital.Opening{Channel: journey.Channel(o.Channel), Token: o.Token, Name: o.Name, Facts: o.Data, Topic: o.Topic, Queue: o.Queue}
	strength := journey.Claimed
	if o.Attested {
		strength = journey.Attested
	}
	for kind, value := range o.Address {
		normal, err := journey.Normal(journey.IdentityType(kind), value)
		if err != nil {
			return api.Conversation{}, api.Refuse(fmt.Errorf("address %s: %v: %w", kind, err, api.ErrInvalid), "body.address."+kind, "")
		}
		opening.Identities = append(opening.Identities, journey.Identity{Type: journey.IdentityType(kind), Value: normal, Strength: strength, Source: o.Actor})
	}
	open := func() (string, error) {
		opened, err := answered(func(done func(digital.Opened)) error { return w.g.hub.Open(opening, done) })
		if err == nil {
			err = opened.Err
		}
		return opened.Conversation, wordsAPI(err)
	}
	begin := open
	if o.Thread != "" {
		begin = func() (string, error) { return w.inThread(ctx, o, open) }
	}
	id, err := begin()
	if err != nil {
		return api.Conversation{}, err
	}
	if o.Text != "" {
		m := api.NewMessage{Conversation: id, ID: store.NewToken(), From: string(digital.Customer), Text: o.Text}
		if _, err := w.SendMessage(ctx, m); err != nil {
			return api.Conversation{}, err
		}
	}
	return w.ShowConversation(ctx, id)
}

// CloseConversation implements api.Conversations.
func (w apiWords) CloseConversation(ctx context.Context, id, reason string) error {
	if _, err := w.ShowConversation(ctx, id); err != nil {
		return err
	}
	return wordsAPI(w.g.hub.Post(id, digital.EndConversation{By: "system", Why: reason}))
}

// SendSMS implements api.SMS.
func (w apiWords) SendSMS(_ context.Context, s api.NewSMS) (api.SentSMS, error) {
	number, err := e164(s.To, w.g.cfg.Country)
	if err != nil {
		return api.SentSMS{}, api.Refuse(fmt.Errorf("to: %v: %w", err, api.ErrInvalid), "body.to", "give the number in E.164, such as +4930123456")
	}
	out := digital.Outreach{Channel: journey.SMS, To: journey.Identity{Type: journey.Tel, Value: number, Source: s.Actor}, From: s.From, Record: s.Record,
		ID: store.NewToken(), Text: s.Text}
	if agent, ok := strings.CutPrefix(s.Actor, agentTarget); ok { // of a program it is the house's
		out.Agent, out.Name = agent, w.g.agentName(agent)
	}
	r, err := answered(func(done func(digital.Receipt)) error { return w.g.hub.Start(out, done) })
	if err == nil {
		err = r.Err
	}
	if err != nil {
		return api.SentSMS{}, wordsAPI(err)
	}
	record, err := w.g.store.RecordOf(r.Conversation)
	if err != nil {
		record = s.Record
	}
	return api.SentSMS{ID: fmt.Sprintf("%s/%d", r.Conversation, r.Seq), Conversation: r.Conversation, Record: record, Parts: 1, State: digital.Queued.String()}, nil
}
