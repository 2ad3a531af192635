package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

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

// ListConversations implements api.Conversations.
func (w apiWords) ListConversations(_ context.Context, f api.ConversationFilter, p api.Page) ([]api.Conversation, string, error) {
	views := slices.DeleteFunc(w.g.hub.Views(), func(v digital.View) bool {
		differs := func(want, got string) bool { return want != "" && want != got }
		return differs(f.State, v.State) || differs(f.Channel, v.Channel) || differs(f.Agent, v.Agent) || differs(f.Record, v.Record)
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
		list = append(list, apiConversation(v))
	}
	return list, next, nil
}

// ShowConversation implements api.Conversations.
func (w apiWords) ShowConversation(_ context.Context, id string) (api.Conversation, error) {
	if v, ok := w.g.hub.View(id); ok {
		return apiConversation(v), nil
	}
	if err := w.g.hub.Wake(id); err != nil {
		return api.Conversation{}, wordsAPI(err)
	}
	if _, err := w.g.words.read(id, 0, ""); err != nil { // waits until it is loaded
		return api.Conversation{}, noSuch("conversation", id)
	}
	v, ok := w.g.hub.View(id)
	if !ok {
		return api.Conversation{}, noSuch("conversation", id)
	}
	return apiConversation(v), nil
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

// OpenConversation implements api.Conversations.
func (w apiWords) OpenConversation(ctx context.Context, o api.OpenConversation) (api.Conversation, error) {
	opening := digital.Opening{Channel: journey.Channel(o.Channel), Token: o.Token, Name: o.Name, Facts: o.Data}
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
	opened, err := answered(func(done func(digital.Opened)) error { return w.g.hub.Open(opening, done) })
	if err == nil {
		err = opened.Err
	}
	if err != nil {
		return api.Conversation{}, wordsAPI(err)
	}
	if o.Text != "" {
		if _, err := w.SendMessage(ctx, api.NewMessage{Conversation: opened.Conversation, ID: "first", From: string(digital.Customer), Text: o.Text}); err != nil {
			return api.Conversation{}, err
		}
	}
	return w.ShowConversation(ctx, opened.Conversation)
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
		ID: store.NewToken(), Text: s.Text, Agent: strings.TrimPrefix(s.Actor, agentTarget)}
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

// apiMatters is records, customers and links.
type apiMatters struct{ g *site }

// storeAPI says a store's refusal in the API's words.
func storeAPI(err error, what, id string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return noSuch(what, id)
	case errors.Is(err, store.ErrInvalid), errors.Is(err, store.ErrLimit):
		return fmt.Errorf("%v: %w", err, api.ErrInvalid)
	case errors.Is(err, store.ErrBusy):
		return fmt.Errorf("%v: %w", err, api.ErrBusy)
	case errors.Is(err, store.ErrUnhealthy), errors.Is(err, store.ErrClosed):
		return fmt.Errorf("%v: %w", err, api.ErrDown)
	}
	return err
}

func apiRecord(r journey.Record) api.Record {
	return api.Record{ID: r.ID, Customer: r.Customer, Topic: r.Topic, State: string(r.State), Outcome: r.Outcome, Attributes: r.Attributes, Opened: r.Opened,
		Touched: r.Touched, Closed: r.Closed, Seq: r.Seq}
}

// SearchRecords implements api.Records. The cursor is a record's ID.
func (m apiMatters) SearchRecords(_ context.Context, q api.RecordQuery, p api.Page) ([]api.Record, string, error) {
	found, err := m.g.store.Search(store.Query{Text: q.Text, Customer: q.Customer, Identity: q.Identity, State: journey.RecordState(q.State), Since: q.Since,
		Before: p.After, Limit: p.Limit})
	if err != nil {
		return nil, "", storeAPI(err, "record", p.After)
	}
	list := make([]api.Record, 0, len(found))
	for _, r := range found {
		list = append(list, apiRecord(r))
	}
	next := ""
	if len(found) == p.Limit {
		next = found[len(found)-1].ID
	}
	return list, next, nil
}

// ShowRecord implements api.Records.
func (m apiMatters) ShowRecord(_ context.Context, id string) (api.Record, error) {
	r, err := m.g.store.Record(id)
	return apiRecord(r), storeAPI(err, "record", id)
}

// Timeline implements api.Records.
func (m apiMatters) Timeline(_ context.Context, id string, after uint64, limit int) ([]api.Event, error) {
	events, err := m.g.store.Timeline(id, after, limit)
	if err != nil {
		return nil, storeAPI(err, "record", id)
	}
	list := make([]api.Event, 0, len(events))
	for _, e := range events {
		list = append(list, api.Event{Record: e.Record, Seq: e.Seq, At: e.At, Kind: string(e.Kind), Channel: string(e.Channel), Interaction: e.Interaction,
			Item: e.Item, Actor: e.Actor, Privacy: string(e.Privacy), Data: e.Data})
	}
	return list, nil
}

// write makes a batch durable.
func (m apiMatters) write(ctx context.Context, what, id string, b store.Batch) error {
	b.Now = true
	_, err := store.AppendWait(ctx, m.g.store, b)
	return storeAPI(err, what, id)
}

// SetAttributes implements api.Records.
func (m apiMatters) SetAttributes(ctx context.Context, c api.AttributeChange) (api.Record, error) {
	old, err := m.g.store.Record(c.Record)
	if err != nil {
		return api.Record{}, storeAPI(err, "record", c.Record)
	}
	if c.Seq != 0 && c.Seq != old.Seq {
		return api.Record{}, fmt.Errorf("record %s is at %d: %w", c.Record, old.Seq, api.ErrVersion)
	}
	now, b := time.Now(), store.Batch{}
	for name, value := range c.Set {
		b.Events = append(b.Events, journey.Event{Record: c.Record, At: now, Kind: journey.AttributeSet, Actor: c.By, Privacy: journey.Personal,
			Data: map[string]string{journey.DataName: name, journey.DataValue: value}})
	}
	b.Updates = []store.Update{{Record: c.Record, Set: c.Set, At: now}}
	if err := m.write(ctx, "record", c.Record, b); err != nil {
		return api.Record{}, err
	}
	return m.ShowRecord(ctx, c.Record)
}

// CloseRecord implements api.Records.
func (m apiMatters) CloseRecord(ctx context.Context, c api.RecordClose) (api.Record, error) {
	if _, err := m.ShowRecord(ctx, c.Record); err != nil {
		return api.Record{}, err
	}
	now := time.Now()
	b := store.Batch{Updates: []store.Update{{Record: c.Record, State: journey.Closed, Outcome: c.Outcome, At: now}}}
	if c.Note != "" {
		b.Events = []journey.Event{{Record: c.Record, At: now, Kind: journey.Note, Actor: c.By, Privacy: journey.Personal, Data: map[string]string{journey.DataText: c.Note}}}
	}
	if err := m.write(ctx, "record", c.Record, b); err != nil {
		return api.Record{}, err
	}
	return m.ShowRecord(ctx, c.Record)
}

func apiCustomer(c journey.Customer) api.Customer {
	out := api.Customer{ID: c.ID, Name: c.Name, Language: c.Language, Merged: c.Merged, Erased: c.Erased, Identities: []api.Identity{}}
	for _, i := range c.Identities {
		out.Identities = append(out.Identities, api.Identity{Type: string(i.Type), Value: i.Value, Strength: i.Strength.String(), Shared: i.Shared, Last: i.Last})
	}
	return out
}

// SearchCustomers implements api.Customers: the customers of the records that are found. The cursor is a record's ID.
func (m apiMatters) SearchCustomers(_ context.Context, q api.CustomerQuery, p api.Page) ([]api.Customer, string, error) {
	found, err := m.g.store.Search(store.Query{Text: q.Text, Identity: q.Identity, Before: p.After, Limit: p.Limit})
	if err != nil {
		return nil, "", storeAPI(err, "record", p.After)
	}
	list, seen := []api.Customer{}, map[string]bool{}
	for _, r := range found {
		if r.Customer == "" || seen[r.Customer] {
			continue
		}
		seen[r.Customer] = true
		c, err := m.g.store.Customer(r.Customer)
		if err != nil {
			return nil, "", storeAPI(err, "customer", r.Customer)
		}
		list = append(list, apiCustomer(c))
	}
	next := ""
	if len(found) == p.Limit {
		next = found[len(found)-1].ID
	}
	return list, next, nil
}

// ShowCustomer implements api.Customers.
func (m apiMatters) ShowCustomer(_ context.Context, id string) (api.Customer, error) {
	c, err := m.g.store.Customer(id)
	return apiCustomer(c), storeAPI(err, "customer", id)
}

// MergeCustomers implements api.Customers.
func (m apiMatters) MergeCustomers(ctx context.Context, x api.Merge) (api.Customer, error) {
	return m.merge(ctx, x, false)
}

// UnmergeCustomers implements api.Customers.
func (m apiMatters) UnmergeCustomers(ctx context.Context, x api.Merge) (api.Customer, error) {
	return m.merge(ctx, x, true)
}

func (m apiMatters) merge(ctx context.Context, x api.Merge, undo bool) (api.Customer, error) {
	for _, id := range []string{x.Into, x.Other} {
		if _, err := m.g.store.Customer(id); err != nil {
			return api.Customer{}, storeAPI(err, "customer", id)
		}
	}
	b := store.Batch{Merges: []store.Merge{{A: x.Into, B: x.Other, By: x.By, Reason: x.Reason, Undo: undo, At: time.Now()}}}
	if err := m.write(ctx, "customer", x.Into, b); err != nil {
		return api.Customer{}, err
	}
	return m.ShowCustomer(ctx, x.Into)
}

// ExportCustomer implements api.Customers.
func (m apiMatters) ExportCustomer(_ context.Context, id, by string) (api.Export, error) {
	var lines bytes.Buffer
	if err := store.Export(m.g.store, id, &lines); err != nil {
		return api.Export{}, storeAPI(err, "customer", id)
	}
	list := bytes.Split(bytes.TrimSpace(lines.Bytes()), []byte("\n"))
	m.g.log.Info("customer exported", "customer", id, "by", by)
	return api.Export{Customer: id, At: time.Now(), Data: slices.Concat([]byte("["), bytes.Join(list, []byte(",")), []byte("]"))}, nil
}

// EraseCustomer implements api.Customers.
func (m apiMatters) EraseCustomer(ctx context.Context, id, by string) error {
	if _, err := m.g.store.Customer(id); err != nil {
		return storeAPI(err, "customer", id)
	}
	return m.write(ctx, "customer", id, store.Batch{Erase: []store.Erasure{{Customer: id, By: by, At: time.Now()}}})
}

// IssueLink implements api.Links.
func (m apiMatters) IssueLink(ctx context.Context, l api.NewLink) (api.Link, error) {
	if _, err := m.g.store.Record(l.Record); err != nil {
		return api.Link{}, storeAPI(err, "record", l.Record)
	}
	life := store.TokenForCall
	if l.Purpose == "message" {
		life = store.TokenForMessage
	}
	if l.TTL > 0 {
		life = l.TTL
	}
	now := time.Now()
	t := store.Token{Text: store.NewToken(), Record: l.Record, Strength: strengthOf(l.Strength), Expires: now.Add(life), Uses: max(1, l.Uses), By: l.By, At: now}
	for _, c := range l.Channels {
		t.Channels = append(t.Channels, journey.Channel(c))
	}
	if err := m.write(ctx, "record", l.Record, store.Batch{Tokens: []store.Token{t}}); err != nil {
		return api.Link{}, err
	}
	return api.Link{Token: t.Text, URL: m.g.public() + "/chat#token=" + t.Text, Record: l.Record, Expires: t.Expires, Uses: t.Uses}, nil
}

func strengthOf(word string) journey.Strength {
	for _, s := range []journey.Strength{journey.Attested, journey.Authenticated} {
		if s.String() == word {
			return s
		}
	}
	return journey.Claimed
}
