package acd

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tandem/acd/route"
)

// Validate returns every fault of the configuration as a Fault with its path, none if it may be applied.
func (c Config) Validate() []error {
	v := &validation{queues: map[string]bool{}, agents: map[string]bool{}}
	for _, q := range c.Queues {
		v.queues[q.Name] = true
	}
	for _, a := range c.Agents {
		v.agents[a.ID] = true
	}
	v.names(c)
	for i, q := range c.Queues {
		v.queue(pathOf("queues", q.Name, i), q)
	}
	v.circles(c.Queues)
	for i, a := range c.Agents {
		v.agent(pathOf("agents", a.ID, i), a)
	}
	for _, m := range sortedKeys(c.Media) {
		v.media("media."+string(m), m, c.Media[m])
	}
	if c.Lease < 0 {
		v.add("lease", "%v: not negative", c.Lease)
	}
	l := c.Limits
	v.atLeast("limits.items", l.Items, 0)
	v.atLeast("limits.needs", l.Needs, 0)
	v.atLeast("limits.why", l.Why, 0)
	v.atLeast("limits.classes", l.Classes, 0)
	return v.faults
}

// validation collects faults while a configuration is walked.
type validation struct {
	queues, agents map[string]bool
	faults         []error
}

func (v *validation) add(path, format string, args ...any) {
	v.faults = append(v.faults, Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

// unknown reports a name that refers to nothing.
func (v *validation) unknown(path, kind, name string, known map[string]bool) {
	v.faults = append(v.faults, Fault{Path: path, Message: fmt.Sprintf("%q: no such %s", name, kind), Unknown: name, Kind: kind,
		Known: sortedKeys(known)})
}

func (v *validation) names(c Config) {
	seen := map[string]bool{}
	for i, q := range c.Queues {
		v.name(fmt.Sprintf("queues[%d].name", i), q.Name, seen)
	}
	clear(seen)
	for i, a := range c.Agents {
		v.name(fmt.Sprintf("agents[%d].id", i), a.ID, seen)
	}
}

func (v *validation) name(path, name string, seen map[string]bool) {
	switch {
	case name == "":
		v.add(path, "is missing")
	case strings.ContainsAny(name, "/ \t\n"):
		v.add(path, "%q: neither blanks nor slashes", name)
	case seen[name]:
		v.add(path, "%q: used twice", name)
	}
	seen[name] = true
}

func (v *validation) queue(path string, q QueueConfig) {
	if q.Weight < 0 {
		v.add(path+".weight", "%g: not negative", q.Weight)
	}
	if q.Strategy != "" && !q.Strategy.Known() {
		v.add(path+".strategy", "%q: want one of %v", q.Strategy, route.Strategies())
	}
	if q.JoinWhen != "" && q.JoinWhen != JoinAlways && q.JoinWhen != JoinStaffed {
		v.add(path+".join_when", "%q: want %s or %s", q.JoinWhen, JoinAlways, JoinStaffed)
	}
	v.atLeast(path+".max_waiting", q.MaxWaiting, 0)
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"target", q.Target}, {"ring_timeout", q.RingTimeout}, {"wrap_up", q.WrapUp}, {"wrap_up_min", q.WrapUpMin},
		{"wrap_up_extend", q.WrapUpExtend}, {"max_wait", q.MaxWait}, {"short_abandon", q.ShortAbandon},
		{"announce_every", q.AnnounceEvery}, {"connect_timeout", q.Connect}, {"sticky", q.Sticky}} {
		if d.d < 0 {
			v.add(path+"."+d.name, "%v: not negative", d.d)
		}
	}
	if q.AnnounceEvery > 0 && q.AnnounceEvery < time.Second {
		v.add(path+".announce_every", "%v: at least 1s", q.AnnounceEvery)
	}
	if q.WrapUpMin > q.WrapUp {
		v.add(path+".wrap_up_min", "%v: longer than wrap_up %v", q.WrapUpMin, q.WrapUp)
	}
	if q.Default != "" && len(q.Dispositions) > 0 && !slices.Contains(q.Dispositions, q.Default) {
		v.add(path+".default_disposition", "%q: want one of %v", q.Default, q.Dispositions)
	}
	v.overflow(path, q)
	v.queueMembers(path, q)
}

func (v *validation) overflow(path string, q QueueConfig) {
	for i, o := range q.Overflow {
		at := fmt.Sprintf("%s.overflow[%d]", path, i)
		switch {
		case o.After < time.Second:
			v.add(at+".after", "%v: at least 1s", o.After)
		case i > 0 && o.After < q.Overflow[i-1].After:
			v.add(at+".after", "%v: before the one above", o.After)
		}
		switch {
		case (o.To == "") == (o.Offer == ""):
			v.add(at, "give one of to and offer")
		case o.Offer != "" && o.Offer != OfferCallback:
			v.add(at+".offer", "%q: want %s", o.Offer, OfferCallback)
		case o.To != "" && !v.queues[o.To]:
			v.unknown(at+".to", "queue", o.To, v.queues)
		}
		for _, m := range o.Media {
			if m.index() < 0 {
				v.add(at+".media", "%q: want one of %v", m, mediaList)
			}
		}
	}
}

// circles reports overflow that leads back to where it began: an item would go round for ever.
func (v *validation) circles(queues []QueueConfig) {
	next := map[string][]string{}
	for _, q := range queues {
		for _, o := range q.Overflow {
			if o.To != "" {
				next[q.Name] = append(next[q.Name], o.To)
			}
		}
	}
	for i, q := range queues {
		seen := map[string]bool{}
		todo := slices.Clone(next[q.Name])
		for len(todo) > 0 && !seen[q.Name] {
			name := todo[0]
			if todo = todo[1:]; !seen[name] {
				seen[name] = true
				todo = append(todo, next[name]...)
			}
		}
		if seen[q.Name] {
			v.add(pathOf("queues", q.Name, i)+".overflow", "leads back to %q", q.Name)
		}
	}
}

func (v *validation) queueMembers(path string, q QueueConfig) {
	if len(q.Need) > 0 && len(q.Relax) > 0 {
		v.add(path+".relax", "give skills or relax, not both")
	}
	v.levels(path+".skills", q.Need)
	for _, err := range q.Relax.Check() {
		v.add(path+".relax", "%v", err)
	}
	for i, id := range q.Agents {
		if !v.agents[id] {
			v.unknown(fmt.Sprintf("%s.agents[%d]", path, i), "agent", id, v.agents)
		} else if slices.Index(q.Agents, id) != i {
			v.add(fmt.Sprintf("%s.agents[%d]", path, i), "%q: listed twice", id)
		}
	}
	for _, id := range sortedKeys(q.Tiers) {
		if !v.agents[id] {
			v.unknown(path+".tiers", "agent", id, v.agents)
		}
	}
}

func (v *validation) agent(path string, a AgentConfig) {
	v.levels(path+".skills", a.Skills)
	v.atLeast(path+".budget", a.Budget, 0)
	for i, name := range a.Queues {
		if !v.queues[name] {
			v.unknown(fmt.Sprintf("%s.queues[%d]", path, i), "queue", name, v.queues)
		}
	}
	for _, m := range sortedKeys(a.Caps) {
		if m.index() < 0 {
			v.add(path+".caps", "%q: want one of %v", m, mediaList)
		}
		v.atLeast(path+".caps."+string(m), a.Caps[m], 0)
	}
}

func (v *validation) media(path string, m Media, r MediaRule) {
	if m.index() < 0 {
		v.add(path, "unknown medium: want one of %v", mediaList)
	}
	v.atLeast(path+".weight", r.Weight, 0)
	v.atLeast(path+".max", r.Max, 0)
	v.atLeast(path+".misses", r.Misses, 0)
	v.atLeast(path+".parked", r.Parked, 0)
	if d := mediaDefaults[max(m.index(), 0)]; r.Parked > orInt(r.Weight, d.Weight) && r.Parked > 0 {
		v.add(path+".parked", "%d: more than the weight", r.Parked)
	}
	for _, d := range []struct {
		name string
		d    time.Duration
	}{{"offer_timeout", r.OfferTimeout}, {"park_after", r.ParkAfter}, {"reply", r.Reply}, {"grace", r.Grace},
		{"connect_timeout", r.Connect}} {
		if d.d < 0 {
			v.add(path+"."+d.name, "%v: not negative", d.d)
		}
	}
	if r.WrapUpShare < 0 || r.WrapUpShare > 100 {
		v.add(path+".wrap_up_share", "%d: percent, 0 to 100", r.WrapUpShare)
	}
	if r.Device != "" && r.Device != Phone && r.Device != Desk {
		v.add(path+".device", "%q: want %s or %s", r.Device, Phone, Desk)
	}
	if r.Hold != "" && r.Hold != HoldLive && r.Hold != HoldStored {
		v.add(path+".hold", "%q: want %s or %s", r.Hold, HoldLive, HoldStored)
	}
	for _, o := range r.Over {
		if o.index() < 0 {
			v.add(path+".over", "%q: want one of %v", o, mediaList)
		}
	}
}

func (v *validation) levels(path string, s route.Skills) {
	for _, name := range sortedKeys(s) {
		if s[name] < 0 || s[name] > 100 {
			v.add(path+"."+name, "%d: levels are 0 to 100", s[name])
		}
	}
}

func (v *validation) atLeast(path string, got, least int) {
	if got < least {
		v.add(path, "%d: at least %d", got, least)
	}
}

func pathOf(list, name string, i int) string {
	if name == "" {
		return fmt.Sprintf("%s[%d]", list, i)
	}
	return list + "." + name
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
