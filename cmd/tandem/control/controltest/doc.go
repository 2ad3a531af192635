// Package controltest has a Backend with fixed contents, for tests of the control socket and of the command line.
//
// Noun: Fake. Obligation of the caller: use it from tests only. It owns nothing and remembers what it was asked to do.
package controltest
