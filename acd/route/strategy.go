package route

import (
	"hash/fnv"
	"slices"
	"time"
)

// Strategy says in which order a queue considers agents who are free and eligible. All are deterministic; the last word is
// always the agent's ID.
type Strategy string

// The strategies. Random draws from a stream seeded by item and epoch, so that a replay draws the same.
const (
	LongestIdle Strategy = "longest_idle" // longest since the agent's last item ended, in any queue and medium
	RoundRobin  Strategy = "round_robin"  // longest since this queue's last offer to the agent
	Fewest      Strategy = "fewest"       // fewest items over the rolling window
	LeastTalk   Strategy = "least_talk"   // least handling time over the rolling window
	LeastLoaded Strategy = "least_loaded" // smallest present load, then longest idle
	BestSkill   Strategy = "best_skill"   // greatest sum of required levels, then longest idle
	Tiered      Strategy = "tiered"       // the queue's tier for the agent, then longest idle
	Linear      Strategy = "linear"       // the queue's own order of agents
	Random      Strategy = "random"       // seeded
)

// Strategies lists all strategies.
func Strategies() []Strategy {
	return []Strategy{LongestIdle, RoundRobin, Fewest, LeastTalk, LeastLoaded, BestSkill, Tiered, Linear, Random}
}

// Known tells whether s is a strategy.
func (s Strategy) Known() bool { return slices.Contains(Strategies(), s) }

// Candidate is what a strategy may look at in an agent.
type Candidate struct {
	IdleSince time.Time
	LastOffer uint64        // number of this queue's last offer to the agent, 0: never
	Handled   int           // items in the rolling window
	Talk      time.Duration // handling time in the rolling window
	Load      int           // weight of live items
	Level     int           // sum of the required skills' levels
	Tier      int
	Place     int // in the queue's list
}

// Rank is a place in an order: A decides, then B, then the agent's ID. Smaller is offered first.
type Rank struct{ A, B int64 }

// Of returns the rank of a candidate. Random has no order: all ranks are equal and Draw chooses.
func (s Strategy) Of(c Candidate) Rank {
	idle := c.IdleSince.UnixNano()
	switch s {
	case RoundRobin:
		return Rank{int64(c.LastOffer), idle}
	case Fewest:
		return Rank{int64(c.Handled), idle}
	case LeastTalk:
		return Rank{int64(c.Talk), idle}
	case LeastLoaded:
		return Rank{int64(c.Load), idle}
	case BestSkill:
		return Rank{-int64(c.Level), idle}
	case Tiered:
		return Rank{int64(c.Tier), idle}
	case Linear:
		return Rank{int64(c.Place), 0}
	case Random:
		return Rank{}
	}
	return Rank{idle, 0}
}

// Draw returns a number in [0, n) from item and epoch; equal arguments give equal numbers. n is greater than zero.
func Draw(item string, epoch uint64, n int) int {
	h := fnv.New64a()
	h.Write([]byte(item))
	x := h.Sum64() ^ epoch*0x9E3779B97F4A7C15
	x ^= x >> 31
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 29
	return int(x % uint64(n))
}
