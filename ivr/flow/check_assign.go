package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/ivr/flow/source"
)

// answered stands among the variables for "the call was answered".
const answered = "\x00answered"

// spoken is the kinds that need an answered call.
var spoken = []Kind{KindPlay, KindMenu, KindCollect, KindSay, KindQueue}

// use is an expression somewhere in a step.
type use struct {
	expr *Expr
	at   source.At
}

// assigned demands that on every path a variable is assigned before it is used, and the call answered before it is spoken
// to. known[s] is what holds on all paths to s found so far; it only shrinks, so the loop ends.
func (c *checker) assigned() {
	start := map[string]bool{}
	for name, v := range c.m.Vars {
		if v != nil && v.Value != nil {
			start[name] = true
		}
	}
	if c.entered() {
		start[answered] = true
	}
	known := map[string]map[string]bool{}
	queue := []string{}
	meet := func(to string, facts map[string]bool) {
		if c.m.Steps[to] == nil {
			return
		}
		old, seen := known[to]
		if !seen {
			known[to] = maps.Clone(facts)
			queue = append(queue, to)
			return
		}
		size := len(old)
		maps.DeleteFunc(old, func(name string, _ bool) bool { return !facts[name] })
		if len(old) < size {
			queue = append(queue, to)
		}
	}
	meet(c.m.Start, start)
	meet(c.m.OnError, start)
	meet(c.m.OnHangup, start)
	for len(queue) > 0 {
		s := c.m.Steps[queue[0]]
		queue = queue[1:]
		for exit, to := range c.next(s) {
			meet(to, c.after(s, exit, known[s.Name]))
		}
	}
	c.verify(known)
}

// entered says whether the module begins in a call that was answered: no number leads to it, so another module calls it or
// a conversation runs it.
func (c *checker) entered() bool { return len(c.m.Numbers) == 0 }

// after is what holds behind an exit.
func (c *checker) after(s *Step, exit string, before map[string]bool) map[string]bool {
	facts := maps.Clone(before)
	if s.kind == KindAnswer && exit != ExitError || slices.Contains(spoken, s.kind) {
		facts[answered] = true // after a fault a step that speaks answers by itself
	}
	switch {
	case exit == ExitError:
	case s.kind == KindCollect && exit == ExitOK:
		facts[s.Collect.Into] = true
	case s.kind == KindSet:
		for name := range s.Set {
			facts[name] = true
		}
	case s.kind == KindCall:
		for own := range s.Call.Into {
			facts[own] = true
		}
	}
	return facts
}

func (c *checker) verify(known map[string]map[string]bool) {
	for _, s := range c.m.Ordered() {
		facts, reached := known[s.Name]
		if !reached {
			continue
		}
		if slices.Contains(spoken, s.kind) && !facts[answered] && c.normal(s.Name) {
			c.m.stepAt(s).Errorf("step %q (%s) can be reached before the call is answered", s.Name, s.kind)
		}
		for _, u := range c.uses(s) {
			c.unassigned(u, s, facts)
		}
	}
}

func (c *checker) unassigned(u use, s *Step, facts map[string]bool) {
	if u.expr == nil {
		return
	}
	for _, name := range u.expr.uses {
		if facts[name] || s.kind == KindCollect && name == s.Collect.Into {
			continue
		}
		fault := source.Fault{Message: fmt.Sprintf("%s: %s may not have a value yet", u.at.Path(), name), Pos: u.at.Pos(), Width: len(name),
			Related: []source.Related{{Pos: c.m.at.Key("vars").Key(name).Pos(), Note: "declared here without a value"}}}
		if offset, plain := u.at.Plain(); plain {
			fault.Pos.Col += offset + max(strings.Index(u.expr.Text, name), 0)
		}
		u.at.Report(fault)
	}
}

// normal says whether the step is reached from the start, and not only after an error.
func (c *checker) normal(step string) bool {
	seen := map[string]bool{}
	queue := []string{c.m.Start}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if name == step {
			return true
		}
		if s := c.m.Steps[name]; s != nil && !seen[name] {
			seen[name] = true
			for exit, to := range c.next(s) {
				if exit != ExitError {
					queue = append(queue, to)
				}
			}
		}
	}
	return false
}

// uses lists the expressions of a step with their places.
func (c *checker) uses(s *Step) []use {
	at := c.m.kindAt(s)
	var list []use
	each := func(m map[string]*Expr, at source.At) {
		for _, name := range sorted(m) {
			list = append(list, use{m[name], at.Key(name)})
		}
	}
	pieces := func(ps []Piece, at source.At) {
		for i, p := range ps {
			list = append(list, use{p.Value, at.Index(i).Key("value")})
		}
	}
	switch s.kind {
	case KindPlay:
		pieces(s.Play.Prompt, at.Key("prompt"))
	case KindMenu:
		pieces(s.Menu.Prompt, at.Key("prompt"))
		pieces(s.Menu.Invalid, at.Key("invalid"))
		pieces(s.Menu.NoInput, at.Key("no_input"))
	case KindCollect:
		pieces(s.Collect.Prompt, at.Key("prompt"))
		pieces(s.Collect.Invalid, at.Key("invalid"))
		pieces(s.Collect.NoInput, at.Key("no_input"))
		list = append(list, use{s.Collect.Valid, at.Key("valid")})
	case KindSay:
		list = append(list, use{s.Say.Value, at.Key("value")})
	case KindSet:
		each(s.Set, at)
	case KindIf:
		list = append(list, use{s.If, at})
	case KindSwitch:
		list = append(list, use{s.Switch, at})
	case KindQueue:
		each(s.Queue.Attributes, at.Key("attributes"))
	case KindDial:
		list = append(list, use{s.Dial.Number, at.Key("number")})
	case KindTransfer:
		list = append(list, use{s.Transfer.Number, at.Key("number")})
	case KindSendLink:
		list = append(list, use{s.SendLink.Number, at.Key("number")})
	case KindCall:
		each(s.Call.With, at.Key("with"))
	}
	return list
}
