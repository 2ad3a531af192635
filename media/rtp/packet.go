package rtp

import "encoding/binary"

// HeaderSize is the size of a header without CSRC list and extension, in bytes.
const HeaderSize = 12

// Packet is a checked view of one RTP packet (RFC 3550 §5.1). The zero value is not usable; see Parse.
//
//	 0                   1                   2                   3
//	|V=2|P|X|  CC   |M|     PT      |       sequence number         |
//	|                           timestamp                           |
//	|           synchronization source (SSRC) identifier            |
//	|            contributing source (CSRC) identifiers ...         |
//	|  extension profile            | extension length in words     | ...
type Packet struct {
	buf        []byte
	start, end int // of the payload
}

// Parse checks b and gives a view of it. The payload may be empty. Nothing is copied.
func Parse(b []byte) (Packet, error) {
	if len(b) < HeaderSize {
		return Packet{}, ErrShort
	}
	if b[0]>>6 != 2 {
		return Packet{}, ErrVersion
	}
	start, end := HeaderSize+4*int(b[0]&0x0f), len(b)
	if b[0]&0x10 != 0 {
		if start+4 > end {
			return Packet{}, ErrShape
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	if start > end {
		return Packet{}, ErrShape
	}
	if b[0]&0x20 != 0 {
		pad := int(b[end-1])
		if pad == 0 || start+pad > end {
			return Packet{}, ErrPadding
		}
		end -= pad
	}
	return Packet{buf: b, start: start, end: end}, nil
}

// IsRTCP tells RTCP from RTP where both share a port (RFC 5761 §4): the second byte is 192 to 223.
func IsRTCP(b []byte) bool { return len(b) >= 2 && b[0]>>6 == 2 && b[1] >= 192 && b[1] <= 223 }

// Bytes is the whole packet, padding included.
func (p Packet) Bytes() []byte { return p.buf }

// Payload is the audio or event, without padding.
func (p Packet) Payload() []byte { return p.buf[p.start:p.end] }

// Marker is the M bit: the first packet of a talk spurt or of an event.
func (p Packet) Marker() bool { return p.buf[1]&0x80 != 0 }

// PayloadType is 0–127.
func (p Packet) PayloadType() uint8 { return p.buf[1] & 0x7f }

// Sequence wraps at 2^16.
func (p Packet) Sequence() uint16 { return binary.BigEndian.Uint16(p.buf[2:]) }

// Timestamp counts samples and wraps at 2^32.
func (p Packet) Timestamp() uint32 { return binary.BigEndian.Uint32(p.buf[4:]) }

// SSRC names the source.
func (p Packet) SSRC() uint32 { return binary.BigEndian.Uint32(p.buf[8:]) }

// CSRC is the i-th contributing source, 0 ≤ i < CSRCs().
func (p Packet) CSRC(i int) uint32 {
	if i < 0 || i >= p.CSRCs() {
		return 0
	}
	return binary.BigEndian.Uint32(p.buf[HeaderSize+4*i:])
}

// CSRCs is the number of contributing sources, 0–15.
func (p Packet) CSRCs() int { return int(p.buf[0] & 0x0f) }

// Extension gives the profile word and the data of a header extension (RFC 3550 §5.3.1); data is nil without one.
func (p Packet) Extension() (profile uint16, data []byte) {
	if p.buf[0]&0x10 == 0 {
		return 0, nil
	}
	at := HeaderSize + 4*p.CSRCs()
	return binary.BigEndian.Uint16(p.buf[at:]), p.buf[at+4 : p.start]
}

// Header is what we choose for a packet that we send. CSRC list, extension and padding are never ours.
type Header struct {
	Marker      bool
	PayloadType uint8 // 0–127
	Sequence    uint16
	Timestamp   uint32
	SSRC        uint32
}

// Header reads the fields that Rewrite replaces.
func (p Packet) Header() Header {
	return Header{p.Marker(), p.PayloadType(), p.Sequence(), p.Timestamp(), p.SSRC()}
}

// Rewrite replaces the fields in place; CSRC list, extension, payload and padding stay as they came.
func (p Packet) Rewrite(h Header) { h.put(p.buf) }

// Put writes a plain header of HeaderSize bytes to the front of b, which must have that many, and returns HeaderSize.
func (h Header) Put(b []byte) int {
	b[0] = 0x80
	h.put(b)
	return HeaderSize
}

func (h Header) put(b []byte) {
	_ = b[HeaderSize-1]
	b[1] = h.PayloadType & 0x7f
	if h.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], h.Sequence)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	binary.BigEndian.PutUint32(b[8:], h.SSRC)
}

// Strip moves the payload behind a plain header at the front of the buffer, so that CSRC list, extension and padding are
// gone, and gives the shorter packet. The view p must not be used afterwards.
func (p Packet) Strip() Packet {
	n := copy(p.buf[HeaderSize:], p.Payload())
	p.buf[0] = 0x80
	return Packet{buf: p.buf[:HeaderSize+n], start: HeaderSize, end: HeaderSize + n}
}
