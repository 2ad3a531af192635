package transaction

import "tandem/sip/fsm"

// State of a transaction machine.
type State uint8

// States. Not every machine has all of them.
const (
	Calling    State = iota // client: request sent, nothing received
	Trying                  // server: request passed to the user, nothing sent
	Proceeding              // a provisional response was seen
	Completed               // a final response was seen, retransmissions are answered
	Confirmed               // INVITE server: the ACK came
	Accepted                // INVITE: a 2xx was seen, RFC 6026
	Terminated
	states
)

// Event that a machine sees.
type Event uint8

// Events.
const (
	OnRequest Event = iota // server: retransmission of the request
	OnAck
	OnCancel
	On1xx     // response received (client) or given by the user (server)
	On2xx     //
	On3xx     // 300 to 699
	OnResend  // the timer of retransmissions: A, E, G, and the 100 of an INVITE
	OnEnd     // the timer of the end: B, D, F, H, I, J, K, L, M, and the watchdog
	OnFailure // the connection is gone
	events
)

// Do are the effects of a step, performed by the layer in the order of the bits.
type Do uint16

// Effects.
const (
	DoStop    Do = 1 << iota // stop both timers
	DoWrite                  // send the last message
	DoAck                    // INVITE client: build or repeat the ACK
	DoTrying                 // INVITE server: send 100
	DoCancel                 // INVITE server: send 487
	DoT1                     // start retransmissions at T1, if the transport is unreliable
	DoDouble                 // the next retransmission after twice the time
	DoDoubleT                // the same, T2 at most
	DoEnd64                  // end after 64·T1
	DoEnd64U                 // end after 64·T1, at once if the transport is reliable
	DoEndT4U                 // end after T4, at once if the transport is reliable
	DoRing                   // end after the longest ringing
	DoPass                   // tell the user
	DoTimeout                // tell the user that time is over
	DoError                  // tell the user that the transport failed
	DoForget                 // forget the transaction
)

var stateNames = [states]string{"calling", "trying", "proceeding", "completed", "confirmed", "accepted", "terminated"}
var eventNames = [events]string{"request", "ACK", "CANCEL", "1xx", "2xx", "3xx-6xx", "resend timer", "end timer", "failure"}
var doNames = []string{"stop timers", "send last", "ACK", "100", "487", "resend at T1", "double", "double to T2", "end 64·T1", "end 64·T1 if unreliable", "end T4 if unreliable", "end longest ring", "pass on", "timeout", "error", "forget"}

// String returns the name of the RFC, in lower case.
func (s State) String() string { return stateNames[s] }

// String returns the message or timer.
func (e Event) String() string { return eventNames[e] }

// machine is a table of transactions. A pair that no row lists is ignored and counted: that is what transactions do with messages
// that come late.
type machine = fsm.Machine[State, Event, Do]

type rows = fsm.Rows[State, Event, Do]
