// Package callbacks proves promised calls with real peers: callers wait, press a key instead of waiting on, and are called back in
// their place. sipp plays the callers who press keys by INFO and the customers who are called, baresip the agent and a caller who
// hears the confirmation. There is nothing in it but tests; package rig drives the gateway for them.
//
// Nouns: a house is a gateway with one queue, one agent anna, a trunk that callers come from and a carrier that customers are
// called by.
//
// A test judges who is served in which order, what the queue and the list of callbacks show meanwhile, what is heard, and what the
// record tells: one request, one item, one end.
//
// What it does not do: the desk pages (package browser) and the planner's rules (digital/callback).
package callbacks
