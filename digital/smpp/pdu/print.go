package pdu

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// Append prints p behind b. The error wraps ErrValue and names the field that does not fit; b is then returned as it was.
func Append(b []byte, p PDU) ([]byte, error) {
	w := &printer{out: b}
	start := len(b)
	w.out = append(w.out, make([]byte, HeaderSize)...)
	if p.Body != nil && !refusal(p) {
		p.Body.print(w)
	}
	size := len(w.out) - start
	if w.err == nil && size > MaxPDU {
		w.fail("command_length")
	}
	if w.err != nil {
		return b, fmt.Errorf("%s: %w", p.Command, w.err)
	}
	head := w.out[start:]
	binary.BigEndian.PutUint32(head, uint32(size))
	binary.BigEndian.PutUint32(head[4:], uint32(p.Command))
	binary.BigEndian.PutUint32(head[8:], uint32(p.Status))
	binary.BigEndian.PutUint32(head[12:], p.Sequence)
	return w.out, nil
}

// refusal says whether p is an answer that goes without its body. SMPP 3.4 §4.1.2, §4.4.2.
func refusal(p PDU) bool {
	if p.Status == OK || !p.Command.IsResponse() {
		return false
	}
	switch body := p.Body.(type) {
	case *BindResp:
		return body.SystemID == "" && len(body.TLVs) == 0
	case *MessageResp:
		return body.MessageID == "" && len(body.TLVs) == 0
	}
	return false
}

type printer struct {
	out []byte
	err error
}

func (p *printer) fail(field string) {
	if p.err == nil {
		p.err = fmt.Errorf("%s: %w", field, ErrValue)
	}
}

func (p *printer) octets(b ...byte) { p.out = append(p.out, b...) }

func (p *printer) text(field, s string, size int) {
	if len(s) > size || strings.IndexByte(s, 0) >= 0 {
		p.fail(field)
		return
	}
	p.out = append(append(p.out, s...), 0)
}

func (p *printer) time(field, s string) { p.text(field, s, 16) }

func (p *printer) address(field string, a Address) {
	p.octets(a.TON, a.NPI)
	p.text(field, a.Number, 20)
}

func (p *printer) tlvs(t TLVs) {
	if len(t) > MaxTLVs {
		p.fail("optional parameters")
		return
	}
	for _, v := range t {
		if len(v.Value) > 0xFFFF {
			p.fail(fmt.Sprintf("parameter 0x%04x", uint16(v.Tag)))
			return
		}
		p.out = binary.BigEndian.AppendUint16(p.out, uint16(v.Tag))
		p.out = binary.BigEndian.AppendUint16(p.out, uint16(len(v.Value)))
		p.out = append(p.out, v.Value...)
	}
}
