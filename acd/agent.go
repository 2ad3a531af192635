package acd

import (
	"math/bits"
	"slices"
	"time"

	"tandem/acd/route"
	"tandem/store/journey"
)

// agent is a configured agent. Its state changes in moveAgent only.
type agent struct {
	cfg       AgentConfig
	state     AgentState
	reason    string
	since     time.Time
	shown     string // last reported
	marked    bool   // to be reported at the end of the step
	misses    int
	phone     bool
	desk      bool
	load      int             // of items
	counts    [mediaCount]int // of items
	idle      [mediaCount]int // of these, parked or waking
	threads   int             // sum of idle
	outside   [mediaCount]int // calls and conversations that are no items
	lease     timer           // the desk counts as lost; while it is not there, it is awaited until then
	items     []*item
	idleSince time.Time
	members   []*member
	former    []*member // while a configuration is applied: what the agent was before
	seats     []*seat
	removed   bool // from the configuration; forgotten when idle
	shift     shift
}

// seat is an agent's place in a pool: in its free list, or not.
type seat struct {
	pool   *pool
	member *member
	in     bool
	able   bool // counted in a named pool: could take an item, now or when others end
	node   node[*agent]
}

func (s *State) newAgent(cfg AgentConfig) *agent {
	a := &agent{cfg: cfg, desk: !s.restored, shown: AgentOffline.String()}
	a.lease = timer{kind: timerLease, agent: a}
	return a
}

// seat gives a member a place in a pool.
func (s *State) seat(p *pool, m *member) {
	st := &seat{pool: p, member: m}
	st.node.val = m.agent
	m.agent.seats = append(m.agent.seats, st)
	p.members++
	if m.agent.state != AgentOffline {
		p.staffed++
	}
	s.place(m.agent, st)
}

func (a *agent) dropDeadSeats() {
	a.seats = slices.DeleteFunc(a.seats, func(st *seat) bool { return st.pool.dead })
}

// refresh brings the agent's places in all pools in line with what it may take now.
func (s *State) refresh(a *agent) {
	for _, st := range a.seats {
		s.place(a, st)
	}
}

// place puts a seat into its pool's free list, moves it there, or takes it out.
func (s *State) place(a *agent, st *seat) {
	if st.pool.named {
		s.count(a, st)
	}
	if !s.takes(a, st.pool.media) {
		if st.in {
			st.pool.free.remove(&st.node)
			st.in = false
		}
		return
	}
	k := s.rank(a, st)
	if st.in && st.node.key == k {
		return
	}
	if st.in {
		st.pool.free.remove(&st.node)
	}
	st.node.key, st.in = k, true
	st.pool.free.insert(&st.node)
	if st.pool.waiting > 0 {
		s.touch(st.pool)
	}
}

func (s *State) rank(a *agent, st *seat) key {
	c := route.Candidate{IdleSince: a.idleSince, LastOffer: st.member.lastOffer, Load: a.load, Tier: st.member.tier,
		Place: st.member.place}
	strategy := st.pool.queue.cfg.Strategy
	switch strategy {
	case route.Fewest, route.LeastTalk:
		c.Handled, c.Talk = a.shift.sum(s.now)
	case route.BestSkill:
		c.Level = a.cfg.Skills.Sum(st.pool.need)
	}
	r := strategy.Of(c)
	return key{r.A, r.B, a.cfg.ID}
}

// moveAgent is the one place where an agent's state changes.
func (s *State) moveAgent(a *agent, on agentOn, reason string) bool {
	to, do, listed := agentStep(a.state, on)
	if !listed {
		s.reject(Rejection{Event: agentOnNames[on], Agent: a.cfg.ID, Reason: "agent is " + a.state.String()})
		return false
	}
	from := a.state
	if from == AgentOffline {
		a.idleSince = s.now
	}
	a.state, a.reason, a.since = to, reason, s.now
	s.entry(Entry{Kind: journey.AgentState, Agent: a.cfg.ID, State: to.String(), Reason: reason})
	for d := uint32(do); d != 0; d &= d - 1 {
		agentActs[bits.TrailingZeros32(d)](s, a)
	}
	s.staff(a, from)
	s.refresh(a)
	s.show(a)
	s.wakeAll(a)
	return true
}

// agentActs perform the flags of the agent table, in bit order.
var agentActs = [...]func(*State, *agent){(*State).forgive, (*State).match}

func (s *State) forgive(a *agent) { a.misses = 0 }

func (s *State) match(a *agent) {
	for _, st := range a.seats {
		if st.pool.waiting > 0 {
			s.touch(st.pool)
		}
	}
}

// staff keeps the pools' and queues' counts of those at work.
func (s *State) staff(a *agent, from AgentState) {
	if was, is := from != AgentOffline, a.state != AgentOffline; was != is {
		for _, st := range a.seats {
			if is {
				st.pool.staffed++
			} else {
				st.pool.staffed--
			}
		}
	}
	s.share(a)
}

// show marks an agent whose change is to be reported at the end of the step.
func (s *State) show(a *agent) {
	if !a.marked {
		a.marked = true
		s.marked = append(s.marked, a)
	}
}

// report tells what the marked agents do, where that has changed.
func (s *State) report() {
	for i, a := range s.marked {
		s.marked[i], a.marked = nil, false
		if shown := a.display(); shown != a.shown {
			a.shown = shown
			s.effect(AgentChanged{Agent: a.cfg.ID, State: shown, Reason: a.reason})
		}
	}
	s.marked = s.marked[:0]
}

// display is the agent's state, and while available what the live items make of it: the busiest of them decides.
func (a *agent) display() string {
	if a.state != AgentAvailable {
		return a.state.String()
	}
	best := "available"
	if a.outside != [mediaCount]int{} {
		return "busy"
	}
	for _, it := range a.items {
		switch it.state {
		case ItemConnecting, ItemActive:
			return "busy"
		case ItemWrapUp:
			best = "wrap-up"
		case ItemOffered:
			if best == "available" {
				best = "offered"
			}
		}
	}
	return best
}

// take adds an item to the agent's load.
func (s *State) take(a *agent, it *item) {
	it.cost = s.rules[it.media].Weight
	a.load += it.cost
	a.counts[it.media]++
	a.items = append(a.items, it)
	s.refresh(a)
	s.show(a)
}

// drop takes an item from the agent's load; the last one lets a finishing agent go.
func (s *State) drop(a *agent, it *item) {
	a.load -= it.cost
	it.cost = 0
	a.counts[it.media]--
	a.items = slices.DeleteFunc(a.items, func(o *item) bool { return o == it })
	if it.from.aside() {
		a.idle[it.media]--
		a.threads--
	}
	if it.from.works() {
		a.idleSince = s.now
	}
	s.relieve(a)
}

// relieve lets an agent go who only finished the last items, and brings the places of others in line.
func (s *State) relieve(a *agent) {
	switch {
	case !a.busy() && (a.state == AgentFinishing || a.state == AgentLeaving):
		s.moveAgent(a, agentIdle, a.reason)
	default:
		s.refresh(a)
		s.show(a)
	}
	if a.removed && len(a.items) == 0 && a.state == AgentOffline {
		s.forget(a)
	}
}

// forget ends an agent who is no longer configured.
func (s *State) forget(a *agent) {
	s.entry(Entry{Kind: journey.AgentState, Agent: a.cfg.ID, State: agentRemoved, Reason: ReasonRemoved})
	s.timers.stop(&a.lease)
	if s.agents[a.cfg.ID] == a {
		delete(s.agents, a.cfg.ID)
	}
}

// agentRemoved is the state in the entry of an agent who is no longer configured.
const agentRemoved = "removed"
