package rtp

import "encoding/binary"

// Parse replaces c by what b says. It checks what RFC 3550 A.2 asks, except that it also takes a lone report without SDES
// (RFC 5506). Packets of other types are skipped. c is not meaningful after an error.
func (c *Compound) Parse(b []byte) error {
	*c = Compound{}
	if len(b) == 0 {
		return ErrShort
	}
	for first := true; len(b) > 0; first = false {
		if len(b) < 4 {
			return ErrShort
		}
		if b[0]>>6 != 2 {
			return ErrVersion
		}
		size := 4 * (1 + int(binary.BigEndian.Uint16(b[2:])))
		if size > len(b) {
			return ErrShape
		}
		if first && b[1] != typeSR && b[1] != typeRR {
			return ErrType
		}
		body, err := unpad(b[:size], size == len(b))
		if err != nil {
			return err
		}
		if err := c.part(b[1], int(b[0]&0x1f), body); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// unpad gives the body of one packet without header word and padding, which only the last may have.
func unpad(b []byte, last bool) ([]byte, error) {
	body := b[4:]
	if b[0]&0x20 == 0 {
		return body, nil
	}
	if !last || len(body) == 0 {
		return nil, ErrPadding
	}
	pad := int(body[len(body)-1])
	if pad == 0 || pad%4 != 0 || pad > len(body) {
		return nil, ErrPadding
	}
	return body[:len(body)-pad], nil
}

func (c *Compound) part(kind uint8, count int, body []byte) error {
	switch kind {
	case typeSR, typeRR:
		return c.report(kind == typeSR, count, body)
	case typeSDES:
		if count > 0 {
			return c.sdes(body)
		}
	case typeBYE:
		return c.bye(count, body)
	}
	return nil
}

func (c *Compound) report(sender bool, count int, body []byte) error {
	head := 4
	if sender {
		head = 24
	}
	if len(body) < head+24*count {
		return ErrShape
	}
	c.SSRC = binary.BigEndian.Uint32(body)
	if sender {
		c.Sender = true
		c.NTP = NTP(binary.BigEndian.Uint64(body[4:]))
		c.RTP = binary.BigEndian.Uint32(body[12:])
		c.Packets = binary.BigEndian.Uint32(body[16:])
		c.Octets = binary.BigEndian.Uint32(body[20:])
	}
	for i := 0; i < count && c.Count < MaxBlocks; i++ {
		c.Blocks[c.Count] = readBlock(body[head+24*i:])
		c.Count++
	}
	return nil
}

func readBlock(b []byte) Block {
	lost := binary.BigEndian.Uint32(b[4:])
	return Block{
		SSRC:     binary.BigEndian.Uint32(b),
		Fraction: uint8(lost >> 24),
		Lost:     int32(lost<<8) >> 8,
		Highest:  binary.BigEndian.Uint32(b[8:]),
		Jitter:   binary.BigEndian.Uint32(b[12:]),
		LastSR:   binary.BigEndian.Uint32(b[16:]),
		Delay:    binary.BigEndian.Uint32(b[20:]),
	}
}

// sdes reads the CNAME of the first chunk (RFC 3550 §6.5).
func (c *Compound) sdes(body []byte) error {
	if len(body) < 4 {
		return ErrShape
	}
	for b := body[4:]; len(b) > 0 && b[0] != 0; {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return ErrShape
		}
		if b[0] == 1 && c.CNAME == nil {
			c.CNAME = b[2 : 2+int(b[1])]
		}
		b = b[2+int(b[1]):]
	}
	return nil
}

func (c *Compound) bye(count int, body []byte) error {
	if len(body) < 4*count {
		return ErrShape
	}
	c.Bye = true
	if rest := body[4*count:]; len(rest) > 0 {
		if 1+int(rest[0]) > len(rest) {
			return ErrShape
		}
		c.Reason = rest[1 : 1+int(rest[0])]
	}
	return nil
}
