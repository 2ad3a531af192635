// Package cdr makes call detail records out of a record's events and writes them to a file.
//
// Nouns: a CDR is one call; Fold is the pure function from events to CDRs; a Format turns a CDR into a line (JSON, CSV, or
// the 18 columns of Asterisk's Master.csv); a File writes lines, rotates by size and keeps a number of old files; a Writer does all
// that for each call that ends, and does not give up.
//
//	ended call ─► Writer: timeline ─► Fold ─► CDR ─► Format ─► File
//
// Obligations of the caller:
//  1. Give Fold all events of an interaction, in order of Seq. Events of other interactions may lie between them.
//  2. Write a CDR once, when its call ended. The file is for others to read: the timeline stays the truth.
//  3. Call Ended for a call whose end is durable; keep in mind, durably, which ones, until safe tells that their lines are, and call Ended
//     again after a crash for those that Find does not find.
//  4. Use a File from one goroutine; a Writer from as many as you like.
//
// Ownership: File owns its descriptor and the names beside it (tandem.jsonl, tandem.jsonl.1, …).
//
// What it does not do: bill, or remember across lives which calls ended without a line.
package cdr
