// Package transaction is the layer between sockets and dialogs (RFC 3261 §17, RFC 6026): it absorbs retransmissions in both
// directions, answers what needs no dialog, and passes the rest on in arrival order.
//
//	in:   reader → stamp Via → match → [new] validate → merged? → CANCEL waiting? → Handler.ServeRequest
//	                              └ [known] retransmit the last answer, or absorb
//	out:  Send → Via, branch → bytes → machine → endpoint;  responses → sink of the request
//
// # Nouns
//
//   - Layer: the transactions of one endpoint. ServerTx, ClientTx: one transaction, seen from its user.
//   - machine: one of four tables (invite_server_fsm.go, server_fsm.go, invite_client_fsm.go, client_fsm.go).
//   - record: what a transaction still needs after its user lost interest: a key, a state, the last bytes. The parsed
//     messages go as soon as the final response is out, so 32 s of retention cost a few hundred bytes, not the call.
//
// # Obligations of the caller
//
//  1. Handler methods and sinks run in readers: they post to a mailbox and return. They may call any method of this room.
//  2. Every ServerTx but that of an ACK is answered. A watchdog answers 500 after Config.Watchdog; for an INVITE after
//     Config.MaxTrying without any answer and Config.MaxRing without a final one. It says so through ServeTxError.
//  3. A request given to Send has no Via; it belongs to the layer from then on and is read-only.
//  4. A 2xx to INVITE is acknowledged by ClientTx.Ack, once for each To tag: the layer repeats it for repeated answers.
//  5. 2xx answers to INVITE are repeated by the dialog (RFC 3261 §13.3.1.4), through ServerTx.Respond or WriteResponse.
//  6. Release tells that nobody listens to a ClientTx any more: then forked 2xx get ACK and BYE from the layer.
//  7. How long an INVITE of ours may ring is the user's to decide: Cancel ends it within 64·T1, whatever the peer does.
//
// # Ownership
//
// One mutex guards the tables; nothing waits under it: bytes are sent and users are called after it is released. One timer
// serves the earliest deadline of all transactions. No goroutine belongs to a transaction or a message.
//
// # What it does not do
//
// No dialogs (481 for requests inside one is the dialog's), no authentication, no name resolution, no Timer C.
package transaction
