// Package e2e proves the built gateway over real sockets with peers that are not ours: sipp plays carriers and phones by the
// scenarios in testdata/sipp, small clients send what sipp cannot. There is nothing in it but tests; package rig drives the
// gateway for them.
//
// Each test has a gateway with addresses of its own, so that all run beside each other. A test judges three things: what the peers
// saw (a scenario fails on anything it does not expect), what the gateway told of it (trace, record, call detail record), and
// that nothing is left behind.
//
// What it does not do: measure. Figures come from cmd/tandem-load.
package e2e
