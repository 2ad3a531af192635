package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/acd"
	"tandem/digital/desk"
	"tandem/sip/b2bua"
	"tandem/store"
	"tandem/store/journey"
)

// deskRooms is the house as the pages of agents and supervisors see it.
type deskRooms struct {
	*pagePhones // Dial … Reattach, Here
	*words      // Say … Note
	g           *site
}

// askWait bounds how long a page waits for the dispatcher.
const askWait = 2 * time.Second

func asking() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), askWait)
}

// SetState implements desk.Presence.
func (d deskRooms) SetState(agent, state, reason string) error {
	var ev acd.Event
	switch state {
	case "available":
		if v, ok := d.view(agent); ok && v.State != acd.AgentOffline.String() {
			ev = acd.SetState{Agent: agent, Ready: true}
		} else {
			ev = acd.SignIn{Agent: agent, Ready: true}
		}
	case "away":
		if v, ok := d.view(agent); ok && v.State == acd.AgentOffline.String() {
			ev = acd.SignIn{Agent: agent}
		} else {
			ev = acd.SetState{Agent: agent, Reason: reason}
		}
	case "offline":
		ev = acd.SignOut{Agent: agent, Reason: "desk"}
	default:
		return fmt.Errorf("state %q: %w", state, desk.ErrInvalid)
	}
	return d.post(ev)
}

func (d deskRooms) post(ev acd.Event) error {
	err := d.g.dispatcher.Post(ev)
	if errors.Is(err, acd.ErrBusy) {
		return fmt.Errorf("%v: %w", err, desk.ErrBusy)
	}
	return err
}

func (d deskRooms) view(agent string) (acd.AgentView, bool) {
	ctx, cancel := asking()
	defer cancel()
	list, err := d.g.dispatcher.Agents(ctx)
	if err != nil {
		return acd.AgentView{}, false
	}
	i := slices.IndexFunc(list, func(v acd.AgentView) bool { return v.ID == agent })
	if i < 0 {
		return acd.AgentView{}, false
	}
	return list[i], true
}

// Accept implements desk.Presence: a call is answered, which accepts its offer; anything else is accepted by itself.
func (d deskRooms) Accept(agent, offer, sdp string) error {
	if rings, err := d.pagePhones.AcceptOffer(agent, offer, sdp); rings {
		return err
	}
	id, medium, err := d.offered(agent, offer)
	if err != nil {
		return err
	}
	if medium == string(acd.Voice) {
		return fmt.Errorf("it rings at your phone, answer there: %w", desk.ErrRefused)
	}
	return d.post(acd.Accept{Offer: id, Agent: agent})
}

// Reject implements desk.Presence.
func (d deskRooms) Reject(agent, offer string) error {
	if d.pagePhones.RejectOffer(agent, offer) {
		return nil
	}
	id, _, err := d.offered(agent, offer)
	if err != nil {
		return err
	}
	return d.post(acd.Decline{Offer: id, Agent: agent, Reason: acd.ReasonReject})
}

func (d deskRooms) offered(agent, offer string) (acd.OfferID, string, error) {
	offers, _, _ := d.g.desk.Held(agent)
	for _, o := range offers {
		if o.Offer == offer {
			id, err := acd.ParseOfferID(offer)
			return id, o.Medium, err
		}
	}
	return acd.OfferID{}, "", fmt.Errorf("the offer: %w", desk.ErrGone)
}

// Board implements desk.Presence.
func (d deskRooms) Board() ([]desk.Queue, []desk.Agent, error) {
	ctx, cancel := asking()
	defer cancel()
	queues, err := d.g.dispatcher.Queues(ctx)
	if err != nil {
		return nil, nil, err
	}
	agents, err := d.g.dispatcher.Agents(ctx)
	if err != nil {
		return nil, nil, err
	}
	shownQueues := make([]desk.Queue, 0, len(queues))
	for _, q := range queues {
		level := -1.0
		if n := q.Answered + q.Abandoned; n > 0 {
			level = float64(q.Answered) / float64(n)
		}
		shownQueues = append(shownQueues, desk.Queue{Queue: q.Name, Waiting: q.Waiting, Longest: q.Oldest.Seconds(), Free: q.Free, Staffed: q.Staffed,
			Answered: int(q.Answered), Abandoned: int(q.Abandoned), Level: level})
	}
	shownAgents, heard := make([]desk.Agent, 0, len(agents)), d.talks()
	for _, a := range agents {
		by, talks := heard[a.ID]
		shownAgents = append(shownAgents, desk.Agent{Agent: a.ID, Name: a.Name, State: a.State, Reason: a.Reason, Since: a.Since, Phone: a.Phone, Load: a.Load,
			Budget: a.Budget, Queues: a.Queues, Items: a.Items, Talks: talks, Listeners: by})
	}
	return shownQueues, shownAgents, nil
}

// Dial implements desk.Voice. The visitor of a conversation is rung by the agent who has it, a record goes on by who may read it.
func (d deskRooms) Dial(agent, to, record, sdp string) (string, error) {
	conversation, visitor := strings.CutPrefix(to, conversationTarget)
	if !visitor {
		conversation, visitor = strings.CutPrefix(to, visitorUser)
	}
	if visitor {
		if _, err := d.words.owned(agent, conversation); err != nil {
			return "", err
		}
	}
	if err := d.has(agent, record); err != nil {
		return "", err
	}
	return d.pagePhones.Dial(agent, to, record, sdp)
}

// SMS implements desk.Words.
func (d deskRooms) SMS(agent, record, to, id, text string) error {
	if err := d.has(agent, record); err != nil {
		return err
	}
	return d.words.SMS(agent, record, to, id, text)
}

// Note implements desk.Words.
func (d deskRooms) Note(agent, record, text string) error {
	if err := d.has(agent, record); err != nil {
		return err
	}
	return d.words.Note(agent, record, text)
}

// has tells whether an agent may add to a record: he has something of it in hand. None is always his.
func (d deskRooms) has(agent, record string) error {
	if record != "" && !d.mayRead(desk.Person{Agent: agent}, record) {
		return fmt.Errorf("record %s: %w", record, desk.ErrDenied)
	}
	return nil
}

// Transfer implements desk.Voice; words have one of the dispatcher's.
func (d deskRooms) Transfer(agent, call, to string) error {
	return d.pagePhones.Transfer(agent, call, to)
}

// holds gives an item that an agent has in hand.
func (d deskRooms) holds(agent, item string) (acd.ItemView, error) {
	ctx, cancel := asking()
	defer cancel()
	v, ok, err := d.g.dispatcher.Item(ctx, item)
	switch {
	case err != nil:
		return v, err
	case !ok:
		return v, fmt.Errorf("item %s: %w", item, desk.ErrGone)
	case v.Agent != agent:
		return v, fmt.Errorf("item %s: %w", item, desk.ErrDenied)
	}
	return v, nil
}

// WrapUp implements desk.Rooms.
func (d deskRooms) WrapUp(agent, item, code, note string) error {
	v, err := d.holds(agent, item)
	if err != nil {
		return err
	}
	if codes := d.g.dispositions(v.Item.Queue); code != "" && len(codes) > 0 && !slices.Contains(codes, code) {
		return fmt.Errorf("outcome %q: %w", code, desk.ErrInvalid)
	}
	if note != "" && v.Item.Record != "" {
		if err := d.words.Note(agent, v.Item.Record, note); err != nil {
			return err
		}
	}
	return d.post(acd.WrapUpDone{Item: item, Agent: agent, Disposition: code})
}

// EndItem implements desk.Rooms: a conversation is closed by its agent, a call hung up.
func (d deskRooms) EndItem(agent, item string) error {
	v, err := d.holds(agent, item)
	if err != nil {
		return err
	}
	switch v.Item.Media {
	case acd.Chat, acd.Message:
		return d.words.finish(agent, v.Item.Interaction)
	case acd.Voice:
		if d.g.calls.Post(v.Item.Interaction, b2bua.EndCall{Kind: b2bua.Normal, By: agentTarget + agent}) {
			return nil
		}
	}
	return d.post(acd.End{Item: item, By: "agent"})
}

// MoveItem implements desk.Rooms.
func (d deskRooms) MoveItem(agent, item, to string) error {
	if _, err := d.holds(agent, item); err != nil {
		return err
	}
	t, err := transferOf(item, to)
	if err != nil {
		return err
	}
	return d.post(t)
}

// storyLines is how much of a customer's story a page gets.
const storyLines = 500

// Story implements desk.Rooms. An agent reads the records of what he has in hand or is offered, who watches reads all.
func (d deskRooms) Story(p desk.Person, record string) (desk.Story, error) {
	if !d.mayRead(p, record) {
		return desk.Story{}, fmt.Errorf("record %s: %w", record, desk.ErrDenied)
	}
	rec, err := d.g.store.Record(record)
	if err != nil {
		return desk.Story{}, fmt.Errorf("record %s: %w", record, desk.ErrGone)
	}
	story := desk.Story{Record: record, Customer: rec.Customer, Attributes: rec.Attributes, State: string(rec.State)}
	var events []journey.Event
	if rec.Customer == "" {
		events, err = d.g.store.Timeline(record, rec.Seq-min(rec.Seq, storyLines), storyLines)
	} else {
		if c, err := d.g.store.Customer(rec.Customer); err == nil {
			story.Name = c.Name
			for _, id := range c.Identities {
				story.Identities = append(story.Identities, fmt.Sprintf("%s %s (%s)", id.Type, id.Value, id.Strength))
			}
		}
		events, err = d.g.store.Story(rec.Customer, storyLines)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return desk.Story{}, err
	}
	for _, ev := range events {
		story.Lines = append(story.Lines, desk.Line{Record: ev.Record, Seq: ev.Seq, At: ev.At, Kind: string(ev.Kind), Channel: string(ev.Channel), Actor: ev.Actor, Data: ev.Data})
	}
	return story, nil
}

// Newest implements desk.Rooms.
func (d deskRooms) Newest(since uint64, records []string) (uint64, map[string]uint64) {
	head, _, err := d.g.store.FeedHead()
	if err != nil || head == since {
		return since, nil
	}
	newest := make(map[string]uint64, len(records))
	for _, id := range records {
		if rec, err := d.g.store.Record(id); err == nil {
			newest[id] = rec.Seq
		}
	}
	return head, newest
}

func (d deskRooms) mayRead(p desk.Person, record string) bool {
	if p.Role == desk.RoleSupervisor || p.Role == desk.RoleAdmin {
		return true
	}
	offers, items, calls := d.g.desk.Held(p.Agent)
	return slices.ContainsFunc(offers, func(o desk.Offer) bool { return o.Record == record }) ||
		slices.ContainsFunc(items, func(i desk.Item) bool { return i.Record == record }) ||
		slices.ContainsFunc(calls, func(c desk.Call) bool { return c.Record == record })
}
