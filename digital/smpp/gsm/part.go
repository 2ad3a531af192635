package gsm

import (
	"encoding/binary"
	"errors"
)

// Concat is how parts tell that they belong together.
type Concat uint8

// The ways of concatenation.
const (
	Reference8  Concat = iota // user data header, information element 0x00: 153 septets or 67 units in a part
	Reference16               // information element 0x08: 152 or 66
	Sar                       // optional parameters sar_*: 153 or 67, as the SMSC makes a header of them
)

// ErrTooLong means that a text takes more than MaxParts parts.
var ErrTooLong = errors.New("text takes more than 255 parts")

// Part is what one message carries.
type Part struct {
	Header []byte // the user data header with its length octet; empty for a single part and with Sar
	Data   []byte // the text's octets
	Coding Coding
	Ref    uint16
	Index  int // 1 to Total
	Total  int
}

// limits returns the units of a single message and of a part.
func limits(c Coding, how Concat) (single, part int) {
	header := 6
	if how == Reference16 {
		header = 7
	}
	if c == UCS2 {
		return single16, (userData - header) / 2
	}
	return single7, (userData - header) * 8 / 7
}

// Split cuts a text. Neither an escape and its code nor the halves of a surrogate pair are parted.
func Split(s string, ref uint16, how Concat) ([]Part, error) {
	c := Choose(s)
	single, multi := limits(c, how)
	unit := 1
	if c == UCS2 {
		unit = 2
	}
	if whole := Encode(s, c); len(whole) <= single*unit {
		return []Part{{Data: whole, Coding: c, Index: 1, Total: 1}}, nil
	}
	var parts []Part
	var data []byte
	for _, r := range s {
		if len(data)+width(r, c)*unit > multi*unit {
			parts, data = append(parts, Part{Data: data, Coding: c}), nil
		}
		data = appendRune(data, r, c)
	}
	parts = append(parts, Part{Data: data, Coding: c})
	if len(parts) > MaxParts {
		return nil, ErrTooLong
	}
	for i := range parts {
		p := &parts[i]
		p.Ref, p.Index, p.Total = ref, i+1, len(parts)
		p.Header = concatHeader(p, how)
	}
	return parts, nil
}

func concatHeader(p *Part, how Concat) []byte {
	switch how {
	case Reference8:
		p.Ref &= 0xFF
		return []byte{5, 0x00, 3, byte(p.Ref), byte(p.Total), byte(p.Index)}
	case Reference16:
		return []byte{6, 0x08, 4, byte(p.Ref >> 8), byte(p.Ref), byte(p.Total), byte(p.Index)}
	}
	return nil
}

// ErrHeader means that a user data header is broken.
var ErrHeader = errors.New("user data header is broken")

// Header is what a user data header tells. TS 23.040 §9.2.3.24.
type Header struct {
	Ref   uint16
	Wide  bool // the reference has 16 bits
	Total int  // 0: not concatenated
	Index int
}

// CutHeader takes the user data header off a payload. Information elements that are not known are skipped; a concatenation that makes no
// sense (index 0 or above the total) is ignored, as TS 23.040 §9.2.3.24.1 says.
func CutHeader(b []byte) (Header, []byte, error) {
	var h Header
	if len(b) == 0 || int(b[0])+1 > len(b) {
		return h, nil, ErrHeader
	}
	elements, rest := b[1:1+int(b[0])], b[1+int(b[0]):]
	for len(elements) > 0 {
		if len(elements) < 2 || len(elements) < 2+int(elements[1]) {
			return Header{}, nil, ErrHeader
		}
		id, v := elements[0], elements[2:2+int(elements[1])]
		elements = elements[2+len(v):]
		switch {
		case id == 0x00 && len(v) == 3:
			h = Header{Ref: uint16(v[0]), Total: int(v[1]), Index: int(v[2])}
		case id == 0x08 && len(v) == 4:
			h = Header{Ref: binary.BigEndian.Uint16(v), Wide: true, Total: int(v[2]), Index: int(v[3])}
		}
	}
	if h.Index < 1 || h.Index > h.Total {
		h = Header{}
	}
	return h, rest, nil
}
