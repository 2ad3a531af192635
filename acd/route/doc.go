// Package route holds the pure functions of routing: urgency, requirements and their relaxation, capacity, the order of
// agents under a strategy, and the estimate of a waiting time. Values in, values out; no clock, no goroutine, no state.
//
// Nouns: Need is what an item asks of an agent (skill levels); Step is a need from an age on; Rank is the place of an agent
// in a strategy's order (smaller is better); Slot is what one live item costs an agent; Rates are what a queue has
// measured, Estimate what follows for one who waits.
//
// Obligations of the caller:
//  1. Slopes are greater than zero, credits and ages not negative.
//  2. Steps are sorted by After and the first starts at zero (Steps.Check tells).
//  3. Levels are 0 to 100.
//
// What it does not do: keep lists (package acd does), read configuration, log.
package route
