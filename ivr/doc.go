// Package ivr runs flows: a pure step machine that takes events and the time and gives effects. The same code drives a
// phone call, a chat conversation and a test in virtual time, so effects never name a channel: a menu is a Play with
// Choices, which one owner speaks and another shows as buttons.
//
// Nouns: a Run is one flow in progress; an Event is what happened to it; an Effect is what its owner must do; a ticket
// numbers each Play, Enqueue, Dial and Transfer, so that a late answer is known as such.
//
// Obligations of the owner:
//  1. Step with Started once, first; then with every event, in order, from one goroutine.
//  2. Perform effects in order; return Clock when Deadline has come.
//  3. Answer each Play without Loop by PlayDone, each Enqueue by one of the Queue events, each Dial by DialAnswered or
//     DialEnded, each Transfer by TransferDone or TransferFailed, with its ticket. StopPlay and LeaveQueue need no answer; after LeaveQueue the item must be gone.
//  4. After Hangup, TransferDone or HungUp the run is over; Step then does nothing. A Hangup effect is performed whatever the leg's state.
//  5. Loaded dialplans only (flow.Load without faults).
//
// A fault at run time goes to the step's error exit, else the module's on_error, else the emergency flow: an announcement
// and the default queue. Bounds: visits of a step, 1000 steps, the time limit of the module (talking time excluded).
//
// What it does not do: sockets, audio, clocks, logging, storage, routing.
package ivr
