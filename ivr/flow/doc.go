// Package flow reads, checks, formats and draws flow files: what a caller hears, may press, and where the call goes.
// It is pure; package ivr runs what it loads.
//
// Nouns: a Module is one YAML file with named steps; a step does one thing and leaves by one of its named exits; an Expr is
// a typed condition or value; a Dialplan is all modules of a generation with the numbers that lead to them; a World is
// what exists outside: prompts, queues, endpoints.
//
// Every exit must lead somewhere: by the step's own exits (or then, for its ordinary exit), by a wider exit (busy → failed),
// or by the module's exits. Faults of a step go to its error exit, else to the module's on_error, else to the emergency
// flow of package ivr. Every cycle must pass a step that waits for the outside.
//
// Obligations of the caller:
//  1. Load all modules of a generation together; run the Dialplan only if the faults have no errors.
//  2. Treat a loaded Dialplan as immutable: it may then be shared by any number of calls.
//  3. Give a World with everything that will exist when calls run; a nil Lookup is not checked.
//
// What it does not do: read files, run steps, play or route anything.
package flow
