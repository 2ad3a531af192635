package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"tandem/acd"
	"tandem/cmd/tandem/control"
	"tandem/sip/b2bua"
	"tandem/store"
	"tandem/store/journey"
)

// backend answers the command line from what runs.
type backend struct{ g *site }

// Status implements control.Backend.
func (b backend) Status(context.Context) (control.Status, error) {
	s := control.Status{
		Version: version, PID: os.Getpid(), Started: b.g.started, Calls: b.g.calls.Calls(), HTTP: b.g.http.Addr().String(), State: "running",
	}
	for _, l := range b.g.cfg.SIP.Listen {
		s.SIP = append(s.SIP, l.String())
	}
	if b.g.calls.Draining() {
		s.State = "draining"
	}
	return s, nil
}

// Calls implements control.Backend.
func (b backend) Calls(context.Context) ([]control.Call, error) {
	views := b.g.calls.Views()
	slices.SortFunc(views, func(x, y b2bua.CallView) int { return cmp.Or(x.Began.Compare(y.Began), cmp.Compare(x.ID, y.ID)) })
	list, phones := make([]control.Call, len(views)), phonesOf(b.g.cfg)
	for i, v := range views {
		list[i] = phones.shownCall(v)
	}
	return list, nil
}

// Call implements control.Backend.
func (b backend) Call(_ context.Context, id string) (control.Call, error) {
	v, ok := b.g.calls.View(id)
	if !ok {
		return control.Call{}, notFound("call", id)
	}
	c := phonesOf(b.g.cfg).shownCall(v)
	for _, l := range v.Legs {
		c.Legs = append(c.Legs, control.Leg{
			ID: l.Name, State: l.State, Remote: l.To, Source: l.Source, Codec: l.Codec, SRTP: l.SRTP, Held: l.Held, RTPIn: l.Received, RTPOut: l.Sent,
		})
	}
	return c, nil
}

func notFound(what, id string) error { return fmt.Errorf("%s %q: %w", what, id, control.ErrNotFound) }

// Trace implements control.Backend.
func (b backend) Trace(_ context.Context, id string) ([]control.TraceLine, error) {
	t, ok := b.g.calls.Trace(id)
	if !ok {
		return nil, notFound("call", id)
	}
	list := make([]control.TraceLine, len(t.Rungs))
	for i, r := range t.Rungs {
		list[i] = control.TraceLine{At: t.Began.Add(r.At), From: r.Leg, To: "tandem", Text: r.Text}
		if r.Sent {
			list[i].From, list[i].To = list[i].To, list[i].From
		}
	}
	return list, nil
}

// Hangup implements control.Backend.
func (b backend) Hangup(_ context.Context, id string) error {
	if !b.g.calls.Post(id, b2bua.EndCall{Kind: b2bua.Normal, By: "operator"}) {
		return notFound("live call", id)
	}
	return nil
}

// recordings are the commands of a recording, as the call knows them.
var recordings = map[control.RecordDo]b2bua.RecordDo{control.RecordStart: b2bua.RecordStart, control.RecordPause: b2bua.RecordPause,
	control.RecordResume: b2bua.RecordResume, control.RecordStop: b2bua.RecordStop}

// RecordCall implements control.Backend. What the call would ignore is refused here, so that nobody believes in a recording
// that is not made.
func (b backend) RecordCall(_ context.Context, id string, do control.RecordDo) error {
	command, known := recordings[do]
	v, live := b.g.calls.View(id)
	switch {
	case !known:
		return fmt.Errorf("%q: want start, pause, resume or stop: %w", do, control.ErrInvalid)
	case !live:
		return notFound("live call", id)
	case do == control.RecordStart && v.Recording != "":
		return fmt.Errorf("call %s is being recorded into %s already: %w", id, v.Recording, control.ErrConflict)
	case do == control.RecordStart && v.Peer == "":
		return fmt.Errorf("call %s: the caller talks to nobody yet: %w", id, control.ErrConflict)
	case do == control.RecordStart && b.g.cfg.Recordings.Path == "":
		return fmt.Errorf("recordings.path is empty in the configuration: %w", control.ErrConflict)
	case do != control.RecordStart && v.Recording == "":
		return fmt.Errorf("call %s is not being recorded: %w", id, control.ErrConflict)
	}
	if !b.g.calls.Post(id, b2bua.RecordCall{Do: command}) {
		return notFound("live call", id)
	}
	return nil
}

// Why implements control.Backend. A voice item has the ID of its call.
func (b backend) Why(ctx context.Context, item string) (control.Why, error) {
	x, err := b.g.dispatcher.Why(ctx, item)
	if err != nil {
		return control.Why{}, err
	}
	if len(x.Decisions) == 0 && x.Waiting == "" {
		return control.Why{}, notFound("work item", item)
	}
	out := control.Why{Item: item, Waiting: x.Waiting, Decisions: make([]control.Decision, len(x.Decisions))}
	for i, d := range x.Decisions {
		out.Decisions[i] = control.Decision{At: d.At, What: d.What, Queue: d.Queue, Agent: d.Agent, Reason: d.Reason, Need: d.Need,
			Urgency: d.Urgency, Waited: d.Waited.Seconds(), Free: d.Free, Excluded: d.Excluded, Next: d.Next}
	}
	return out, nil
}

// Queues implements control.Backend.
func (b backend) Queues(ctx context.Context) ([]control.Queue, error) {
	views, err := b.g.dispatcher.Queues(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]control.Queue, len(views))
	for i, v := range views {
		list[i] = control.Queue{
			Name: v.Name, Waiting: v.Waiting + v.Offered, LongestWait: v.Oldest.Seconds(), AgentsReady: v.Free, AgentsBusy: v.Active,
			AgentsOn: v.Staffed, Answered: int(v.Answered), Abandoned: int(v.Abandoned),
		}
	}
	return list, nil
}

// maxItems bounds the items of one answer.
const maxItems = 1000

// Queue implements control.Backend.
func (b backend) Queue(ctx context.Context, name string) (control.Queue, error) {
	all, err := b.Queues(ctx)
	if err != nil {
		return control.Queue{}, err
	}
	i := slices.IndexFunc(all, func(q control.Queue) bool { return q.Name == name })
	if i < 0 {
		return control.Queue{}, notFound("queue", name)
	}
	items, err := b.g.dispatcher.Items(ctx, name, maxItems)
	if err != nil {
		return control.Queue{}, err
	}
	q, now := all[i], time.Now()
	for _, it := range items {
		q.Items = append(q.Items, control.QueueItem{
			ID: it.Item.ID, Call: it.Item.Interaction, Customer: it.Item.Customer, State: it.State.String(), Position: it.Position,
			Wait: now.Sub(it.T0).Seconds(), Agent: it.Agent,
		})
	}
	return q, nil
}

// Agents implements control.Backend.
func (b backend) Agents(ctx context.Context) ([]control.Agent, error) {
	views, err := b.g.dispatcher.Agents(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]control.Agent, len(views))
	for i, v := range views {
		list[i] = control.Agent{ID: v.ID, Name: v.Name, Endpoint: v.Endpoint, State: v.State, Reason: v.Reason, Since: v.Since, Queues: v.Queues}
		if len(v.Items) > 0 {
			list[i].Call = callOfItem(v.Items[0])
		}
		if !v.Phone && v.State != "offline" {
			list[i].Reason = strings.TrimSpace(v.Reason + " (phone not registered)")
		}
	}
	return list, nil
}

// SetAgent implements control.Backend.
func (b backend) SetAgent(ctx context.Context, id string, to control.AgentChange) (control.Agent, error) {
	agent, err := b.agent(ctx, id)
	if err != nil {
		return agent, err
	}
	var ev acd.Event
	switch {
	case to.State == "offline":
		ev = acd.SignOut{Agent: id, Reason: to.Reason}
	case to.State == "available" && agent.State == "offline":
		ev = acd.SignIn{Agent: id, Ready: true}
	case to.State == "available":
		ev = acd.SetState{Agent: id, Ready: true}
	case to.State == "away" && agent.State == "offline":
		ev = acd.SignIn{Agent: id}
	case to.State == "away":
		ev = acd.SetState{Agent: id, Reason: to.Reason}
	default:
		return agent, fmt.Errorf("agent state %q: want available, away or offline: %w", to.State, control.ErrInvalid)
	}
	if err := b.g.dispatcher.Post(ev); err != nil {
		return agent, err
	}
	return b.agent(ctx, id)
}

func (b backend) agent(ctx context.Context, id string) (control.Agent, error) {
	all, err := b.Agents(ctx)
	if err != nil {
		return control.Agent{}, err
	}
	i := slices.IndexFunc(all, func(a control.Agent) bool { return a.ID == id })
	if i < 0 {
		return control.Agent{}, notFound("agent", id)
	}
	return all[i], nil
}

// Endpoints implements control.Backend.
func (b backend) Endpoints(context.Context) ([]control.Endpoint, error) {
	now := time.Now()
	var list []control.Endpoint
	for name, e := range b.g.cfg.Endpoints {
		out := control.Endpoint{Name: name, Extension: e.Extension}
		for _, r := range b.g.registrar.Lookup(name+"@"+b.g.cfg.SIP.Domain, now) {
			out.Bindings = append(out.Bindings, control.Binding{URI: r.Contact, Source: r.Received.String(), UserAgent: r.UserAgent, Expires: r.Expires})
		}
		out.Registered = len(out.Bindings) > 0
		list = append(list, out)
	}
	slices.SortFunc(list, func(x, y control.Endpoint) int { return cmp.Compare(x.Name, y.Name) })
	return list, nil
}

// Nodes implements control.Backend.
func (b backend) Nodes(context.Context) (list []control.Node, err error) {
	if b.g.shared == nil {
		return nil, nil
	}
	places, err := b.g.shared.node.Places()
	for _, p := range places {
		list = append(list, control.Node{Name: p.Name, SIP: p.SIP.String(), HTTP: p.HTTP.String(), Owner: p == b.g.shared.node.Place()})
	}
	return list, err
}

// Trunks implements control.Backend.
func (b backend) Trunks(context.Context) ([]control.Trunk, error) {
	var list []control.Trunk
	for _, t := range b.g.trunks.All() {
		out := control.Trunk{Name: t.Name(), Calls: t.Calls(), Limit: t.Config().MaxCalls, Registered: "none", Health: "none"}
		var states []string
		for _, h := range t.Health(time.Now()) {
			states = append(states, h.String())
		}
		if len(states) > 0 {
			out.Health = strings.Join(states, ",")
		}
		if r, ok := b.g.keeper.Registration(t); ok {
			out.Registered = r.State.String()
		}
		list = append(list, out)
	}
	return list, nil
}

// TestTrunk implements control.Backend.
func (b backend) TestTrunk(ctx context.Context, name string) (control.TrunkTest, error) {
	t, ok := b.g.trunks.Trunk(name)
	if !ok {
		return control.TrunkTest{}, notFound("trunk", name)
	}
	test := control.TrunkTest{Name: name, OK: true}
	for _, p := range b.g.keeper.Test(ctx, t) {
		target := control.Target{
			Address: fmt.Sprintf("%s:%d/%s", p.target.Host, p.target.Port, p.target.Transport), Status: p.status,
			RTT: float64(p.rtt.Microseconds()) / 1000, OK: p.err == nil,
		}
		if p.err != nil {
			target.Error = p.err.Error()
		}
		test.OK = test.OK && target.OK
		test.Targets = append(test.Targets, target)
	}
	return test, nil
}

// maxTimeline bounds the events of one answer.
const maxTimeline = 2000

// timelinePage is how many events of a record are read at a time.
const timelinePage = 500

// Record implements control.Backend. A call's ID finds the record it belongs to.
func (b backend) Record(_ context.Context, id string) (control.Record, error) {
	rec, err := b.g.store.Record(id)
	if errors.Is(err, store.ErrNotFound) {
		if of, e := b.g.store.RecordOf(id); e == nil {
			rec, err = b.g.store.Record(of)
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return control.Record{}, notFound("record", id)
	}
	if err != nil {
		return control.Record{}, err
	}
	out := b.recordOf(rec)
	for after := uint64(0); len(out.Events) < maxTimeline; {
		page, err := b.g.store.Timeline(rec.ID, after, timelinePage)
		if err != nil {
			return out, err
		}
		for _, e := range page {
			after = e.Seq
			out.Events = append(out.Events, control.Event{
				Seq: e.Seq, At: e.At, Kind: string(e.Kind), Channel: string(e.Channel), Interaction: e.Interaction, Actor: e.Actor, Data: e.Data,
			})
		}
		if len(page) < timelinePage {
			break
		}
	}
	return out, nil
}

func (b backend) recordOf(rec journey.Record) control.Record {
	out := control.Record{
		ID: rec.ID, Customer: rec.Customer, Topic: rec.Topic, State: string(rec.State), Outcome: rec.Outcome, Attributes: rec.Attributes,
		Opened: rec.Opened, Touched: rec.Touched,
	}
	if c, err := b.g.store.Customer(rec.Customer); err == nil {
		out.Name = c.Name
		if out.Name == "" && len(c.Identities) > 0 {
			out.Name = c.Identities[0].Value
		}
	}
	return out
}

// SearchRecords implements control.Backend.
func (b backend) SearchRecords(_ context.Context, q control.RecordQuery) ([]control.Record, error) {
	found, err := b.g.store.Search(store.Query{Text: q.Text, State: journey.RecordState(q.State), Since: q.Since, Limit: q.Limit})
	if err != nil {
		return nil, err
	}
	list := make([]control.Record, len(found))
	for i, rec := range found {
		list[i] = b.recordOf(rec)
	}
	return list, nil
}
