// Package say turns values into the names of recorded clips: numbers, digits, durations, times of day, places in a line
// and waiting times. It is pure; the rules of a language are one table (english.go).
//
// Nouns: a Kind names how a value is spoken; a clip is the name of a recorded prompt, such as "digits/7".
//
// Obligations of the caller: (1) have every clip of Needs recorded; (2) speak the clips in order, without a gap.
//
// What it does not do: synthesize speech, choose a language by itself, or speak texts.
package say
