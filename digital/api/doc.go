// Package api is the HTTP API /v1: what integrators, the command line and pages ask and command, documented by its own types (OpenAPI 3.1).
//
// Nouns: Rooms are the small interfaces behind the resources, one method for each route; a row of the route table says who may do what;
// a Problem (package access) is every error's answer; a Page is a part of a list, gone through by cursors.
//
//	request ─ access.Keeper.Wrap ─ Server: row ─ role, scope ─ Idempotency-Key ─ huma: parse, validate ─ handler ─ one method of a room
//
// Obligations of the caller:
//  1. The Server stands behind access.Keeper.Wrap with Areas among its areas.
//  2. Rooms give values that nobody changes afterwards, and errors of errors.go where the asker can do something about it.
//  3. Documents outlive the process, or a key that was used before a restart has its effect again.
//
// Ownership: a Server is immutable after New and may be used from any goroutine.
//
// A POST with an Idempotency-Key has its effect once in 24 hours: the same request again is answered by the first result, another one with
// the same key is refused. What a crash cut off is answered by 409: whether it had an effect is for the asker to see.
//
// What it does not do: prove who asks (access), order or keep events (feed), deliver webhooks (webhook), anything a room should do.
package api
