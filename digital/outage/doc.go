// Package outage says in the log that something fails: once when it begins and once when it is over, however many requests it turns
// away meanwhile.
//
// Nouns: a Log belongs to one thing that may fail, such as the store as one door sees it.
//
// Obligations of the caller:
//  1. Failed is called for each request that was turned away, Worked for each that was not.
//  2. Each is counted in a metric of the caller's room: the log tells that, not how much.
//
// Ownership: a Log may be used from any goroutine; Worked costs one atomic load while nothing fails.
//
// What it does not do: look for itself whether the fault is over. It is over with the first success after Calm without a failure.
package outage
