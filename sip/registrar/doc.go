// Package registrar answers REGISTER and keeps the location table: which bindings an address-of-record has (RFC 3261 §10.3,
// with Path of RFC 3327 and instance and flow of RFC 5626).
//
// Nouns: an AOR is "user@host" in canonical form; a Binding says where one device of an AOR is reached until when; an Arrival
// is what the ingress knows of a request beside its text; an Event is a change of the table, a value for the owner.
//
// Obligations of the caller:
//  1. Authenticate first and pass the proven name in Arrival.User; the registrar refuses a name that is not the AOR's (403).
//  2. Call Expire when the time of Deadline has come; Lookup never returns expired bindings even if that is late.
//  3. Call LoseFlow when a connection is lost: what can be reached over it alone is suspended (RFC 5626 §5.3), and its device
//     may come back within the grace; DropFlow when nothing of it shall stay.
//  4. Send a request to Binding.Received over Binding.Flow when they are set, with Binding.Contact as the Request-URI and
//     Binding.Path as its Route.
//  5. To survive a restart store what Snapshot returns, and Restore it before the first Register.
//  6. Publish Events in the order in which they are returned.
//
// Ownership: a Registrar is safe for use from several goroutines; one lock guards the table and is never held across anything
// that waits. Everything returned is a copy. There is no goroutine and no timer: time is an argument.
//
// It does not send, authenticate, forward third-party REGISTER requests, issue GRUUs, or write to disk.
package registrar
