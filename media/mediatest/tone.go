package mediatest

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"time"

	"tandem/media"
	"tandem/media/codec"
)

// Rate is that of all samples here, in Hz.
const Rate = 8000

// Tone makes samples of one or two sines (hz2 0: one), each at level dBm0.
func Tone(hz1, hz2, level float64, length time.Duration) []int16 {
	out := make([]int16, int(length*Rate/time.Second))
	peak := codec.Amplitude(level)
	for i := range out {
		t := 2 * math.Pi * float64(i) / Rate
		v := peak * math.Sin(t*hz1)
		if hz2 != 0 {
			v += peak * math.Sin(t*hz2)
		}
		out[i] = int16(math.Round(max(min(v, 32767), -32768)))
	}
	return out
}

// Find measures the level of one frequency in samples, in dBm0 (a Goertzel filter over all of them; its width is
// 8000/len(samples) Hz). A sine of Tone is found at its level, within 0.1 dB if whole periods fit.
func Find(samples []int16, hz float64) float64 {
	if len(samples) == 0 {
		return codec.Floor
	}
	w := 2 * math.Pi * hz / Rate
	k := 2 * math.Cos(w)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+k*s1-s2, s1
	}
	n := float64(len(samples))
	return codec.LevelOf(2 * (s1*s1 + s2*s2 - k*s1*s2) / (n * n))
}

// FindInFrame measures one frequency in a G.711 frame.
func FindInFrame(c media.Codec, frame []byte, hz float64) float64 {
	samples := make([]int16, len(frame))
	return Find(samples[:codec.Decode(c, samples, frame)], hz)
}

// Frames encodes samples into frames of size samples each; the rest of the last is silence.
func Frames(c media.Codec, samples []int16, size int) [][]byte {
	var out [][]byte
	for len(samples) > 0 {
		frame := make([]byte, size)
		codec.FillSilence(c, frame)
		n := codec.Encode(c, frame, samples)
		samples = samples[n:]
		out = append(out, frame)
	}
	return out
}

// WAV is a sound file in memory.
type WAV struct {
	Rate     int
	Channels [][]int16 // one for each channel
}

var errWAV = errors.New("mediatest: not a WAV file that can be read")

// ReadWAV reads a file with 16-bit PCM, A-law or µ-law. A size in the header beyond the file's end, as of a recording that
// still runs, is cut to what is there.
func ReadWAV(path string) (*WAV, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseWAV(b)
}

// ParseWAV is ReadWAV on bytes.
func ParseWAV(b []byte) (*WAV, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, errWAV
	}
	var form []byte
	for b = b[12:]; len(b) >= 8; {
		name, size := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:]))
		body := b[8:min(8+size, len(b))]
		switch {
		case name == "fmt " && len(body) >= 16:
			form = body
		case name == "data" && form != nil:
			return readWAVData(form, body)
		}
		b = b[min(8+size+size%2, len(b)):]
	}
	return nil, errWAV
}

func readWAVData(form, data []byte) (*WAV, error) {
	kind, channels := binary.LittleEndian.Uint16(form), int(binary.LittleEndian.Uint16(form[2:]))
	bits := binary.LittleEndian.Uint16(form[14:])
	if channels < 1 || channels > 8 {
		return nil, errWAV
	}
	var flat []int16
	switch {
	case kind == 1 && bits == 16:
		flat = make([]int16, len(data)/2)
		for i := range flat {
			flat[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
	case kind == 6 || kind == 7:
		flat = make([]int16, len(data))
		c := media.PCMA
		if kind == 7 {
			c = media.PCMU
		}
		codec.Decode(c, flat, data)
	default:
		return nil, errWAV
	}
	w := &WAV{Rate: int(binary.LittleEndian.Uint32(form[4:])), Channels: make([][]int16, channels)}
	for i, s := range flat[:len(flat)/channels*channels] {
		w.Channels[i%channels] = append(w.Channels[i%channels], s)
	}
	return w, nil
}
