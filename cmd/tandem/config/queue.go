package config

import (
	"time"

	"tandem/acd"
	"tandem/acd/route"
)

// Queue is where callers wait, as written in YAML; Room gives what the dispatcher reads. Zero fields take its defaults.
type Queue struct {
	Name          string         `yaml:",name"`
	Weight        float64        `yaml:"weight"`
	Target        time.Duration  `yaml:"target"`
	Strategy      route.Strategy `yaml:"strategy"`
	RingTimeout   time.Duration  `yaml:"ring_timeout"`
	WrapUp        time.Duration  `yaml:"wrap_up"`
	WrapUpMin     time.Duration  `yaml:"wrap_up_min"`
	WrapUpExtend  time.Duration  `yaml:"wrap_up_extend"`
	Dispositions  []string       `yaml:"dispositions"`
	MaxWaiting    int            `yaml:"max_waiting"`
	MaxWait       time.Duration  `yaml:"max_wait"`
	JoinWhen      string         `yaml:"join_when"`
	ShortAbandon  time.Duration  `yaml:"short_abandon"`
	Connect       time.Duration  `yaml:"connect_timeout"`
	Skills        map[string]int `yaml:"skills"`
	Relax         route.Steps    `yaml:"relax"`
	AnnounceEvery time.Duration  `yaml:"announce_every"`
	Music         string         `yaml:"music" default:"music/default"`
	Agents        []string       `yaml:"agents"`
	Tiers         map[string]int `yaml:"tiers"`
	CallbackFirst string         `yaml:"callback_first"` // who is called first in a callback: agent or customer; empty: as callbacks.first
}

// Room gives the dispatcher's configuration.
func (q *Queue) Room() acd.QueueConfig {
	return acd.QueueConfig{
		Name: q.Name, Weight: q.Weight, Target: q.Target, Strategy: q.Strategy, RingTimeout: q.RingTimeout, WrapUp: q.WrapUp,
		WrapUpMin: q.WrapUpMin, WrapUpExtend: q.WrapUpExtend, Dispositions: q.Dispositions, MaxWaiting: q.MaxWaiting,
		MaxWait: q.MaxWait, JoinWhen: q.JoinWhen, ShortAbandon: q.ShortAbandon, Connect: q.Connect, Need: q.Skills,
		Relax: q.Relax, AnnounceEvery: q.AnnounceEvery, Music: q.Music, Agents: q.Agents, Tiers: q.Tiers,
	}
}

// shown is the queue with the dispatcher's defaults.
func (q *Queue) shown(r acd.QueueConfig) *Queue {
	out := *q
	out.Weight, out.Target, out.Strategy, out.JoinWhen = r.Weight, r.Target, r.Strategy, r.JoinWhen
	out.ShortAbandon, out.Connect = r.ShortAbandon, r.Connect
	return &out
}

// Agent is a person who takes offers, as written in YAML.
type Agent struct {
	ID       string            `yaml:",name"`
	Name     string            `yaml:"name"`     // default: the id
	Endpoint string            `yaml:"endpoint"` // the phone that is rung
	Queues   []string          `yaml:"queues"`
	Skills   map[string]int    `yaml:"skills"`
	Caps     map[acd.Media]int `yaml:"caps"`
	Budget   int               `yaml:"budget" default:"100"`
}

// Room gives the dispatcher's configuration.
func (a *Agent) Room() acd.AgentConfig {
	name := a.Name
	if name == "" {
		name = a.ID
	}
	return acd.AgentConfig{ID: a.ID, Name: name, Endpoint: a.Endpoint, Queues: a.Queues, Skills: a.Skills, Caps: a.Caps, Budget: a.Budget}
}

// ACD gives the dispatcher's configuration, ordered by name.
func (c *Config) ACD() acd.Config {
	var out acd.Config
	for _, name := range sorted(c.Queues) {
		out.Queues = append(out.Queues, c.Queues[name].Room())
	}
	for _, name := range sorted(c.Agents) {
		out.Agents = append(out.Agents, c.Agents[name].Room())
	}
	return out
}
