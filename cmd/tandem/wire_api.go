package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tandem/acd"
	"tandem/digital/api"
	"tandem/sip/b2bua"
	"tandem/store/journey"
)

// apiRooms is the house as the API sees it. A room that is nil answers 501.
func (g *site) apiRooms() api.Rooms {
	work, matters := apiWork{g}, apiMatters{g}
	return api.Rooms{
		Queues: work, Agents: work, Items: work, Calls: apiCalls{g}, Conversations: apiWords{g}, SMS: apiWords{g}, Callbacks: apiCallbacks{g}, Records: matters, Customers: matters,
		Links: matters, Health: apiHealth{g},
	}
}

// noSuch is the answer to an ID that nobody has.
func noSuch(what, id string) error { return fmt.Errorf("%s %q: %w", what, id, api.ErrNotFound) }

// apiError says a dispatcher's refusal in the API's words.
func apiError(err error) error {
	switch {
	case errors.Is(err, acd.ErrBusy):
		return fmt.Errorf("%v: %w", err, api.ErrBusy)
	case errors.Is(err, acd.ErrStopped), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%v: %w", err, api.ErrDown)
	}
	return err
}

// apiWork is queues, agents and items.
type apiWork struct{ g *site }

func apiQueue(q acd.QueueView) api.Queue {
	out := api.Queue{Name: q.Name, Mode: string(q.Mode), Waiting: q.Waiting, Offered: q.Offered, Active: q.Active, Oldest: q.Oldest.Seconds(),
		Members: q.Members, Staffed: q.Staffed, Free: q.Free, Answered: q.Answered, Abandoned: q.Abandoned}
	if q.Estimate.Known {
		out.WaitP50, out.WaitP80 = q.Estimate.P50.Seconds(), q.Estimate.P80.Seconds()
	}
	return out
}

// ListQueues implements api.Queues.
func (w apiWork) ListQueues(ctx context.Context) ([]api.Queue, error) {
	views, err := w.g.dispatcher.Queues(ctx)
	if err != nil {
		return nil, apiError(err)
	}
	list := make([]api.Queue, 0, len(views))
	for _, q := range views {
		list = append(list, apiQueue(q))
	}
	return list, nil
}

// ShowQueue implements api.Queues.
func (w apiWork) ShowQueue(ctx context.Context, name string, limit int) (api.QueueDetail, error) {
	views, err := w.g.dispatcher.Queues(ctx)
	if err != nil {
		return api.QueueDetail{}, apiError(err)
	}
	i := slices.IndexFunc(views, func(q acd.QueueView) bool { return q.Name == name })
	if i < 0 {
		return api.QueueDetail{}, noSuch("queue", name)
	}
	items, err := w.g.dispatcher.Items(ctx, name, limit)
	if err != nil {
		return api.QueueDetail{}, apiError(err)
	}
	d := api.QueueDetail{Queue: apiQueue(views[i]), Items: []api.Item{}}
	for _, it := range items {
		d.Items = append(d.Items, apiItem(it))
	}
	return d, nil
}

func apiAgent(a acd.AgentView) api.Agent {
	return api.Agent{ID: a.ID, Name: a.Name, Endpoint: a.Endpoint, State: a.State, Reason: a.Reason, Since: a.Since, Phone: a.Phone, Desk: a.Desk,
		Load: a.Load, Budget: a.Budget, Queues: a.Queues, Items: a.Items}
}

// ListAgents implements api.Agents.
func (w apiWork) ListAgents(ctx context.Context) ([]api.Agent, error) {
	views, err := w.g.dispatcher.Agents(ctx)
	if err != nil {
		return nil, apiError(err)
	}
	list := make([]api.Agent, 0, len(views))
	for _, a := range views {
		list = append(list, apiAgent(a))
	}
	return list, nil
}

// ShowAgent implements api.Agents.
func (w apiWork) ShowAgent(ctx context.Context, id string) (api.Agent, error) {
	list, err := w.ListAgents(ctx)
	if err != nil {
		return api.Agent{}, err
	}
	i := slices.IndexFunc(list, func(a api.Agent) bool { return a.ID == id })
	if i < 0 {
		return api.Agent{}, noSuch("agent", id)
	}
	return list[i], nil
}

// change posts an event about an agent who must exist, and shows him as he is then.
func (w apiWork) change(ctx context.Context, id string, ev acd.Event) (api.Agent, error) {
	if _, err := w.ShowAgent(ctx, id); err != nil {
		return api.Agent{}, err
	}
	if err := w.g.dispatcher.Post(ev); err != nil {
		return api.Agent{}, apiError(err)
	}
	return w.ShowAgent(ctx, id)
}

// SetAgentState implements api.Agents.
func (w apiWork) SetAgentState(ctx context.Context, s api.AgentState) (api.Agent, error) {
	return w.change(ctx, s.Agent, acd.SetState{Agent: s.Agent, Ready: s.Ready, Reason: s.Reason})
}

// SignInAgent implements api.Agents.
func (w apiWork) SignInAgent(ctx context.Context, id string, ready bool) (api.Agent, error) {
	return w.change(ctx, id, acd.SignIn{Agent: id, Ready: ready})
}

// SignOutAgent implements api.Agents.
func (w apiWork) SignOutAgent(ctx context.Context, id, reason string) (api.Agent, error) {
	return w.change(ctx, id, acd.SignOut{Agent: id, Reason: reason})
}

func apiItem(v acd.ItemView) api.Item {
	out := api.Item{ID: v.Item.ID, State: v.State.String(), Medium: string(v.Item.Media), Queue: v.Item.Queue, Record: v.Item.Record,
		Interaction: v.Item.Interaction, Agent: v.Agent, Epoch: v.Epoch, Arrived: v.T0, Entered: v.Entered, Position: v.Position, Need: v.Need, Data: v.Item.Data}
	if v.Estimate.Known {
		out.WaitP50 = v.Estimate.P50.Seconds()
	}
	return out
}

// maxListed is how many items a list goes through.
const maxListed = 10_000

// ListItems implements api.Items. The cursor is an item's ID.
func (w apiWork) ListItems(ctx context.Context, queue string, p api.Page) ([]api.Item, string, error) {
	views, err := w.g.dispatcher.Items(ctx, queue, maxListed)
	if err != nil {
		return nil, "", apiError(err)
	}
	part, next := pageOf(views, p, func(v acd.ItemView) string { return v.Item.ID })
	list := make([]api.Item, 0, len(part))
	for _, v := range part {
		list = append(list, apiItem(v))
	}
	return list, next, nil
}

// pageOf cuts a page out of a list in a fixed order; the cursor is the key of the last entry of the page before.
func pageOf[T any](list []T, p api.Page, key func(T) string) (part []T, next string) {
	if p.After != "" {
		i := slices.IndexFunc(list, func(v T) bool { return key(v) == p.After })
		list = list[i+1:] // an entry that is gone meanwhile starts the list anew
	}
	if len(list) > p.Limit {
		list = list[:p.Limit]
		next = key(list[len(list)-1])
	}
	return list, next
}

// ShowItem implements api.Items.
func (w apiWork) ShowItem(ctx context.Context, id string) (api.Item, error) {
	v, ok, err := w.g.dispatcher.Item(ctx, id)
	if err != nil {
		return api.Item{}, apiError(err)
	}
	if !ok {
		return api.Item{}, noSuch("item", id)
	}
	return apiItem(v), nil
}

// WhyItem implements api.Items.
func (w apiWork) WhyItem(ctx context.Context, id string) (api.Why, error) {
	x, err := w.g.dispatcher.Why(ctx, id)
	if err != nil {
		return api.Why{}, apiError(err)
	}
	if len(x.Decisions) == 0 && x.Waiting == "" {
		return api.Why{}, noSuch("item", id)
	}
	out := api.Why{Item: x.Item, Waiting: x.Waiting, Decisions: []api.Decision{}}
	for _, d := range x.Decisions {
		out.Decisions = append(out.Decisions, api.Decision{At: d.At, What: d.What, Epoch: d.Epoch, Queue: d.Queue, Agent: d.Agent, Reason: d.Reason,
			Need: d.Need, Urgency: d.Urgency, Waited: d.Waited.Seconds(), Free: d.Free, Excluded: d.Excluded, Next: d.Next})
	}
	return out, nil
}

// CancelItem implements api.Items.
func (w apiWork) CancelItem(ctx context.Context, id, reason string) error {
	if _, err := w.ShowItem(ctx, id); err != nil {
		return err
	}
	return apiError(w.g.dispatcher.Post(acd.Cancel{Item: id, Reason: reason}))
}

// TransferItem implements api.Items.
func (w apiWork) TransferItem(ctx context.Context, t api.ItemTransfer) (api.Item, error) {
	if _, err := w.ShowItem(ctx, t.Item); err != nil {
		return api.Item{}, err
	}
	if t.Queue != "" && w.g.cfg.Queues[t.Queue] == nil {
		return api.Item{}, api.Refuse(fmt.Errorf("queue %q: %w", t.Queue, api.ErrInvalid), "body.queue", "name a configured queue")
	}
	if t.Agent != "" && w.g.cfg.Agents[t.Agent] == nil {
		return api.Item{}, api.Refuse(fmt.Errorf("agent %q: %w", t.Agent, api.ErrInvalid), "body.agent", "name a configured agent")
	}
	if err := w.g.dispatcher.Post(acd.Transfer{Item: t.Item, Queue: t.Queue, Agent: t.Agent, Keep: !t.Fresh}); err != nil {
		return api.Item{}, apiError(err)
	}
	return w.ShowItem(ctx, t.Item)
}

// apiCalls is live calls and those that ended lately.
type apiCalls struct{ g *site }

func (p agentPhones) apiCall(v b2bua.CallView) api.Call {
	out := api.Call{ID: v.ID, Record: v.Record, Item: v.Item, Agent: p.agent(v), Listeners: v.Listeners, Listens: v.Listens, State: v.State, Waiting: v.Waiting, Caller: v.Caller, Called: v.Called, Trunk: v.Trunk, Endpoint: v.Endpoint,
		Flow: v.Flow, Peer: v.Peer, Hold: v.Hold, Recording: v.Recording, Began: v.Began, Answered: v.Answered, Ended: v.Ended, Cause: v.Cause, By: v.By,
		Legs: []api.Leg{}}
	for _, l := range v.Legs {
		out.Legs = append(out.Legs, api.Leg{Name: l.Name, State: l.State, To: l.To, Codec: l.Codec, SRTP: l.SRTP, Held: l.Held, MOS: l.MOS, Lost: l.Lost, Source: l.Source})
	}
	return out
}

// ListCalls implements api.Calls.
func (c apiCalls) ListCalls(_ context.Context, p api.Page) ([]api.Call, string, error) {
	views := c.g.calls.Views()
	slices.SortFunc(views, func(a, b b2bua.CallView) int { return strings.Compare(a.ID, b.ID) })
	part, next := pageOf(views, p, func(v b2bua.CallView) string { return v.ID })
	list, phones := make([]api.Call, 0, len(part)), phonesOf(c.g.cfg)
	for _, v := range part {
		list = append(list, phones.apiCall(v))
	}
	return list, next, nil
}

// ShowCall implements api.Calls.
func (c apiCalls) ShowCall(_ context.Context, id string) (api.Call, error) {
	v, ok := c.g.calls.View(id)
	if !ok {
		return api.Call{}, noSuch("call", id)
	}
	return phonesOf(c.g.cfg).apiCall(v), nil
}

// TraceCall implements api.Calls.
func (c apiCalls) TraceCall(_ context.Context, id string) (api.Trace, error) {
	t, ok := c.g.calls.Trace(id)
	if !ok {
		return api.Trace{}, noSuch("call", id)
	}
	out := api.Trace{Call: t.Call, Began: t.Began, Rungs: []string{}}
	for _, r := range t.Rungs {
		out.Rungs = append(out.Rungs, r.String())
	}
	return out, nil
}

// order gives a live call a command and hears whether it could be done.
func (c apiCalls) order(id string, m b2bua.Command) error {
	err := c.g.calls.Order(id, m)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, b2bua.ErrNoCall):
		return noSuch("call", id)
	case errors.Is(err, b2bua.ErrBusy):
		return fmt.Errorf("%v: %w", err, api.ErrBusy)
	case errors.Is(err, b2bua.ErrNoTarget):
		return fmt.Errorf("%v: %w", err, api.ErrInvalid)
	}
	return fmt.Errorf("%v: %w", err, api.ErrConflict)
}

// HangUpCall implements api.Calls.
func (c apiCalls) HangUpCall(_ context.Context, id, by string) error {
	return c.order(id, b2bua.EndCall{Kind: b2bua.Normal, By: cmp.Or(by, "system")})
}

// TransferCall implements api.Calls: the caller is handed on.
func (c apiCalls) TransferCall(_ context.Context, t api.CallTransfer) error {
	return c.order(t.Call, b2bua.Transfer{By: b2bua.Peers, To: t.To})
}

// HoldCall implements api.Calls.
func (c apiCalls) HoldCall(_ context.Context, id string, on bool) error {
	if on {
		return c.order(id, b2bua.Hold{By: b2bua.Peers})
	}
	return c.order(id, b2bua.Resume{By: b2bua.Peers})
}

// OriginateCall implements api.Calls.
func (c apiCalls) OriginateCall(ctx context.Context, o api.Originate) (api.Call, error) {
	from := b2bua.Arrival{At: time.Now()}
	first, ok := c.target(o.First, from)
	if !ok {
		return api.Call{}, api.Refuse(fmt.Errorf("first: nothing is called by %q: %w", o.First, api.ErrInvalid), "body.first", "give an extension, agent:ID or a number that an outbound rule allows flows to dial")
	}
	origin := b2bua.Origin{First: first, Identity: b2bua.Identity{Record: o.Record}, Ring: o.Timeout}
	origin.ShowTo[0], origin.ShowTo[1] = b2bua.Party{Number: o.Then}, b2bua.Party{Number: o.CallerID, Trunk: o.CallerID}
	if queue, ok := strings.CutPrefix(o.Then, queueTarget); ok {
		if c.g.cfg.Queues[queue] == nil {
			return api.Call{}, api.Refuse(fmt.Errorf("then: queue %q: %w", queue, api.ErrInvalid), "body.then", "name a configured queue")
		}
		origin.Script, origin.Flow = shownScript{queueScript{queue, c.g.router.music(queue)}, o.Data}, "queue "+queue
	} else if len(o.Data) > 0 {
		return api.Call{}, api.Refuse(fmt.Errorf("data: nobody is shown it: %w", api.ErrInvalid), "body.data", "leave it out, or let then be queue:NAME: an agent sees it with the item")
	} else if origin.Then, ok = c.target(o.Then, from); !ok {
		return api.Call{}, api.Refuse(fmt.Errorf("then: nothing is called by %q: %w", o.Then, api.ErrInvalid), "body.then", "give an extension, agent:ID, queue:NAME or a number that an outbound rule allows flows to dial")
	}
	if o.Token != "" { // last: what is refused shall not use it up
		record, err := c.g.useLink(ctx, o.Token, o.By, journey.Voice)
		if err != nil {
			return api.Call{}, err
		}
		origin.Identity.Record = record
	}
	id, err := c.g.calls.Originate(origin)
	if err != nil {
		return api.Call{}, fmt.Errorf("%v: %w", err, api.ErrBusy)
	}
	v, _ := c.g.calls.View(id)
	v.ID = id
	return phonesOf(c.g.cfg).apiCall(v), nil
}

// shownScript is a queue's script whose item shows more to agents.
type shownScript struct {
	queueScript
	data map[string]string
}

// Step implements b2bua.Script.
func (s shownScript) Step(ev b2bua.ScriptEvent, now time.Time) []b2bua.Action {
	list := s.queueScript.Step(ev, now)
	for i, a := range list {
		if e, ok := a.(b2bua.Enqueue); ok {
			e.Attributes = s.data
			list[i] = e
		}
	}
	return list
}

// target is where a call can be placed: an extension, an agent's phone, or a number outside as flows may dial it.
func (c apiCalls) target(name string, from b2bua.Arrival) (b2bua.Destination, bool) {
	if agent, ok := strings.CutPrefix(name, agentTarget); ok {
		endpoint, _ := c.g.agentEndpoint(agent)
		return b2bua.Destination{Endpoint: endpoint}, endpoint != ""
	}
	return c.g.router.Resolve(name, b2bua.Arrival{At: from.At})
}

// apiHealth is how the parts are.
type apiHealth struct{ g *site }

// Health implements api.Health.
func (h apiHealth) Health(context.Context) (api.HealthReport, error) {
	out := api.HealthReport{Ready: true, Version: version}
	for _, c := range h.g.checks() {
		part := api.PartInfo{Name: c.Name, OK: true}
		if err := c.Ask(); err != nil {
			part.OK, part.Why, out.Ready = false, err.Error(), false
		}
		out.Parts = append(out.Parts, part)
	}
	return out, nil
}
