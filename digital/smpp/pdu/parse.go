package pdu

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// Reader cuts a stream into PDUs. Owned by one goroutine.
type Reader struct {
	in    *bufio.Reader
	limit int
}

// NewReader returns a Reader that refuses PDUs of more than limit octets; 0 means MaxPDU.
func NewReader(r io.Reader, limit int) *Reader {
	if limit < HeaderSize || limit > MaxPDU {
		limit = MaxPDU
	}
	return &Reader{in: bufio.NewReaderSize(r, 4096), limit: limit}
}

// Next returns the next PDU. The error is a *Fault (go on), ErrLength (close) or the stream's own; io.EOF only between PDUs.
func (r *Reader) Next() (PDU, error) {
	var head [HeaderSize]byte
	if _, err := io.ReadFull(r.in, head[:4]); err != nil {
		return PDU{}, err
	}
	size := binary.BigEndian.Uint32(head[:4])
	if size < HeaderSize || uint64(size) > uint64(r.limit) {
		return PDU{}, fmt.Errorf("%w: %d", ErrLength, size)
	}
	if _, err := io.ReadFull(r.in, head[4:]); err != nil {
		return PDU{}, unexpected(err)
	}
	body := make([]byte, size-HeaderSize)
	if _, err := io.ReadFull(r.in, body); err != nil {
		return PDU{}, unexpected(err)
	}
	return decode(head, body)
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Parse reads one PDU that fills b.
func Parse(b []byte) (PDU, error) {
	if len(b) < HeaderSize || len(b) > MaxPDU || binary.BigEndian.Uint32(b) != uint32(len(b)) {
		return PDU{}, fmt.Errorf("%w: %d", ErrLength, len(b))
	}
	body := make([]byte, len(b)-HeaderSize)
	copy(body, b[HeaderSize:])
	return decode([HeaderSize]byte(b[:HeaderSize]), body)
}

// decode takes ownership of octets.
func decode(head [HeaderSize]byte, octets []byte) (PDU, error) {
	p := PDU{
		Command:  Command(binary.BigEndian.Uint32(head[4:])),
		Status:   Status(binary.BigEndian.Uint32(head[8:])),
		Sequence: binary.BigEndian.Uint32(head[12:]),
	}
	p.Body = newBody(p.Command)
	if p.Body == nil {
		return p, nil // what follows a header that needs no body is skipped: some peers pad
	}
	if p.Command.IsResponse() && len(octets) == 0 {
		return p, nil // a refusal may come without a body, and some acknowledge so
	}
	c := &cursor{left: octets}
	p.Body.parse(c)
	if c.status != OK {
		return p, &Fault{Command: p.Command, Sequence: p.Sequence, Status: c.status, Reason: c.reason}
	}
	return p, nil
}

// cursor walks over a body; the first fault stays.
type cursor struct {
	left   []byte
	status Status
	reason string
}

func (c *cursor) fail(s Status, reason string) {
	if c.status == OK {
		c.status, c.reason = s, reason
	}
	c.left = nil
}

func (c *cursor) octet(field string) uint8 {
	if len(c.left) == 0 {
		c.fail(InvalidCommandLen, field+" is missing")
		return 0
	}
	b := c.left[0]
	c.left = c.left[1:]
	return b
}

// text reads a C octet string of at most size octets without its end mark.
func (c *cursor) text(field string, size int) string {
	for i, b := range c.left {
		if b == 0 {
			s := string(c.left[:i])
			c.left = c.left[i+1:]
			return s
		}
		if i >= size {
			break
		}
	}
	c.fail(InvalidCommandLen, field+" has no end")
	return ""
}

func (c *cursor) octets(field string, n int) []byte {
	if n > len(c.left) {
		c.fail(InvalidLength, field+" is cut short")
		return nil
	}
	if n == 0 {
		return nil
	}
	v := c.left[:n:n]
	c.left = c.left[n:]
	return v
}

func (c *cursor) address(field string) Address {
	return Address{TON: c.octet(field + " ton"), NPI: c.octet(field + " npi"), Number: c.text(field, 20)}
}

func (c *cursor) tlvs() TLVs {
	var out TLVs
	for len(c.left) > 0 {
		if len(c.left) < 4 || len(out) == MaxTLVs {
			c.fail(InvalidTLVStream, "optional parameters are broken")
			return nil
		}
		tag, n := Tag(binary.BigEndian.Uint16(c.left)), int(binary.BigEndian.Uint16(c.left[2:]))
		c.left = c.left[4:]
		if n > len(c.left) {
			c.fail(InvalidTLVStream, "an optional parameter is cut short")
			return nil
		}
		out = append(out, TLV{tag, c.left[:n:n]})
		c.left = c.left[n:]
	}
	return out
}
