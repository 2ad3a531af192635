// Package trunk holds what is known of a configured carrier or PBX: how it is reached and recognised, whether it answers, how
// many calls it may carry, and how numbers and callers look on it. RFC 3261 §10.2 and §22, RFC 2782 (order of targets),
// RFC 3325 (caller identity), RFC 5626 §4.5 (back-off).
//
// Nouns: a Trunk is a validated Config with its live figures; a Target is one address of it; Health says whether a target answers; a
// Registration is our outbound REGISTER; a Pinger times OPTIONS; a Number is a telephone number in all its forms; a Set holds all
// trunks and recognises requests.
//
// Obligations of the caller:
//  1. Call Config.Validate and show all its faults; New refuses a Config that has any.
//  2. Acquire before a call is set up in either direction, Release exactly once when it is over.
//  3. Report the outcome of every INVITE and OPTIONS; a target that nobody reports on stays as it was.
//  4. Drive each Registration and Pinger from one goroutine: Step with Tick at Deadline, perform the effects in order, hand
//     answers back. Via, User-Agent and the destination socket are the owner's business.
//  5. Resolve Target.Host by RFC 3263; the trunk orders configured targets only.
//  6. Publish HealthChanged and RegistrationChanged values; the room does not log.
//
// Ownership: Trunk and Set are safe for use from several goroutines; Registration and Pinger belong to one. No goroutine, no timer,
// no socket: time and randomness are arguments.
//
// It does not send, resolve names, choose codecs (their names are handed on) or decide routes.
package trunk
