// Package accesstest is the suite that every implementation of access.Documents passes.
//
// Obligations of the caller: give an empty set of documents at each call.
//
// What it does not do: try what a crash leaves; the store's own suite does.
package accesstest
