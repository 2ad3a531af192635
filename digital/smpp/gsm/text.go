package gsm

import (
	"encoding/binary"
	"unicode/utf16"
)

// Coding is a data_coding value. SMPP 3.4 §5.2.19.
type Coding uint8

// The codings that are read; Default and UCS2 are also written.
const (
	Default Coding = 0x00 // the SMSC's alphabet, as a rule GSM 7 bit in octets
	ASCII   Coding = 0x01
	Binary2 Coding = 0x02
	Latin1  Coding = 0x03
	Binary4 Coding = 0x04
	UCS2    Coding = 0x08
)

// Sizes of a message. TS 23.038 §4, TS 23.040 §9.2.3.24.1.
const (
	single7   = 160 // septets
	single16  = 70  // UTF-16 units
	userData  = 140 // octets
	MaxParts  = 255
	LongestIn = 64 << 10 // octets of a text that Decode takes
)

// Choose returns the smallest coding that holds s.
func Choose(s string) Coding {
	if fits(s) {
		return Default
	}
	return UCS2
}

// Encode prints s in a coding. A rune that the default alphabet lacks becomes a question mark.
func Encode(s string, c Coding) []byte {
	var out []byte
	for _, r := range s {
		out = appendRune(out, r, c)
	}
	return out
}

func appendRune(out []byte, r rune, c Coding) []byte {
	if c == UCS2 {
		if a, b := utf16.EncodeRune(r); a != '\uFFFD' {
			return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(out, uint16(a)), uint16(b))
		}
		return binary.BigEndian.AppendUint16(out, uint16(r))
	}
	next, ok := septets(out, r)
	if !ok {
		return append(out, 0x3F)
	}
	return next
}

// Decode reads the octets of a text without user data header. Binary codings and unknown ones are read as Latin-1, so that nothing is
// lost. A trailing odd octet of UCS-2 is dropped.
func Decode(b []byte, c Coding) string {
	if len(b) > LongestIn {
		b = b[:LongestIn]
	}
	switch alphabet(c) {
	case UCS2:
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(units))
	case Default:
		return decodeSeptets(b)
	}
	runes := make([]rune, len(b))
	for i, o := range b {
		runes[i] = rune(o)
	}
	return string(runes)
}

// alphabet maps message class values (0xF0 to 0xFF) and the general group (0x00 to 0x3F with bits) onto the three alphabets. TS 23.038 §4.
func alphabet(c Coding) Coding {
	switch {
	case c&0xF0 == 0xF0 && c&0x04 == 0:
		return Default
	case c&0xF0 == 0xF0:
		return Binary4
	case c&0xF0 == 0x10: // general group with a class
		switch c & 0x0C {
		case 0x00:
			return Default
		case 0x08:
			return UCS2
		}
		return Binary4
	case c == Default:
		return Default
	case c == UCS2:
		return UCS2
	}
	return Latin1
}

// Count is what a writer is shown while typing.
type Count struct {
	Coding   Coding
	Units    int // septets or UTF-16 units
	Segments int
	Left     int // units that still fit in the last segment
}

// Measure counts the messages that s takes when it is cut with 8 bit references. An empty text takes one.
func Measure(s string) Count {
	c := Count{Coding: Choose(s), Segments: 1}
	single, multi := limits(c.Coding, Reference8)
	inLast, units := 0, 0
	segments := 1
	for _, r := range s {
		n := width(r, c.Coding)
		units += n
		if inLast+n > multi {
			segments++
			inLast = 0
		}
		inLast += n
	}
	c.Units = units
	if units <= single {
		c.Left = single - units
		return c
	}
	c.Segments, c.Left = segments, multi-inLast
	return c
}

// width returns the units a rune takes.
func width(r rune, c Coding) int {
	if c == UCS2 {
		if r > 0xFFFF {
			return 2
		}
		return 1
	}
	if _, ok := extending[r]; ok {
		return 2
	}
	return 1
}
