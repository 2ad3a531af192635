// Package dtmf turns key presses into packets, tones and INFO bodies, and back (RFC 4733, ITU-T Q.23 and Q.24).
//
// Nouns: a Press is one key held for some time; Receiver and Sender step through telephone-event packets; Detector and
// Generator step through samples; DualTone makes one or two sines.
//
// Obligations of the caller:
//  1. Each stepper belongs to one goroutine. Nothing here has a clock: give the time, or call once per frame.
//  2. Call Receiver.Expire about every 20–50 ms while Receiver.Active, or a lost end packet delays a press until the next.
//  3. Reset the Receiver when the SSRC of the source changes.
//  4. Use the PEER's payload type for packets from Sender, and give Receiver only packets with OURS.
//
// Steppers append to a slice that is handed in, so that nothing is allocated where it has room for two presses.
// Clock rate is 8000 Hz throughout. Signals other than DTMF and flash are ignored.
package dtmf
