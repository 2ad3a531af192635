// Package health answers /healthz, /readyz and /metrics.
//
// Nouns: a Check is a named question, nil for yes; Handler asks all of them for each request to /readyz.
//
// Obligations of the caller: (1) a Check returns at once, from values that others keep; (2) serve the handler on an address
// that only the operator reaches, or behind the API's door.
//
// Ownership: none; the checks and the registry belong to the caller.
//
// What it does not do: listen, or mend anything.
package health
