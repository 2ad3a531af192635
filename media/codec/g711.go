package codec

import (
	"github.com/zaf/g711"

	"tandem/media"
)

// Silence is the code word for zero: what to send where there is nothing to say.
const (
	SilenceU = 0xff // µ-law
	SilenceA = 0xd5 // A-law
)

// The encode tables have 64 K entries each, indexed by the sample, so that they agree with the library for all values.
var (
	encodeU, encodeA [1 << 16]byte
	decodeU, decodeA [256]int16
	uToA, aToU       [256]byte
)

func init() {
	for i := range encodeU {
		encodeU[i] = g711.EncodeUlawFrame(int16(i))
		encodeA[i] = g711.EncodeAlawFrame(int16(i))
	}
	for i := range decodeU {
		decodeU[i] = g711.DecodeUlawFrame(uint8(i))
		decodeA[i] = g711.DecodeAlawFrame(uint8(i))
		uToA[i] = g711.Ulaw2AlawFrame(uint8(i))
		aToU[i] = g711.Alaw2UlawFrame(uint8(i))
	}
}

// Decode turns a frame into samples and returns how many.
func Decode(c media.Codec, dst []int16, frame []byte) int {
	var table *[256]int16
	switch c {
	case media.PCMU:
		table = &decodeU
	case media.PCMA:
		table = &decodeA
	default:
		return 0
	}
	n := min(len(dst), len(frame))
	dst, frame = dst[:n], frame[:n]
	for i, b := range frame {
		dst[i] = table[b]
	}
	return n
}

// Encode turns samples into a frame and returns its size in bytes.
func Encode(c media.Codec, dst []byte, samples []int16) int {
	var table *[1 << 16]byte
	switch c {
	case media.PCMU:
		table = &encodeU
	case media.PCMA:
		table = &encodeA
	default:
		return 0
	}
	n := min(len(dst), len(samples))
	dst, samples = dst[:n], samples[:n]
	for i, s := range samples {
		dst[i] = table[uint16(s)]
	}
	return n
}

// Transcode converts a frame in place (ITU-T G.711 tables 3 and 4) and returns its size; 0 if it cannot.
func Transcode(from, to media.Codec, frame []byte) int {
	var table *[256]byte
	switch {
	case from == to && (from == media.PCMU || from == media.PCMA):
		return len(frame)
	case from == media.PCMU && to == media.PCMA:
		table = &uToA
	case from == media.PCMA && to == media.PCMU:
		table = &aToU
	default:
		return 0
	}
	for i, b := range frame {
		frame[i] = table[b]
	}
	return len(frame)
}

// FillSilence fills a frame with the code word for zero and returns its size; 0 for an unknown codec.
func FillSilence(c media.Codec, frame []byte) int {
	word := byte(SilenceU)
	switch c {
	case media.PCMU:
	case media.PCMA:
		word = SilenceA
	default:
		return 0
	}
	for i := range frame {
		frame[i] = word
	}
	return len(frame)
}
