package flow

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tandem/ivr/flow/source"
)

// checker checks one module; what it finds goes to the Reader's faults.
type checker struct {
	plan  *Dialplan
	m     *Module
	world World
}

func (c *checker) check() {
	m := c.m
	if m.TimeLimit <= 0 {
		m.at.Key("time_limit").Errorf("time_limit must be above zero")
	}
	if m.Visits < 1 || m.Visits > 100 {
		m.at.Key("visits").Errorf("visits must be 1 to 100")
	}
	for _, s := range m.Ordered() {
		c.kind(s)
		c.params(s)
		c.exits(s)
	}
	if m.at.Key("start").Given() {
		c.target(m.Start, m.at.Key("start"))
	}
	for key, to := range map[string]string{"on_error": m.OnError, "on_hangup": m.OnHangup} {
		if to != "" {
			c.target(to, m.at.Key(key))
		}
	}
	for name, to := range m.Exits {
		c.target(to, m.at.Key("exits").Key(name))
	}
	c.reachable()
	c.cycles()
	c.assigned()
	c.cleanup()
}

// kind demands exactly one kind of step.
func (c *checker) kind(s *Step) {
	at := c.m.stepAt(s)
	switch kinds := s.kinds(); {
	case len(kinds) == 0:
		at.Report(source.Fault{Message: fmt.Sprintf("step %q does nothing", s.Name), Hint: "one of: " + strings.Join(allKinds, ", ")})
	case len(kinds) > 1:
		at.Key(string(kinds[1])).Report(source.Fault{Pos: at.Key(string(kinds[1])).KeyPos(), Width: len(kinds[1]),
			Message: fmt.Sprintf("step %q does two things: %s and %s", s.Name, kinds[0], kinds[1])})
	}
}

// target demands that a step exists.
func (c *checker) target(to string, at source.At) {
	if c.m.Steps[to] == nil {
		at.Unknown("step", to, slices.Collect(maps.Keys(c.m.Steps)))
	}
}

// exits demands that every exit is known, leads to a step, and that none is left open.
func (c *checker) exits(s *Step) {
	at := c.m.stepAt(s)
	if s.kind == "" {
		return
	}
	list := c.m.ExitsOf(s, c.results(s))
	names := make([]string, 0, len(list))
	for _, e := range list {
		names = append(names, e.Name)
	}
	for name, to := range s.Exits {
		where := at.Key("exits").Key(name)
		if !slices.Contains(names, name) && s.kind != KindSwitch {
			where.Report(source.Fault{Pos: where.KeyPos(), Width: len(name), Message: fmt.Sprintf("step %q (%s) has no exit %q", s.Name, s.kind, name), Hint: source.Suggest(name, names)})
			continue
		}
		c.target(to, where)
	}
	if s.Then != "" {
		c.then(s, at.Key("then"))
	}
	if s.kind == KindGoto {
		c.target(s.Goto, at.Key("goto"))
	}
	c.open(s, list, at)
}

// open reports the exits that lead nowhere: one fault for each step, however many they are.
func (c *checker) open(s *Step, list []Exit, at source.At) {
	var open []string
	for _, e := range list {
		if !e.Optional && e.Or == "" && c.m.Target(s, e.Name) == "" {
			open = append(open, strconv.Quote(e.Name))
		}
	}
	what := "exit " + strings.Join(open, "") + " leads"
	if len(open) == 0 {
		return
	} else if len(open) > 1 {
		what = "exits " + strings.Join(open, ", ") + " lead"
	}
	at.Report(source.Fault{Message: fmt.Sprintf("step %q (%s): %s nowhere", s.Name, s.kind, what),
		Hint: "name steps for them under this step's exits, or under the exits of the file for all its steps"})
}

// then is only for kinds with an ordinary exit, which must not be connected twice.
func (c *checker) then(s *Step, at source.At) {
	list := fixed[s.kind]
	if len(list) == 0 && s.kind != KindSwitch || s.kind == KindMenu || s.kind == KindTransfer || s.kind == KindIf || s.kind == KindHours {
		at.Errorf("step %q (%s) has no ordinary exit: name them under exits", s.Name, s.kind)
		return
	}
	name := ExitOther
	if len(list) > 0 {
		name = list[0].Name
	}
	if s.Exits[name] != "" {
		at.Conflict(c.m.stepAt(s).Key("exits").Key(name), "also here", "exit %q of step %q is connected twice", name, s.Name)
	}
	c.target(s.Then, at)
}

func (c *checker) results(s *Step) []string {
	if s.kind != KindCall || c.plan.Modules[s.Call.Flow] == nil {
		return nil
	}
	return c.plan.Modules[s.Call.Flow].Results
}

// next lists where a step can lead, in the order of its exits.
func (c *checker) next(s *Step) map[string]string {
	to := map[string]string{}
	if s.kind == KindGoto && c.m.Steps[s.Goto] != nil {
		to[ExitNext] = s.Goto
	}
	for _, e := range c.m.ExitsOf(s, c.results(s)) {
		t := c.m.Target(s, e.Name)
		if t == "" && e.Name == ExitError {
			t = c.m.OnError
		}
		if c.m.Steps[t] != nil {
			to[e.Name] = t
		}
	}
	return to
}
