// Command tandem-load drives a built gateway with calls and measures it: what a call costs, how fast it is set up, what
// happens above capacity, what waiting callers and relayed packets cost, and whether anything is left behind.
//
// It is caller and callee at once, on loopback addresses of its own: 127.0.0.2 is the carrier that calls come from, 127.0.0.3
// the phones of the agents, 127.0.0.4 the carrier that calls leave to. The gateway is started from a generated
// configuration in a temporary folder, at 127.0.0.5, alone on processor 1 with GOMAXPROCS=1; the load has processor 0. Every
// run is bounded in number and time, and ends by itself.
//
// How to read the figures: processor time is the kernel's for the gateway's process, everything included. Times are
// from the sending of a message to the kernel's receipt of its answer; set-up includes the time in which the load itself
// answers as callee. On loopback the sender pays for the receiver's half of the network stack, so compare figures with
// each other and with the floor of the same run, not with those of another machine.
package main
