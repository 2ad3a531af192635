// Package access is the one HTTP door: who may come in, as whom, how often and with what.
//
// Nouns: a User has a Role and a password; an API token stands for an integrator or a script; a session is a browser that signed in,
// by password or by a one-time link; a Principal is who a request is proven to be; an Area is a part of the URL space with its own rules;
// a Keeper holds all of it; Documents is where it keeps things.
//
//	request ─ Keeper.Wrap: id, log, recover ─ headers ─ address rate ─ origin ─ body limit ─ authenticate ─ token rate ─ CSRF ─ area's roles ─► handler
//
// Obligations of the caller:
//  1. Every handler of the house stands behind Wrap; From tells it who asks. What Wrap did not see has no Principal.
//  2. Areas name every prefix that needs no proof. All others need one.
//  3. Documents.Put is durable when it returns, and compares and sets.
//  4. Config.Secure is true when people reach the door by TLS, also where a proxy ends it; Config.Proxies names proxies whose X-Forwarded-For
//     is believed.
//  5. Nobody puts secrets into paths but below an area with Secret.
//
// Ownership: a Keeper may be used from any goroutine. Its locks guard one look-up each; password hashing waits for a slot,
// under no lock but that of the one user whose password is compared with the configured one.
//
// Secrets (tokens, session ids, links, passwords) are kept hashed, shown once and never logged. A session ends when its user is changed.
//
// What it does not do: serve, choose certificates, know what routes mean (package api has a table of roles for its own), prove SIP endpoints.
package access
