// Package control is the door between the tandem command and a running gateway: HTTP and JSON over a unix socket that only
// the user who runs the gateway, and root, may use.
//
// Nouns: a Backend is the running gateway; Server offers it on the socket; Client is the command's side; the other structs
// are views: what is shown, with stable JSON names.
//
// Obligations of the caller:
//  1. Give Listen a path in a folder that others cannot write to.
//  2. Run Server.Serve in one goroutine and end it with Close.
//  3. Wrap ErrNotFound, ErrConflict or ErrInvalid where a Backend refuses; any other error is an internal one.
//
// Ownership: the server owns the socket file and removes it at Close; a socket file nobody answers on is replaced.
//
// What it does not do: serve the network. Remote administration goes through the HTTP API.
package control
