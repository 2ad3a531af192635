// Package rig drives a built gateway over real sockets: it builds the binary, writes a configuration, starts it, asks it
// over its own command line, and ends it gently or by force. Tests with real peers stand on it.
//
// Nouns: a Site is what a test configures; a Gateway is that site with a process, at loopback addresses of its own; a Process
// is any other program beside it; a SIPp is one run of a scenario; a Phone is a baresip that says a tone, and an Ear judges what it hears.
//
//	func TestMain(m *testing.M) { rig.Main(m) }
//
//	g := rig.Start(t, rig.Site{Body: "endpoints: …"})
//	p := rig.Run(t, rig.Program{Name: "baresip", Args: …})
//	g.JSON(t, &calls, "call", "list")
//	g.Kill(t); g.Restart(t)
//
// Obligations of the caller:
//  1. Call Main from TestMain: it removes the binary, and lets tests that mostly wait run beside each other.
//  2. Ask Need for every outside tool: a missing one fails the test, it never passes unseen.
//  3. Take every address from Host and every port from Port, so that tests of several processes do not meet.
//
// Ownership: a Gateway belongs to the test that started it and ends with it; its methods may be called from several goroutines
// except Kill, Stop and Restart.
//
// What it does not do: judge calls. A panic or data race in a gateway's log fails the test, and so does a gateway that does not end when told.
package rig
