package main

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tandem/acd"
	"tandem/digital/desk"
	"tandem/store"
	"tandem/store/journey"
)

// deskDoor tells the pages of agents what the dispatcher decided: it follows who has what, reads the record for an offer, and shows
// items as the dispatcher sees them. One goroutine; what it is told waits in order.
type deskDoor struct {
	desk  *desk.Server
	queue func() *acd.Dispatcher
	store store.Store
	pages *pagePhones
	words *words
	codes func(queue string) []string // dispositions of a queue
	log   *slog.Logger

	told  chan any
	items map[string]string      // item → agent, of what was offered or taken
	asked map[string]acd.OfferID // item → the offer that its agent is shown
}

// deskMail is how many decisions may wait to be shown; beyond it the oldest pages are stale until their next change.
const deskMail = 8192

func newDeskDoor(d deskDoor) *deskDoor {
	d.told, d.items, d.asked = make(chan any, deskMail), map[string]string{}, map[string]acd.OfferID{}
	return &d
}

// tell takes a decision; it never waits.
func (d *deskDoor) tell(m any) {
	select {
	case d.told <- m:
	default:
		d.log.Error("desk not told: too much waits to be shown")
	}
}

// serve shows what is told until ctx ends.
func (d *deskDoor) serve(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case m := <-d.told:
			d.show(ctx, m)
		}
	}
}

func (d *deskDoor) show(ctx context.Context, m any) {
	switch m := m.(type) {
	case acd.Offer:
		d.stale(m.Item.ID, m.ID)
		d.items[m.Item.ID], d.asked[m.Item.ID] = m.Agent, m.ID
		d.desk.Offer(m.Agent, d.pages.ringing(m.Agent, d.offer(m)))
	case acd.Withdraw:
		d.gone(m.ID.Item, m.Agent, m.ID.String(), m.Reason)
	case acd.Connect:
		d.items[m.Item.ID] = m.Agent
		delete(d.asked, m.Item.ID)
		d.gone("", m.Agent, m.Offer.String(), "accepted")
		d.item(ctx, m.Item.ID)
	case acd.ItemChanged:
		d.changed(ctx, m)
	case acd.ItemEnded:
		d.over(m.Item, m.Outcome.String())
	case again:
		d.item(ctx, string(m))
	}
}

// again is an item of which more has changed than the dispatcher knows: it is shown anew.
type again string

// tellChange takes a change of what an agent has or had; of what is offered or accepted, Offer and Connect tell.
func (d *deskDoor) tellChange(c acd.ItemChanged) {
	if (c.Agent != "" || c.Left != "") && c.State != acd.ItemOffered && c.State != acd.ItemConnecting {
		d.tell(c)
	}
}

// changed shows an item in its new state.
func (d *deskDoor) changed(ctx context.Context, c acd.ItemChanged) {
	if c.Agent == "" {
		d.over(c.Item, cmp.Or(c.Reason, c.State.String()))
		return
	}
	d.items[c.Item] = c.Agent
	d.item(ctx, c.Item)
}

// gone takes an offer off the page. What is known of an item that was accepted is kept until its change or end is told.
func (d *deskDoor) gone(item, agent, offer, why string) {
	if asked, ok := d.asked[item]; ok && asked.String() == offer {
		delete(d.items, item)
		delete(d.asked, item)
	}
	d.pages.offerGone(agent, offer)
	d.desk.OfferGone(agent, offer, why)
}

// stale takes an offer off the page that is not the present one: the dispatcher withdraws none that was declined.
func (d *deskDoor) stale(item string, now acd.OfferID) {
	if shown, ok := d.asked[item]; ok && shown != now {
		d.gone(item, d.items[item], shown.String(), "declined")
	}
}

func (d *deskDoor) over(item, why string) {
	d.stale(item, acd.OfferID{})
	if agent := d.items[item]; agent != "" {
		delete(d.items, item)
		d.desk.ItemGone(agent, item, why)
	}
}

// item shows an item as it is now; one that has gone on to another agent, or ended, is told of behind this.
func (d *deskDoor) item(ctx context.Context, id string) {
	agent := d.items[id]
	if agent == "" {
		return
	}
	v, ok, err := d.queue().Item(ctx, id)
	if err != nil || !ok || v.Agent != agent || v.State == acd.ItemOffered {
		return
	}
	shown := desk.Item{
		Item: id, Medium: string(v.Item.Media), Queue: v.Item.Queue, State: v.State.String(), Record: v.Item.Record, Who: d.who(v.Item),
		Since: v.T0, At: time.Now(), Codes: d.codes(v.Item.Queue),
	}
	switch v.Item.Media {
	case acd.Chat, acd.Message:
		shown.Conversation = v.Item.Interaction
		shown.Away = v.Item.Media == acd.Chat && d.words.left(v.Item.Interaction)
	case acd.Voice, acd.Callback:
		shown.Call = v.Item.Interaction
	}
	_, items, _ := d.desk.Held(agent)
	if i := slices.IndexFunc(items, func(x desk.Item) bool { return x.Item == id }); i >= 0 && items[i].State == shown.State {
		shown.At = items[i].At
	}
	d.desk.Item(agent, shown)
}

// lastLines is how much of a record is read for an offer.
const lastLines = 200

// offer is what an agent is shown before he accepts: who, why and on which way.
func (d *deskDoor) offer(o acd.Offer) desk.Offer {
	shown := desk.Offer{
		Offer: o.ID.String(), Item: o.Item.ID, Medium: string(o.Item.Media), Queue: o.Item.Queue, Record: o.Item.Record, Who: d.who(o.Item),
		Why: o.Why, Since: time.Now().Add(-o.Waited), Deadline: o.Deadline, Facts: map[string]string{},
	}
	for k, v := range o.Item.Data {
		name, ours := strings.CutPrefix(k, "callback-")
		switch {
		case ours && name == "source":
			shown.Facts["asked for by"] = v
		case !ours && k != "caller" && k != "customer":
			shown.Facts[k] = v
		}
	}
	if o.Item.Record == "" {
		return shown
	}
	rec, err := d.store.Record(o.Item.Record)
	if err != nil {
		return shown // it is on its way
	}
	for k, v := range rec.Attributes {
		shown.Facts[k] = v
	}
	shown.Reason = cmp.Or(rec.Topic, rec.Attributes["topic"], rec.Attributes["reason"])
	if c, err := d.store.Customer(rec.Customer); err == nil {
		shown.Who = cmp.Or(c.Name, shown.Who)
		for _, id := range c.Identities {
			shown.Proven = shown.Proven || id.Strength > journey.Claimed
		}
	}
	var after uint64
	if rec.Seq > lastLines {
		after = rec.Seq - lastLines
	}
	events, err := d.store.Timeline(rec.ID, after, lastLines)
	if err != nil {
		return shown
	}
	shown.Path = pathOf(events)
	if o.Item.Media == acd.Chat || o.Item.Media == acd.Message {
		shown.Last = d.words.last(o.Item.Interaction)
	}
	return shown
}

// who is the customer as an item names him.
func (d *deskDoor) who(it acd.Item) string {
	name := cmp.Or(it.Data["name"], it.Data["caller"], it.Data["customer"], it.Customer)
	if strings.HasPrefix(name, "w_") || strings.HasPrefix(name, visitorUser) { // an identity of ours, no name
		return "Website visitor"
	}
	return name
}

// pathOf is the way through the flows: what was chosen at each question.
func pathOf(events []journey.Event) (path []string) {
	for _, ev := range events {
		switch ev.Kind {
		case journey.FlowEntered:
			path = append(path, ev.Data[journey.DataFlow])
		case journey.StepInput:
			input := ev.Data[journey.DataInput]
			if input == "" {
				input = ev.Data[journey.DataDigits] + " digits"
			}
			path = append(path, ev.Data[journey.DataStep]+": "+input)
		}
	}
	return path
}
