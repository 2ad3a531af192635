// Package figures holds what a run measured: distributions of times, and figures beside the goals that they carry.
//
// Nouns: a Sample collects times and gives a Spread; a Figure is one number with its unit, its goal and what stands beside it
// (a floor measured in the same run, or what others needed); a Report is a list of them, as a table or as JSON.
//
// Obligations of the caller:
//  1. A Sample belongs to one goroutine.
//  2. A Figure without a goal has Goal 0 and is never missed.
package figures
