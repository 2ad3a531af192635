package ivr

import (
	"maps"
	"time"

	"tandem/ivr/flow"
	"tandem/store/journey"
)

// Set is what a Run runs: the modules of a generation, and what to do when a flow fails.
type Set struct {
	Modules   map[string]*flow.Module
	Emergency Emergency
}

// Emergency is the last resort: prompts, then a queue. Without Queue the call is ended after the prompts.
type Emergency struct {
	Prompts []string
	Queue   string
	Music   string // while waiting; "music/hold" if empty
}

// Facts is what is known of the call at its start.
type Facts struct {
	ID         string
	From       string
	To         string
	Trunk      string
	Language   string            // the module's language if empty
	Attributes map[string]string // of the record: what expressions see as ctx
	Answered   bool              // a chat, or a call that was answered before
}

// MaxSteps is how many steps a run may take.
const MaxSteps = 1000

// Run is one flow in progress. It belongs to the owner of its call or conversation.
type Run struct {
	plan     *Set
	facts    Facts
	stack    []*frame // the sub-flow in progress is the last
	wait     wait
	steps    int
	ticket   int
	limit    time.Time // of the outermost module; zero while talking
	left     time.Duration
	answered bool
	leaving  bool // cleaning up after hang-up
	rescued  bool // in the emergency flow
	ended    bool
	out      []Effect
	path     []Taken
}

// frame is a module in progress.
type frame struct {
	module *flow.Module
	vars   map[string]any
	visits map[string]int
	step   *flow.Step
}

// New prepares a run of a module. It panics if the module is not in the set: the owner routes by the same set.
func New(set *Set, entry string, facts Facts) *Run {
	module := set.Modules[entry]
	if module == nil {
		panic("ivr: no flow " + entry)
	}
	if facts.Language == "" {
		facts.Language = module.Language
	}
	facts.Attributes = maps.Clone(facts.Attributes)
	if facts.Attributes == nil {
		facts.Attributes = map[string]string{}
	}
	r := &Run{plan: set, facts: facts, answered: facts.Answered}
	r.stack = []*frame{newFrame(module)}
	return r
}

func newFrame(m *flow.Module) *frame {
	f := &frame{module: m, vars: map[string]any{}, visits: map[string]int{}}
	for name, v := range m.Vars {
		if v.Value != nil {
			if value, err := v.Parse(*v.Value); err == nil {
				f.vars[name] = value
			}
		}
	}
	return f
}

// Step takes an event and gives the effects in order. After the run has ended it gives none.
func (r *Run) Step(ev Event, now time.Time) []Effect {
	r.out = nil
	if r.ended {
		return nil
	}
	switch ev := ev.(type) {
	case Started:
		if r.steps == 0 {
			r.limit = now.Add(r.top().module.TimeLimit)
			r.journal(journey.FlowEntered, map[string]string{"flow": r.top().module.Name})
			r.enter(r.top().module.Start, now)
		}
	case HungUp:
		r.hungUp(ev.Moved, now)
	default:
		if r.steps > 0 {
			r.event(ev, now)
		}
	}
	out := r.out
	r.out = nil
	return out
}

// Deadline is when the run wants a Clock event; zero means never.
func (r *Run) Deadline() time.Time {
	switch {
	case r.ended:
		return time.Time{}
	case r.wait.until.IsZero(), !r.limit.IsZero() && r.limit.Before(r.wait.until):
		return r.limit
	}
	return r.wait.until
}

// Ended says whether the run is over.
func (r *Run) Ended() bool { return r.ended }

// Path lists the exits taken so far; it is bounded by MaxSteps. The slice belongs to the run.
func (r *Run) Path() []Taken { return r.path }

// Where is the flow and step in progress.
func (r *Run) Where() (module, step string) {
	if f := r.top(); f.step != nil {
		return f.module.Name, f.step.Name
	}
	return r.top().module.Name, ""
}

// Attributes gives the record's attributes as the run left them.
func (r *Run) Attributes() map[string]string { return maps.Clone(r.facts.Attributes) }

func (r *Run) top() *frame { return r.stack[len(r.stack)-1] }

func (r *Run) do(e Effect) { r.out = append(r.out, e) }

func (r *Run) journal(kind journey.Kind, data map[string]string) {
	r.do(Journal{Kind: kind, Data: data})
}

// env is what expressions see.
func (r *Run) env(now time.Time) map[string]any {
	f := r.top()
	env := map[string]any{"ctx": r.facts.Attributes, "call": flow.CallFacts{ID: r.facts.ID, From: r.facts.From, To: r.facts.To,
		Trunk: r.facts.Trunk, Language: r.facts.Language, Time: now}}
	for name, v := range f.vars {
		if f.module.Vars[name].Type != flow.TypeSecret {
			env[name] = v
		}
	}
	return env
}

// finish ends the run.
func (r *Run) finish(why string) {
	for i := len(r.stack) - 1; i >= 0; i-- {
		r.journal(journey.FlowLeft, map[string]string{journey.DataFlow: r.stack[i].module.Name, journey.DataExit: why})
	}
	r.ended, r.wait = true, wait{}
}

// hangup ends the run and the call.
func (r *Run) hangup(cause int, why string) {
	r.release("error")
	r.take("")
	if !r.leaving {
		r.do(Hangup{Cause: cause})
	}
	r.finish(why)
}

// hungUp lets the module clean up, in this one step: the checker allows no step there that waits.
func (r *Run) hungUp(moved bool, now time.Time) {
	if r.leaving {
		return
	}
	r.release("hangup")
	r.leaving = true
	r.limit = time.Time{}
	if r.steps > 0 {
		for len(r.stack) > 1 && r.top().module.OnHangup == "" {
			r.stack = r.stack[:len(r.stack)-1]
		}
		if to := r.top().module.OnHangup; to != "" {
			r.enter(to, now)
		}
	}
	if !r.ended {
		r.finish(map[bool]string{false: "hung-up", true: "transferred"}[moved])
	}
}

// take notes the exit of the current step.
func (r *Run) take(exit string) {
	if f := r.top(); f.step != nil {
		taken := Taken{Flow: f.module.Name, Step: f.step.Name, Exit: exit}
		r.path = append(r.path, taken)
		r.do(taken)
	}
}
