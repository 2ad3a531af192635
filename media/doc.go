// Package media holds the audio words, and the values that cross the boundary between signalling and the media engine.
//
// The engine takes Commands and gives Events, and nothing else crosses: no pointer is shared, no callback is called, so the
// engine can run in this process or behind a byte pipe in another. Every Command that can fail is answered by exactly one
// Event that names its stream; a stream's events arrive in the order in which they happened.
//
// Obligations of the caller:
//  1. Choose a StreamID that was never used before in this process's life.
//  2. Wait for Opened before putting a port into SDP.
//  3. Send Close exactly once for each Open that was answered by Opened. The port is drained before it is used again.
//  4. Treat every value as immutable once it was given to the engine.
package media
