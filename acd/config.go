package acd

import (
	"time"

	"tandem/acd/route"
)

// Config is all that the dispatcher is told: queues, agents and, where the defaults do not fit, media rules. It is a value:
// a new one is applied whole by Configure.
type Config struct {
	Queues []QueueConfig       `json:"queues" yaml:"queues"`
	Agents []AgentConfig       `json:"agents" yaml:"agents"`
	Media  map[Media]MediaRule `json:"media,omitempty" yaml:"media,omitempty"`
	Limits Limits              `json:"limits,omitzero" yaml:"limits,omitempty"`
	Lease  time.Duration       `json:"lease,omitempty" yaml:"lease,omitempty"` // a desk is lost after being away for so long [15s]
}

// Limits bound what can grow. Zero takes the default in brackets.
type Limits struct {
	Items   int `json:"items,omitempty" yaml:"items,omitempty"`     // live items over all queues [200000]
	Needs   int `json:"needs,omitempty" yaml:"needs,omitempty"`     // different needs per queue and medium with items waiting [256]
	Why     int `json:"why,omitempty" yaml:"why,omitempty"`         // decisions kept for explanation [8192]
	Classes int `json:"classes,omitempty" yaml:"classes,omitempty"` // different slope and credit pairs per need [64]
}

// MediaRule is how a medium is treated. Zero fields take the medium's default.
type MediaRule struct {
	Weight       int           `json:"weight,omitempty" yaml:"weight,omitempty"`               // of the agent's budget
	Max          int           `json:"max,omitempty" yaml:"max,omitempty"`                     // live items per agent
	OfferTimeout time.Duration `json:"offer_timeout,omitempty" yaml:"offer_timeout,omitempty"` // how long an offer stands
	Misses       int           `json:"misses,omitempty" yaml:"misses,omitempty"`               // in a row until the agent is missed
	WrapUpShare  int           `json:"wrap_up_share,omitempty" yaml:"wrap_up_share,omitempty"` // percent of the weight kept in wrap-up
	Device       Device        `json:"device,omitempty" yaml:"device,omitempty"`
	Over         []Media       `json:"over,omitempty" yaml:"over,omitempty"`                       // may be given while these are live; parked ones never stand in the way
	Parked       int           `json:"parked,omitempty" yaml:"parked,omitempty"`                   // weight of a parked one; 0: cannot be parked
	ParkAfter    time.Duration `json:"park_after,omitempty" yaml:"park_after,omitempty"`           // parked when the customer is silent for so long; 0: never
	Reply        time.Duration `json:"reply,omitempty" yaml:"reply,omitempty"`                     // reclaimed when the agent owes a reply for so long; 0: never
	Grace        time.Duration `json:"grace,omitempty" yaml:"grace,omitempty"`                     // an agent who is away may come back for so long
	Connect      time.Duration `json:"connect_timeout,omitempty" yaml:"connect_timeout,omitempty"` // where longer than the queue's
	Hold         string        `json:"hold,omitempty" yaml:"hold,omitempty"`                       // live: the customer holds the line; stored: the item survives anything
}

// The values of MediaRule.Hold: a live item is refused without staff and is abandoned when a restart loses its leg.
const (
	HoldLive   = "live"
	HoldStored = "stored"
)

// QueueConfig is one queue. Zero fields take the default in brackets.
type QueueConfig struct {
	Name          string         `json:"name" yaml:"name"`
	Weight        float64        `json:"weight,omitempty" yaml:"weight,omitempty"`                           // urgency against other queues [1]
	Target        time.Duration  `json:"target,omitempty" yaml:"target,omitempty"`                           // answered within [20s]
	Strategy      route.Strategy `json:"strategy,omitempty" yaml:"strategy,omitempty"`                       // [longest_idle]
	RingTimeout   time.Duration  `json:"ring_timeout,omitempty" yaml:"ring_timeout,omitempty"`               // instead of the medium's offer timeout
	WrapUp        time.Duration  `json:"wrap_up,omitempty" yaml:"wrap_up,omitempty"`                         // longest wrap-up [none]
	WrapUpMin     time.Duration  `json:"wrap_up_min,omitempty" yaml:"wrap_up_min,omitempty"`                 // shortest
	WrapUpExtend  time.Duration  `json:"wrap_up_extend,omitempty" yaml:"wrap_up_extend,omitempty"`           // what an extension adds
	Dispositions  []string       `json:"dispositions,omitempty" yaml:"dispositions,omitempty"`               // codes, one of which is required; empty: any
	Default       string         `json:"default_disposition,omitempty" yaml:"default_disposition,omitempty"` // where the limit passes without one
	Sticky        time.Duration  `json:"sticky,omitempty" yaml:"sticky,omitempty"`                           // an item's sticky agents are asked alone for so long [20s]
	MaxWaiting    int            `json:"max_waiting,omitempty" yaml:"max_waiting,omitempty"`                 // [unlimited within limits.items]
	MaxWait       time.Duration  `json:"max_wait,omitempty" yaml:"max_wait,omitempty"`                       // [forever]
	JoinWhen      string         `json:"join_when,omitempty" yaml:"join_when,omitempty"`                     // always, staffed [staffed]
	ShortAbandon  time.Duration  `json:"short_abandon,omitempty" yaml:"short_abandon,omitempty"`             // [5s]
	Connect       time.Duration  `json:"connect_timeout,omitempty" yaml:"connect_timeout,omitempty"`
	Need          route.Need     `json:"skills,omitempty" yaml:"skills,omitempty"`                 // least levels for every item
	Relax         route.Steps    `json:"relax,omitempty" yaml:"relax,omitempty"`                   // instead of skills: levels by age
	Overflow      []Overflow     `json:"overflow,omitempty" yaml:"overflow,omitempty"`             // by After
	AnnounceEvery time.Duration  `json:"announce_every,omitempty" yaml:"announce_every,omitempty"` // [silent]
	Music         string         `json:"music,omitempty" yaml:"music,omitempty"`                   // prompt while waiting; not read here
	Agents        []string       `json:"agents,omitempty" yaml:"agents,omitempty"`                 // members, in the order of linear
	Tiers         map[string]int `json:"tiers,omitempty" yaml:"tiers,omitempty"`                   // by agent, for tiered [1]
}

// Overflow is what is done with an item that has waited in a queue for so long: exactly one of To and Offer. A queue that does not
// take it just then is passed over. An item's own longest wait goes on counting, the queue's begins anew in the next.
type Overflow struct {
	After time.Duration `json:"after" yaml:"after"`
	To    string        `json:"to,omitempty" yaml:"to,omitempty"`       // the queue that it goes to, with its first arrival
	Offer string        `json:"offer,omitempty" yaml:"offer,omitempty"` // OfferCallback: the customer is to be asked
	Media []Media       `json:"media,omitempty" yaml:"media,omitempty"` // only these [all]
}

// OfferCallback is the value of Overflow.Offer: a Watcher is told by ItemChanged.Asks, the item waits on.
const OfferCallback = "callback"

// The values of QueueConfig.JoinWhen: always takes any item, staffed refuses live items while no agent signed in could ever
// take them.
const (
	JoinAlways  = "always"
	JoinStaffed = "staffed"
)

// AgentConfig is one agent.
type AgentConfig struct {
	ID       string        `json:"id" yaml:"id"`
	Name     string        `json:"name,omitempty" yaml:"name,omitempty"`
	Endpoint string        `json:"endpoint,omitempty" yaml:"endpoint,omitempty"` // where the agent's phone is called
	Queues   []string      `json:"queues,omitempty" yaml:"queues,omitempty"`     // member of, beside the queues that list the agent
	Skills   route.Skills  `json:"skills,omitempty" yaml:"skills,omitempty"`
	Caps     map[Media]int `json:"caps,omitempty" yaml:"caps,omitempty"`     // instead of the medium's max; 0: not this medium
	Budget   int           `json:"budget,omitempty" yaml:"budget,omitempty"` // [100]
}

// defaults by medium index.
var mediaDefaults = [mediaCount]MediaRule{
	{Weight: 100, Max: 1, OfferTimeout: 20 * time.Second, Misses: 1, WrapUpShare: 100, Device: Phone, Hold: HoldLive,
		Over: []Media{Voice, Message, Task, Email}},
	{Weight: 100, Max: 1, OfferTimeout: 20 * time.Second, Misses: 1, WrapUpShare: 100, Device: Phone, Hold: HoldStored,
		Over: []Media{Callback, Message, Task, Email}, Connect: time.Minute},
	{Weight: 30, Max: 3, OfferTimeout: 30 * time.Second, Misses: 2, WrapUpShare: 50, Device: Desk, Hold: HoldStored,
		Over: []Media{Chat, Message, Task, Email}, Reply: 2 * time.Minute, Grace: defaultGrace},
	{Weight: 20, Max: 10, OfferTimeout: 120 * time.Second, Misses: 2, WrapUpShare: 50, Device: Desk, Hold: HoldStored,
		Over: []Media{Chat, Message, Task, Email}, Parked: 5, ParkAfter: 10 * time.Minute, Grace: defaultGrace},
	{Weight: 40, Max: 2, OfferTimeout: time.Hour, Misses: 2, WrapUpShare: 50, Device: Desk, Hold: HoldStored,
		Over: []Media{Chat, Message, Task, Email}, Grace: defaultGrace},
	{Weight: 40, Max: 2, OfferTimeout: time.Hour, Misses: 2, WrapUpShare: 50, Device: Desk, Hold: HoldStored,
		Over: []Media{Chat, Message, Task, Email}, Parked: 5, Grace: defaultGrace},
	{Weight: 100, Max: 1, OfferTimeout: 20 * time.Second, Misses: 1, WrapUpShare: 100, Device: Desk, Hold: HoldLive,
		Over: []Media{Video, Message, Task, Email}, Grace: defaultGrace},
}

const (
	defaultItems   = 200000
	defaultNeeds   = 256
	defaultWhy     = 8192
	defaultClasses = 64
	defaultBudget  = 100
	defaultConnect = 10 * time.Second
	defaultShort   = 5 * time.Second
	defaultGrace   = time.Minute
	defaultLease   = 15 * time.Second
	defaultSticky  = 20 * time.Second
)

// Effective is the configuration with every default filled in, as config show --effective prints it.
func (c Config) Effective() Config {
	c.Limits = Limits{orInt(c.Limits.Items, defaultItems), orInt(c.Limits.Needs, defaultNeeds),
		orInt(c.Limits.Why, defaultWhy), orInt(c.Limits.Classes, defaultClasses)}
	rules := make(map[Media]MediaRule, mediaCount)
	for i, m := range mediaList {
		rules[m] = c.Media[m].effective(mediaDefaults[i])
	}
	c.Media = rules
	queues := make([]QueueConfig, len(c.Queues))
	for i, q := range c.Queues {
		queues[i] = q.effective()
	}
	c.Queues = queues
	agents := make([]AgentConfig, len(c.Agents))
	for i, a := range c.Agents {
		a.Budget = orInt(a.Budget, defaultBudget)
		agents[i] = a
	}
	c.Agents = agents
	c.Lease = orTime(c.Lease, defaultLease)
	return c
}

func (r MediaRule) effective(d MediaRule) MediaRule {
	if r.Hold != "" {
		d.Hold = r.Hold
	}
	if r.Over != nil {
		d.Over = r.Over
	}
	if r.Device != "" {
		d.Device = r.Device
	}
	d.Weight = orInt(r.Weight, d.Weight)
	d.Max = orInt(r.Max, d.Max)
	d.Misses = orInt(r.Misses, d.Misses)
	d.WrapUpShare = orInt(r.WrapUpShare, d.WrapUpShare)
	d.Parked = orInt(r.Parked, d.Parked)
	d.OfferTimeout = orTime(r.OfferTimeout, d.OfferTimeout)
	d.ParkAfter = orTime(r.ParkAfter, d.ParkAfter)
	d.Reply = orTime(r.Reply, d.Reply)
	d.Grace = orTime(r.Grace, d.Grace)
	d.Connect = orTime(r.Connect, d.Connect)
	return d
}

func (q QueueConfig) effective() QueueConfig {
	if q.Weight == 0 {
		q.Weight = 1
	}
	if q.Strategy == "" {
		q.Strategy = route.LongestIdle
	}
	if q.JoinWhen == "" {
		q.JoinWhen = JoinStaffed
	}
	if len(q.Relax) == 0 && len(q.Need) > 0 {
		q.Relax, q.Need = route.Steps{{Need: q.Need}}, nil
	}
	q.Target = orTime(q.Target, 20*time.Second)
	q.ShortAbandon = orTime(q.ShortAbandon, defaultShort)
	q.Connect = orTime(q.Connect, defaultConnect)
	q.Sticky = orTime(q.Sticky, defaultSticky)
	return q
}

func orInt(v, d int) int {
	if v == 0 {
		return d
	}
	return v
}

func orTime(v, d time.Duration) time.Duration {
	if v == 0 {
		return d
	}
	return v
}
