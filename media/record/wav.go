package record

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"

	"tandem/media"
	"tandem/media/codec"
)

// The header of our files, little-endian. A µ-law file has the two extra bytes and the fact chunk that its tag asks for.
//
//	0 "RIFF" · 4 size of all that follows · 8 "WAVE"
//	12 "fmt " · 16 18 · 20 tag · 22 channels · 24 rate · 28 bytes/s · 32 bytes per moment · 34 bits · 36 0
//	38 "fact" · 42 4 · 46 moments
//	50 "data" · 54 size of the data · 58 data
const headerSize = 58

const (
	tagPCM  = 1
	tagUlaw = 7
)

// momentSize is the bytes of one sample of both channels.
func (c Coding) momentSize() int64 {
	if c == Ulaw {
		return 2
	}
	return 4
}

// header makes the header of a file with so much data.
func header(c Coding, data int64) []byte {
	le := binary.LittleEndian
	tag, moment := uint16(tagPCM), c.momentSize()
	if c == Ulaw {
		tag = tagUlaw
	}
	h := make([]byte, 0, headerSize)
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, uint32(headerSize-8+data))
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 18)
	h = le.AppendUint16(h, tag)
	h = le.AppendUint16(h, 2)
	h = le.AppendUint32(h, Rate)
	h = le.AppendUint32(h, uint32(Rate*moment))
	h = le.AppendUint16(h, uint16(moment))
	h = le.AppendUint16(h, uint16(moment*8/2))
	h = le.AppendUint16(h, 0)
	h = append(h, "fact"...)
	h = le.AppendUint32(h, 4)
	h = le.AppendUint32(h, uint32(data/moment))
	h = append(h, "data"...)
	return le.AppendUint32(h, uint32(data))
}

// Repair puts right the header of a recording whose writer was killed: it cuts a torn last moment off and writes the
// sizes that the file really has. Repairing a whole file changes nothing. The error wraps ErrNotOurs for other files.
func Repair(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	var h [headerSize]byte
	n, err := io.ReadFull(f, h[:])
	if err != nil && n < headerSize {
		return fmt.Errorf("%w: %s: %d bytes", ErrNotOurs, path, n)
	}
	coding, ok := codingOf(h[:])
	if !ok {
		return fmt.Errorf("%w: %s", ErrNotOurs, path)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	data := info.Size() - headerSize
	if torn := data % coding.momentSize(); torn != 0 {
		data -= torn
		if err := f.Truncate(headerSize + data); err != nil {
			return err
		}
	}
	if _, err := f.WriteAt(header(coding, data), 0); err != nil {
		return err
	}
	return f.Close()
}

// codingOf recognises our own headers.
func codingOf(h []byte) (Coding, bool) {
	for _, c := range []Coding{PCM16, Ulaw} {
		want := header(c, 0)
		if string(h[:4]) == "RIFF" && string(h[8:42]) == string(want[8:42]) && string(h[50:54]) == "data" {
			return c, true
		}
	}
	return 0, false
}

// ulawOf codes one sample.
func ulawOf(v int16) byte {
	in, out := [1]int16{v}, [1]byte{}
	codec.Encode(media.PCMU, out[:], in[:])
	return out[0]
}
