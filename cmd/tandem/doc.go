// Command tandem is the gateway and its command line in one binary.
//
//	tandem [globals] <noun> <verb> [<name>] [flags]
//
// Nouns: an app is the command tree; streams are what a command reads and writes; a gateway is what serve, demo and
// selftest start. One file per noun; every verb is testable without a process.
//
// Exit codes: 0 done · 1 failed · 2 usage · 4 the configuration is wrong, or not authorised ·
// 5 not found · 6 server unreachable · 130 interrupted.
//
// Data goes to stdout, narration to stderr. Errors have three parts: what, why, and what to do next.
//
// Obligations of a new verb: (1) names that the server knows are completed through app.completes; (2) -o json gives stable
// field names; (3) errors go through the functions of exit.go.
//
// What it does not do: telephony. Rooms do that; wire_*.go introduces them to each other.
package main
