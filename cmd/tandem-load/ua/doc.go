// Package ua is a SIP user agent for load: caller and callee at once, many calls, one goroutine, UDP only.
//
// Nouns: a Loop owns everything and runs it; a Side is one socket with the calls of one role (carrier, phones); a Call is one
// dialog with its INVITE, ACK and BYE transactions; an Event is what became of a Call.
//
// Obligations of the caller:
//  1. Call everything from the goroutine of Loop.Run, that is from Side.On and from alarms; other goroutines use Loop.Post.
//  2. Return from Side.On at once: nothing else happens meanwhile.
//  3. Answer or reject every Call that was Invited.
//
// What it holds to, RFC 3261: retransmission of requests by timers A, E and of final answers by G and the 2xx rule of
// §13.3.1.4, until they are answered or 64×T1 are over; an ACK for each 2xx that comes again; the ACK to other final answers in
// the transaction of the INVITE (§17.1.1.3); route sets and remote targets (§12.1); digest for REGISTER.
//
// Times are the kernel's receive stamps, so that the delay of this process is in no figure but where it answers itself. It
// panics where its own sockets fail, on Linux only. It has no media, no TCP, no forking.
package ua
