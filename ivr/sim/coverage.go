package sim

import (
	"fmt"
	"strings"

	"tandem/ivr"
	"tandem/ivr/flow"
)

// Coverage counts which steps and exits a set of scripts has taken.
type Coverage struct {
	plan  *flow.Dialplan
	taken map[ivr.Taken]int
}

// NewCoverage begins counting over a dialplan.
func NewCoverage(plan *flow.Dialplan) *Coverage {
	return &Coverage{plan: plan, taken: map[ivr.Taken]int{}}
}

// Add counts the path of one run.
func (c *Coverage) Add(path []ivr.Taken) {
	for _, t := range path {
		c.taken[t]++
		c.taken[ivr.Taken{Flow: t.Flow, Step: t.Step}]++
	}
}

// Report tells, for one module, the share of steps and exits taken and the names of those that were not. Exits to error
// count only where they are connected.
func (c *Coverage) Report(m *flow.Module) (text string, steps, exits float64) {
	var b strings.Builder
	var have, all, haveExits, allExits int
	for _, s := range m.Ordered() {
		all++
		if c.taken[ivr.Taken{Flow: m.Name, Step: s.Name}] == 0 {
			fmt.Fprintf(&b, "step %s was never entered\n", s.Name)
		} else {
			have++
		}
		for _, e := range m.ExitsOf(s, c.results(s)) {
			if m.Target(s, e.Name) == "" || e.Or != "" && s.Exits[e.Name] == "" {
				continue
			}
			allExits++
			if c.taken[ivr.Taken{Flow: m.Name, Step: s.Name, Exit: e.Name}] == 0 {
				fmt.Fprintf(&b, "exit %s of %s was never taken\n", e.Name, s.Name)
			} else {
				haveExits++
			}
		}
	}
	steps, exits = share(have, all), share(haveExits, allExits)
	return fmt.Sprintf("%s: %d of %d steps, %d of %d exits\n%s", m.Name, have, all, haveExits, allExits, b.String()), steps, exits
}

func (c *Coverage) results(s *flow.Step) []string {
	if s.Call == nil || c.plan.Modules[s.Call.Flow] == nil {
		return nil
	}
	return c.plan.Modules[s.Call.Flow].Results
}

func share(part, all int) float64 {
	if all == 0 {
		return 1
	}
	return float64(part) / float64(all)
}
