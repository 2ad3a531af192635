package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tandem/digital/api"
	"tandem/store"
	"tandem/store/journey"
)

// apiMatters is records, customers and links.
type apiMatters struct{ g *site }

// storeAPI says a store's refusal in the API's words.
func storeAPI(err error, what, id string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return noSuch(what, id)
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("%v: %w", err, api.ErrVersion)
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

// SetAttributes implements api.Records. The store compares the version in the same step in which it writes.
func (m apiMatters) SetAttributes(ctx context.Context, c api.AttributeChange) (api.Record, error) {
	if _, err := m.ShowRecord(ctx, c.Record); err != nil {
		return api.Record{}, err
	}
	now, b := time.Now(), store.Batch{}
	for _, name := range slices.Sorted(maps.Keys(c.Set)) {
		value := c.Set[name]
		b.Events = append(b.Events, journey.Event{Record: c.Record, At: now, Kind: journey.AttributeSet, Actor: c.By, Privacy: journey.Personal,
			Data: map[string]string{journey.DataName: name, journey.DataValue: value}})
	}
	b.Updates = []store.Update{{Record: c.Record, Seq: c.Seq, Set: c.Set, At: now}}
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

// IssueLink implements api.Links.
func (m apiMatters) IssueLink(ctx context.Context, l api.NewLink) (api.Link, error) {
	bound, err := boundTo(l.Identity)
	if err != nil {
		return api.Link{}, err
	}
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
	t := store.Token{Text: store.NewToken(), Record: l.Record, Strength: strengthOf(l.Strength), Expires: now.Add(life), Uses: max(1, l.Uses), Identity: bound, By: l.By, At: now}
	for _, c := range l.Channels {
		t.Channels = append(t.Channels, journey.Channel(c))
	}
	if err := m.write(ctx, "record", l.Record, store.Batch{Tokens: []store.Token{t}}); err != nil {
		return api.Link{}, err
	}
	return api.Link{Token: t.Text, URL: m.g.chatURL(t.Text), Record: l.Record, Expires: t.Expires, Uses: t.Uses}, nil
}

// boundTo is the address without which a link is not taken: a number, an e-mail address or a SIP URI. Empty binds it to nobody.
func boundTo(address string) (*journey.Identity, error) {
	if address == "" {
		return nil, nil
	}
	kind := journey.Tel
	switch {
	case strings.HasPrefix(address, "sip:"):
		kind = journey.SIP
	case strings.Contains(address, "@"):
		kind = journey.Mail
	}
	normal, err := journey.Normal(kind, address)
	if err != nil {
		return nil, api.Refuse(fmt.Errorf("identity: %v: %w", err, api.ErrInvalid), "body.identity", "give a number in E.164 or an e-mail address")
	}
	return &journey.Identity{Type: kind, Value: normal, Strength: journey.Claimed}, nil
}

func strengthOf(word string) journey.Strength {
	for _, s := range []journey.Strength{journey.Attested, journey.Authenticated} {
		if s.String() == word {
			return s
		}
	}
	return journey.Claimed
}
