package route

import (
	"math"
	"time"
)

// Least completions in the window below which a waiting time is unknown.
const leastCompletions = 5

// Terms of the sum that are added one by one; beyond them the integral is exact enough.
const exactTerms = 64

// Standard normal quantiles of 0.5 and 0.8.
const (
	z50 = 0.0
	z80 = 0.8416212335729143
)

// Rates are what a queue has measured over its window.
type Rates struct {
	Completions int           // in the window
	Handle      time.Duration // mean time an item keeps an agent
	Agents      float64       // staffed agents, each counted by the share of their work that goes to this queue
	Abandon     float64       // abandonments per waiting item and second
}

// Estimate is a waiting time as two quantiles. Known is false when too little has been measured: say nothing then.
type Estimate struct {
	P50, P80 time.Duration
	Known    bool
}

// Wait estimates the waiting time of an item with ahead items before it: the sum of the stages until it is served is
// fitted with a gamma distribution of the same mean and variance.
func (r Rates) Wait(ahead int) Estimate {
	if r.Completions < leastCompletions || r.Handle <= 0 || r.Agents <= 0 {
		return Estimate{}
	}
	rate := max(r.Agents, 1.0/20) / r.Handle.Seconds()
	mean, variance := stages(rate, r.Abandon, ahead)
	return Estimate{P50: quantile(mean, variance, z50), P80: quantile(mean, variance, z80), Known: true}
}

// stages returns Σ 1/(rate+jθ) and Σ 1/(rate+jθ)² for j = 0..ahead.
func stages(rate, theta float64, ahead int) (mean, variance float64) {
	exact := min(ahead+1, exactTerms)
	for j := range exact {
		x := 1 / (rate + float64(j)*theta)
		mean += x
		variance += x * x
	}
	rest := float64(ahead + 1 - exact)
	if rest <= 0 {
		return mean, variance
	}
	lo := rate + (float64(exact)-0.5)*theta
	hi := lo + rest*theta
	if theta <= 0 || hi/lo-1 < 1e-9 {
		return mean + rest/rate, variance + rest/(rate*rate)
	}
	return mean + math.Log(hi/lo)/theta, variance + (1/lo-1/hi)/theta
}

// quantile of a gamma distribution by Wilson and Hilferty's cube; within 2 % for shapes from 1 up.
func quantile(mean, variance, z float64) time.Duration {
	shape := mean * mean / variance
	root := 1 - 1/(9*shape) + z/(3*math.Sqrt(shape))
	return time.Duration(mean * root * root * root * float64(time.Second))
}
