// Package smpp is the client side of SMPP 3.4 (an ESME): it keeps one connection to a message centre bound, submits messages within
// a window and hands up what the centre delivers. Package pdu holds the octets, gsm the texts, smsc a centre for tests and demo.
//
//	Submit ─► Client (owner) ─ window, pace ─► socket ─► centre
//	centre ─ deliver_sm ─► Client ─ Inbound, Event ─► its user: makes it durable ─ Answer ─► deliver_sm_resp
//
// Nouns: a Client owns one connection after another; a Submission is one submit_sm with its user's Key; an Event is what the user is told:
// Result of a submission, Inbound message or receipt, Link up or down.
//
// Obligations of the caller:
//  1. Run the Client once, and read Events until the channel is closed, without waiting for anything that needs an Event.
//  2. Answer each Inbound exactly once, when it is durable (pdu.OK) or cannot be taken now (pdu.TemporaryAppError).
//  3. Each Submission that was taken has exactly one Result. Uncertain means: written to the socket and never answered; only the
//     caller can know whether to send it again.
//  4. What was delivered again after a lost connection and was taken before is acknowledged here and not handed up; over a restart of
//     the process the caller sees it twice.
//
// Ownership: everything belongs to Run's goroutine; a connection has one reader and one writer, which end with it. One timer.
//
// It does not cut texts, match receipts to messages, store anything, or send what is not acknowledged again by itself.
package smpp
