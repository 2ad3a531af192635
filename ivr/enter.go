package ivr

import (
	"fmt"
	"strings"
	"time"

	"tandem/ivr/flow"
	"tandem/store/journey"
)

// enter runs steps from the named one until one of them waits or the run ends.
func (r *Run) enter(name string, now time.Time) {
	for name != "" && !r.ended {
		f := r.top()
		step := f.module.Steps[name]
		if step == nil {
			r.hangup(41, "error: no step "+name)
			return
		}
		f.step = step
		r.steps++
		f.visits[name]++
		r.wait = wait{}
		if r.steps > MaxSteps || f.visits[name] > f.module.Visits {
			name = r.failed("too many steps", now)
			continue
		}
		name = r.begin(step, now)
	}
}

// leave takes an exit of the current step and goes on from there.
func (r *Run) leave(exit string, now time.Time) {
	r.enter(r.follow(exit, now), now)
}

// follow resolves an exit to the name of the next step; "" if the run ended or the emergency flow has taken over.
func (r *Run) follow(exit string, now time.Time) string {
	f := r.top()
	r.take(exit)
	if exit == flow.ExitError {
		if r.rescued {
			r.hangup(41, "error")
			return ""
		}
		if to := r.errorTarget(); to != "" {
			return to
		}
		r.rescue("error", now)
		return ""
	}
	if to := f.module.Target(f.step, exit); to != "" {
		return to
	}
	if exit == flow.ExitEnded {
		r.hangup(16, "completed")
		return ""
	}
	return r.failed("exit "+exit+" leads nowhere", now)
}

// failed is fault for a step that has not begun to wait: it names the next step.
func (r *Run) failed(why string, now time.Time) string {
	switch {
	case r.leaving:
		r.finish("error: " + why)
	case r.rescued:
		r.hangup(41, "error: "+why)
	case r.steps > MaxSteps:
		r.rescue(why, now)
	default:
		return r.follow(flow.ExitError, now)
	}
	return ""
}

// begin starts a step. It returns the next step's name, or "" when this one waits or ended the run.
func (r *Run) begin(s *flow.Step, now time.Time) string {
	switch s.Kind() {
	case flow.KindAnswer:
		return r.answer(s.Answer.Delay, now)
	case flow.KindPlay, flow.KindSay:
		return r.speak(s, now)
	case flow.KindMenu, flow.KindCollect:
		r.ready()
		return r.ask(nil, now)
	case flow.KindQueue:
		r.ready()
		return r.enqueue(s.Queue, now)
	case flow.KindDial:
		return r.dial(s.Dial, now)
	case flow.KindTransfer:
		return r.transfer(s.Transfer, now)
	case flow.KindSendLink:
		return r.sendLink(s.SendLink, now)
	case flow.KindCall:
		return r.call(s.Call, now)
	}
	return r.decide(s, now)
}

// decide runs the steps that never wait.
func (r *Run) decide(s *flow.Step, now time.Time) string {
	switch s.Kind() {
	case flow.KindGoto:
		r.take(flow.ExitNext)
		return s.Goto
	case flow.KindSet:
		return r.set(s, now)
	case flow.KindIf, flow.KindSwitch:
		return r.choose(s, now)
	case flow.KindHours:
		state, holiday := r.top().module.Hours[s.Hours].State(now)
		if holiday != "" {
			r.journal(journey.StepInput, map[string]string{"step": s.Name, "holiday": holiday})
		}
		return r.follow(string(state), now)
	case flow.KindHangup:
		r.hangup(s.Hangup.Cause, "completed")
	case flow.KindEnd:
		return r.end(s.End, now)
	default:
		return r.failed("step does nothing", now)
	}
	return ""
}

const answerTime = 30 * time.Second

func (r *Run) answer(delay time.Duration, now time.Time) string {
	if r.answered {
		return r.follow(flow.ExitNext, now)
	}
	r.do(Answer{Delay: delay})
	r.wait = wait{phase: answering, until: now.Add(delay + answerTime)}
	return ""
}

// ready answers a call that is about to be spoken to: only after a fault can it be unanswered here.
func (r *Run) ready() {
	if !r.answered {
		r.answered = true
		r.do(Answer{})
	}
}

func (r *Run) set(s *flow.Step, now time.Time) string {
	f, env := r.top(), r.env(now)
	values := map[string]any{}
	for name, e := range s.Set {
		value, err := e.Eval(env)
		if v := f.module.Vars[name]; err == nil && v != nil {
			err = v.Fits(value)
		}
		if err != nil {
			return r.failed(fmt.Sprintf("%s: %v", name, err), now)
		}
		values[name] = value
	}
	for _, name := range keys(values) {
		if attr := flow.Attribute(name); attr != "" {
			r.attribute(attr, fmt.Sprint(values[name]))
			continue
		}
		f.vars[name] = values[name]
		if f.module.Vars[name].Type == flow.TypeLang {
			r.facts.Language = fmt.Sprint(values[name])
		}
	}
	return r.follow(flow.ExitNext, now)
}

// maxAttribute is the largest attribute, in bytes: what an event may hold. maxAttributes is how many a flow may add.
const (
	maxAttribute  = 1024
	maxAttributes = 64
)

func (r *Run) attribute(name, value string) {
	if _, known := r.facts.Attributes[name]; !known && len(r.facts.Attributes) >= maxAttributes {
		return
	}
	value = strings.ToValidUTF8(value[:min(len(value), maxAttribute)], "")
	r.facts.Attributes[name] = value
	r.journal(journey.AttributeSet, map[string]string{"name": name, "value": value})
}

func (r *Run) choose(s *flow.Step, now time.Time) string {
	e := s.If
	if s.Kind() == flow.KindSwitch {
		e = s.Switch
	}
	value, err := e.Eval(r.env(now))
	if err != nil {
		return r.failed(err.Error(), now)
	}
	exit := fmt.Sprint(value)
	if s.Kind() == flow.KindIf {
		exit = flow.ExitNo
		if value == true {
			exit = flow.ExitYes
		}
	} else if s.Exits[exit] == "" {
		exit = flow.ExitOther
	}
	return r.follow(exit, now)
}

// call starts a sub-flow; the checker has made sure that none calls itself.
func (r *Run) call(c *flow.Call, now time.Time) string {
	sub := r.plan.Modules[c.Flow]
	env := r.env(now)
	if sub == nil {
		return r.failed("no flow "+c.Flow, now)
	}
	f := newFrame(sub)
	for name, e := range c.With {
		value, err := e.Eval(env)
		if err == nil {
			err = sub.Vars[name].Fits(value)
		}
		if err != nil {
			return r.failed(err.Error(), now)
		}
		f.vars[name] = value
	}
	r.stack = append(r.stack, f)
	r.journal(journey.FlowEntered, map[string]string{"flow": sub.Name})
	return sub.Start
}

// end leaves a sub-flow with a result; the outermost module's end is a hang-up.
func (r *Run) end(result string, now time.Time) string {
	if len(r.stack) == 1 {
		r.hangup(16, result)
		return ""
	}
	done := r.top()
	r.take("")
	r.pop(result)
	f := r.top()
	for own, theirs := range f.step.Call.Into {
		if v, ok := done.vars[theirs]; ok {
			f.vars[own] = v
		}
	}
	return r.follow(result, now)
}

func (r *Run) pop(result string) {
	r.journal(journey.FlowLeft, map[string]string{journey.DataFlow: r.top().module.Name, journey.DataExit: result})
	r.stack = r.stack[:len(r.stack)-1]
}
