// Package journey holds the nouns that every room shares: who the customer is, what matter is being dealt with, what
// happened in it and over which channel. It imports the standard library only and holds no behaviour beyond validation.
//
// A Customer has Identities. A Record is one matter of one customer, over all channels. An Interaction is one call, chat,
// SMS thread or callback in a record. An Event is one line of a record's timeline; seq is gapless per record.
//
// What it does not do: store anything (see package store), route anything (see acd).
package journey
