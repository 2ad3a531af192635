// Package codec converts G.711 frames: decode, encode, transcode and level, without allocating.
//
// Nouns: a frame is the payload of one packet, usually 160 bytes for 20 ms at 8 kHz; samples are linear 16-bit PCM at 8 kHz;
// level is the mean power in dBm0.
//
// Obligations of the caller:
//  1. Give destinations of at least the source's length; the shorter of both is converted.
//  2. Use PCMU and PCMA only: for any other codec nothing is converted and 0 is returned.
//
// All functions are pure and safe to use from any goroutine; the tables are filled once, when the program starts, from
// zaf/g711, so every value is that library's. There is no resampling and no packet-loss concealment.
package codec
