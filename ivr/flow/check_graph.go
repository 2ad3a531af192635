package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"tandem/ivr/flow/source"
)

// reachable warns of steps that nothing leads to.
func (c *checker) reachable() {
	if c.m.Steps[c.m.Start] == nil {
		return // which is a fault already
	}
	seen := map[string]bool{}
	queue := []string{c.m.Start, c.m.OnError, c.m.OnHangup}
	for len(queue) > 0 {
		s := c.m.Steps[queue[0]]
		queue = queue[1:]
		if s == nil || seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		queue = slices.AppendSeq(queue, maps.Values(c.next(s)))
	}
	for _, s := range c.m.Ordered() {
		if !seen[s.Name] {
			c.m.stepAt(s).Warnf("nothing leads to step %q", s.Name)
		}
	}
}

// cycles reports every cycle in which nobody outside is waited for. Each is named once, from its first step in the file.
func (c *checker) cycles() {
	state := map[string]int{} // 1 on the path, 2 finished
	var path []string
	var visit func(s *Step)
	visit = func(s *Step) {
		if s.Waits() || state[s.Name] == 2 {
			return
		}
		if state[s.Name] == 1 {
			loop := append(slices.Clone(path[slices.Index(path, s.Name):]), s.Name)
			c.m.stepAt(s).Report(source.Fault{Message: fmt.Sprintf("steps go round without waiting for the caller: %s", strings.Join(loop, " → "))})
			return
		}
		state[s.Name] = 1
		path = append(path, s.Name)
		next := c.planned(s) // the visit bound ends what only faults keep going
		for _, exit := range slices.Sorted(maps.Keys(next)) {
			visit(c.m.Steps[next[exit]])
		}
		path = path[:len(path)-1]
		state[s.Name] = 2
	}
	for _, s := range c.m.Ordered() {
		visit(s)
	}
}

// cleanup demands that what follows on_hangup never waits or plays.
func (c *checker) cleanup() {
	quick := []Kind{KindSet, KindIf, KindSwitch, KindHours, KindGoto, KindHangup, KindEnd}
	seen := map[string]bool{}
	queue := []string{c.m.OnHangup}
	for len(queue) > 0 {
		s := c.m.Steps[queue[0]]
		queue = queue[1:]
		if s == nil || seen[s.Name] {
			continue
		}
		seen[s.Name] = true
		if s.kind != "" && !slices.Contains(quick, s.kind) {
			c.m.stepAt(s).Conflict(c.m.at.Key("on_hangup"), "reached from here", "step %q (%s) cannot run after the caller has hung up", s.Name, s.kind)
			continue
		}
		queue = slices.AppendSeq(queue, maps.Values(c.planned(s)))
	}
}

// planned is next without what only on_error makes of a fault.
func (c *checker) planned(s *Step) map[string]string {
	next := c.next(s)
	if s.Exits[ExitError] == "" && c.m.Exits[ExitError] == "" {
		delete(next, ExitError)
	}
	return next
}

// checkCalls reports modules that call each other in a circle.
func checkCalls(d *Dialplan) {
	state := map[string]int{}
	var visit func(m *Module)
	visit = func(m *Module) {
		state[m.Name] = 1
		for _, s := range m.Ordered() {
			if s.kind != KindCall || d.Modules[s.Call.Flow] == nil {
				continue
			}
			sub := d.Modules[s.Call.Flow]
			if state[sub.Name] == 1 {
				m.kindAt(s).Key("flow").Conflict(sub.at.Key("flow"), "which is still running", "flow %q calls itself by way of %q", sub.Name, m.Name)
			} else if state[sub.Name] == 0 {
				visit(sub)
			}
		}
		state[m.Name] = 2
	}
	for _, name := range sorted(d.Modules) {
		if state[name] == 0 {
			visit(d.Modules[name])
		}
	}
}
