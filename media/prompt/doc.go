// Package prompt holds the audio that Tandem plays: recorded prompts and music on hold.
//
// A Library is read once from a folder of files and never changes; a new one replaces it whole. Every Prompt is kept in
// memory as G.711 in both laws at 8000 Hz, in whole frames of FrameSize samples, so that playing is a copy and costs
// neither a decode nor a read from disk.
//
// Nouns: a Library holds Prompts; a Prompt is a named piece of audio.
//
// Obligations of the caller:
//  1. Never write to the slices of a Prompt: they are shared by all who play it.
//  2. Look at the error of Load: faulty files are left out.
//
// Ownership: a Library is immutable and may be read by everybody at once.
//
// What it does not do: it does not pace or send anything (the engine does), does not read compressed formats, and does
// not watch the folder: loading again gives a new Library.
package prompt
