package controltest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"tandem/cmd/tandem/control"
)

// Start is when everything in a Fake began.
var Start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// Fake is a Backend of one call, one queue, two agents, one trunk and one record.
type Fake struct {
	mu   sync.Mutex
	done []string // guarded by mu
	Err  error    // given by everything, if set
}

var _ control.Backend = (*Fake)(nil)

// Done lists what was changed, oldest first.
func (f *Fake) Done() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.done...)
}

func (f *Fake) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, fmt.Sprintf(format, args...))
}

func missing(what, name string) error {
	return fmt.Errorf("%s %q: %w", what, name, control.ErrNotFound)
}

func call() control.Call {
	return control.Call{ID: "c_1", State: "connected", Caller: "+493012345", Called: "1000", Trunk: "carrier", Flow: "main",
		Queue: "support", Agent: "anna", Peer: "anna", Listeners: []string{"sue"}, Record: "r_1", Started: Start, Answered: Start.Add(time.Second)}
}

// Status implements control.Backend.
func (f *Fake) Status(context.Context) (control.Status, error) {
	return control.Status{Version: "test", PID: 1, Started: Start, Calls: 1, State: "running"}, f.Err
}

// Calls implements control.Backend.
func (f *Fake) Calls(context.Context) ([]control.Call, error) { return []control.Call{call()}, f.Err }

// Call implements control.Backend.
func (f *Fake) Call(_ context.Context, id string) (control.Call, error) {
	if id != "c_1" {
		return control.Call{}, missing("call", id)
	}
	c := call()
	c.Legs = []control.Leg{{ID: "c_1/a", State: "answered", Remote: "sip:+493012345@127.0.0.2", Source: "127.0.0.2:5060", Codec: "PCMA", RTPIn: 50, RTPOut: 49}}
	return c, f.Err
}

// Trace implements control.Backend.
func (f *Fake) Trace(_ context.Context, id string) ([]control.TraceLine, error) {
	if id != "c_1" {
		return nil, missing("call", id)
	}
	return []control.TraceLine{
		{At: Start, From: "carrier", To: "tandem", Text: "INVITE sip:1000@tandem.local"},
		{At: Start.Add(time.Millisecond), From: "tandem", To: "carrier", Text: "100 Trying (INVITE)"},
		{At: Start.Add(2 * time.Millisecond), From: "tandem", Text: "step: main/welcome"},
	}, f.Err
}

// Hangup implements control.Backend.
func (f *Fake) Hangup(_ context.Context, id string) error {
	if id != "c_1" {
		return missing("call", id)
	}
	f.note("hangup %s", id)
	return f.Err
}

// RecordCall implements control.Backend.
func (f *Fake) RecordCall(_ context.Context, id string, do control.RecordDo) error {
	switch {
	case id != "c_1":
		return missing("live call", id)
	case do == control.RecordResume:
		return fmt.Errorf("call c_1 is not paused: %w", control.ErrConflict)
	}
	f.note("record %s %s", id, do)
	return f.Err
}

// Why implements control.Backend.
func (f *Fake) Why(_ context.Context, item string) (control.Why, error) {
	if item != "c_1" {
		return control.Why{}, missing("work item", item)
	}
	return control.Why{Item: item, Decisions: []control.Decision{
		{At: Start, What: "queued", Queue: "support", Need: "german>=50"},
		{At: Start.Add(2 * time.Second), What: "offered", Queue: "support", Agent: "ben", Reason: "longest_idle", Need: "german>=50",
			Urgency: 0.1, Waited: 2, Free: 2, Next: "c_2"},
		{At: Start.Add(22 * time.Second), What: "missed", Queue: "support", Agent: "ben", Reason: "noanswer", Waited: 22},
		{At: Start.Add(22 * time.Second), What: "offered", Queue: "support", Agent: "anna", Reason: "longest_idle", Urgency: 1.1,
			Waited: 22, Free: 1, Excluded: 1},
	}}, f.Err
}

// Queues implements control.Backend.
func (f *Fake) Queues(context.Context) ([]control.Queue, error) {
	return []control.Queue{{Name: "support", Waiting: 1, LongestWait: 12.5, AgentsReady: 1, AgentsOn: 2, Answered: 3, Abandoned: 1}}, f.Err
}

// Queue implements control.Backend.
func (f *Fake) Queue(_ context.Context, name string) (control.Queue, error) {
	if name != "support" {
		return control.Queue{}, missing("queue", name)
	}
	return control.Queue{Name: name, Waiting: 1, LongestWait: 12.5, Items: []control.QueueItem{{ID: "w_1", Call: "c_1", Customer: "+493012345", State: "queued", Position: 1, Wait: 12.5}}}, f.Err
}

// Agents implements control.Backend.
func (f *Fake) Agents(context.Context) ([]control.Agent, error) {
	return []control.Agent{
		{ID: "anna", Name: "Anna", Endpoint: "anna", State: "busy", Since: Start, Queues: []string{"support"}, Call: "c_1"},
		{ID: "ben", Name: "Ben", Endpoint: "ben", State: "away", Reason: "lunch", Since: Start, Queues: []string{"support"}},
	}, f.Err
}

// SetAgent implements control.Backend.
func (f *Fake) SetAgent(_ context.Context, id string, to control.AgentChange) (control.Agent, error) {
	switch {
	case id != "anna" && id != "ben":
		return control.Agent{}, missing("agent", id)
	case id == "anna":
		return control.Agent{}, fmt.Errorf("agent anna is in a call: %w", control.ErrConflict)
	}
	f.note("agent %s %s %s", id, to.State, to.Reason)
	return control.Agent{ID: id, Name: "Ben", State: to.State, Reason: to.Reason, Since: Start}, f.Err
}

// Endpoints implements control.Backend.
func (f *Fake) Endpoints(context.Context) ([]control.Endpoint, error) {
	return []control.Endpoint{
		{Name: "anna", Extension: "201", Registered: true, Bindings: []control.Binding{{URI: "sip:anna@127.0.0.1:5070", Source: "127.0.0.1:5070", Expires: Start.Add(time.Hour)}}},
		{Name: "ben", Extension: "202"},
	}, f.Err
}

// Nodes implements control.Backend.
func (f *Fake) Nodes(context.Context) ([]control.Node, error) {
	return []control.Node{{Name: "east", SIP: "10.0.0.1:5060", HTTP: "10.0.0.1:8080", Owner: true}, {Name: "west", SIP: "10.0.0.2:5060", HTTP: "10.0.0.2:8080"}}, nil
}

// Trunks implements control.Backend.
func (f *Fake) Trunks(context.Context) ([]control.Trunk, error) {
	return []control.Trunk{{Name: "carrier", Health: "up", Registered: "none", Calls: 1, Limit: 100, RTT: 0.4, Checked: Start}}, f.Err
}

// TestTrunk implements control.Backend; the trunk "carrier" answers, "dead" does not.
func (f *Fake) TestTrunk(_ context.Context, name string) (control.TrunkTest, error) {
	switch name {
	case "carrier":
		return control.TrunkTest{Name: name, OK: true, Targets: []control.Target{{Address: "127.0.0.2:5060", OK: true, Status: 200, RTT: 0.4}}}, f.Err
	case "dead":
		return control.TrunkTest{Name: name, Targets: []control.Target{{Address: "127.0.0.3:5060", Error: "no answer in 2 s"}}}, f.Err
	}
	return control.TrunkTest{}, missing("trunk", name)
}

func record() control.Record {
	return control.Record{ID: "r_1", Customer: "c_9", Name: "Anna Berg", Topic: "support", State: "open", Opened: Start, Touched: Start.Add(time.Minute)}
}

// Record implements control.Backend.
func (f *Fake) Record(_ context.Context, id string) (control.Record, error) {
	if id != "r_1" {
		return control.Record{}, missing("record", id)
	}
	r := record()
	r.Attributes = map[string]string{"order": "A-77"}
	r.Events = []control.Event{{Seq: 1, At: Start, Kind: "interaction-started", Channel: "voice", Interaction: "c_1", Actor: "caller", Data: map[string]string{"called": "1000", "caller": "+493012345"}}}
	return r, f.Err
}

// SearchRecords implements control.Backend.
func (f *Fake) SearchRecords(_ context.Context, q control.RecordQuery) ([]control.Record, error) {
	f.note("search %q %q %d", q.Text, q.State, q.Limit)
	if r := record(); strings.Contains(strings.ToLower(r.Name+r.ID), strings.ToLower(q.Text)) {
		return []control.Record{r}, f.Err
	}
	return nil, f.Err
}
