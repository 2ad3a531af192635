// Package fsm is the form of every state machine of the rooms under sip: a literal table of rows in the order of the RFC, compiled
// once, and a pure Step. A machine's file (*_fsm.go) holds its states, events, effects and rows; nothing about it stands elsewhere.
//
//	var slotMachine = fsm.Compile(fsm.Rows[slotState, slotOn, slotDo]{
//		{slotFree, slotSend, slotClient, 0, "3261 §14.1"}, // from, on, to, do, rfc
//		{slotClient, slotSend, slotClient, slotWait, "3261 §14.1"},
//	})
//	u.slot, do, listed = slotMachine.Step(u.slot, slotSend)
//
// # Nouns
//
//   - Rows: what is decided, one line for each pair of state and event.
//   - Machine: compiled rows, indexed by state and event.
//
// # Obligations of the caller
//
//  1. States and events count from 0 to 15; effects are bits. All are types of the machine's own.
//  2. Only the owner of a state calls Step, assigns the result and performs the effects.
//  3. What a pair means that is not listed (ignored, an error of the remote, a bug of ours) is said in the machine's comment.
//  4. A test gives each machine to siptest.Machine.Check: golden table, each state reached and able to end, each pair decided.
//
// # Ownership
//
// A Machine never changes after Compile and may be read from any goroutine. Step allocates nothing.
//
// # What it does not do
//
// It keeps no state, performs no effect and counts nothing.
package fsm
