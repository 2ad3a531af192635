// Package record writes calls to disk: stereo WAV files at 8000 Hz, one side of the call on each channel.
//
// A worker of the engine pushes what a peer says into a Tap, which is a bounded ring and never waits. One goroutine per
// disk drains the rings of all its recordings five times a second, puts both sides in place on one time line, and appends
// whole blocks to the files. The header is put right every few seconds, so that a file plays even if the process was
// killed; Repair puts right what is left.
//
// Nouns: a Recorder has disks; a Recording has two Taps, Left and Right; a Report tells that a recording began or ended.
//
// Obligations of the caller:
//  1. Run Recorder.Serve, and read Reports until it is closed.
//  2. Push into one Tap from one goroutine at a time.
//  3. End every Recording. After Serve has ended all are ended.
//  4. Call Repair for files that an earlier life of the process may have left.
//
// Ownership: a Tap's writing end belongs to the pusher, its reading end and the file to the disk's goroutine. Recordings
// are bounded in number and length; what a slow disk cannot take is dropped at the ring and counted.
//
// What it does not do: no encryption, no compression, no removal of old files, no making of folders.
package record
