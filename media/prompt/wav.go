package prompt

import "encoding/binary"

// WAV, as far as it is read here: "RIFF" size "WAVE", then chunks of {4-byte name, 4-byte little-endian size, data, pad to
// even}. The chunk "fmt " must come before "data".
const (
	wavPCM        = 1
	wavExtensible = 0xFFFE
)

// parseWAV gives the samples at 8000 Hz. A data chunk that claims more than there is ends with the file, so that a
// recording that was cut off still plays.
func parseWAV(data []byte) ([]int16, error) {
	if len(data) < 12 || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, ErrFormat
	}
	rate := 0
	for rest := data[12:]; len(rest) >= 8; {
		name, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:8]))
		body := rest[8:]
		if size > int64(len(body)) {
			size = int64(len(body))
		}
		body = body[:size]
		switch name {
		case "fmt ":
			if rate = wavRate(body); rate == 0 {
				return nil, ErrFormat
			}
		case "data":
			return wavSamples(body, rate)
		}
		rest = rest[8+size:]
		if size%2 == 1 && len(rest) > 0 {
			rest = rest[1:]
		}
	}
	return nil, ErrFormat
}

// wavRate reads a fmt chunk; it is 0 for anything but mono PCM16 at 8 or 16 kHz.
func wavRate(b []byte) int {
	if len(b) < 16 {
		return 0
	}
	tag := binary.LittleEndian.Uint16(b)
	channels, bits := binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint16(b[14:])
	rate := int(binary.LittleEndian.Uint32(b[4:]))
	if (tag != wavPCM && tag != wavExtensible) || channels != 1 || bits != 16 || (rate != Rate && rate != 2*Rate) {
		return 0
	}
	return rate
}

func wavSamples(b []byte, rate int) ([]int16, error) {
	if rate == 0 {
		return nil, ErrFormat
	}
	pcm := make([]int16, len(b)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
	}
	if rate == 2*Rate {
		pcm = halve(pcm)
	}
	return pcm, nil
}
