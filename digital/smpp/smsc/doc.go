// Package smsc is a short message service centre for tests and for the demo: an SMPP 3.4 server whose subscribers are simulated
// handsets. It can be made to misbehave as real ones do.
//
//	ESME ─ submit_sm ─► session ─► Server (owner) ─► Deps.Taken ─► handset
//	handset ─ Server.Deliver ─► backlog ─ deliver_sm, window ─► a session that receives ─ deliver_sm_resp ─► done
//
// Nouns: a Server owns everything; a session is one connection of an ESME; a Taken is a message that an ESME submitted and that was
// acknowledged; a MO (mobile originated) is one that a handset sent; Faults are the ways to misbehave.
//
// Obligations of the caller:
//  1. Run Serve once; hand it connections by a listener or by Attach.
//  2. Deps.Taken never waits: it is called on the owner's goroutine.
//  3. Faults are for tests. Every count in them is a rhythm: 7 means each seventh.
//
// Ownership: sessions, backlog and deadlines belong to Serve's goroutine; each session has one reader and one writer, which end with
// its connection. One timer.
//
// What it does not do: keep anything over a restart, route to other centres, speak data_sm or query_sm, charge.
package smsc
