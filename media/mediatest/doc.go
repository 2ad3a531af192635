// Package mediatest holds what tests of audio need: a fake engine, tones and their detection, packet scripts, a lossy link
// and a reader of WAV files.
//
// Nouns: Engine is a fake media.Engine that records commands and says the events that a test gives it; Pipe puts any
// engine behind an encoder and a byte pipe; Tone makes samples and Find measures them; Script makes RTP packets; Link
// loses, repeats and reorders them.
//
// Obligations of the caller:
//  1. Close every Engine and every Pipe, or its goroutine stays (a synctest bubble then complains).
//  2. Read Events, as from the real engine: a test that does not gets no Opened.
//  3. Links and scripts are seeded: print the seed where a test fails.
//
// Everything waits on channels or on net.Pipe only, so that it works inside a testing/synctest bubble. Nothing here is meant
// for production, and it may fail loudly (panic) where a test is wrong.
package mediatest
