package pdu

import (
	"strings"

	"tandem/digital/smpp/gsm"
)

// Carry puts a part of a text into m, with the concatenation that it was cut for.
func (m *Message) Carry(p gsm.Part) {
	m.DataCoding = uint8(p.Coding)
	m.Short = append(append([]byte(nil), p.Header...), p.Data...)
	m.ESMClass &^= ESMUDH
	switch {
	case len(p.Header) > 0:
		m.ESMClass |= ESMUDH
	case p.Total > 1:
		m.TLVs = append(m.TLVs, Uint16(SarRefNum, p.Ref), Uint8(SarTotal, uint8(p.Total)), Uint8(SarSeqNum, uint8(p.Index)))
	}
}

// Piece reads the text of m and its place among others, by user data header or by the sar parameters. The numbers are as on the air.
func (m *Message) Piece() (gsm.Piece, error) {
	piece := gsm.Piece{From: m.Source.Number, To: m.Destination.Number}
	octets := m.Payload()
	if m.ESMClass&ESMUDH != 0 {
		head, rest, err := gsm.CutHeader(octets)
		if err != nil {
			return piece, err
		}
		piece.Ref, piece.Wide, piece.Total, piece.Index = head.Ref, head.Wide, head.Total, head.Index
		octets = rest
	}
	if piece.Total == 0 {
		ref, a := m.TLVs.Uint(SarRefNum)
		total, b := m.TLVs.Uint(SarTotal)
		index, c := m.TLVs.Uint(SarSeqNum)
		if a && b && c && index >= 1 && index <= total && total <= gsm.MaxParts {
			piece.Ref, piece.Wide, piece.Total, piece.Index = ref, true, int(total), int(index)
		}
	}
	piece.Text = gsm.Decode(octets, gsm.Coding(m.DataCoding))
	return piece, nil
}

// AddressOf gives a number its type: +49… is international and goes without the plus, other digits are national, short ones (up to 6
// digits) network specific, the rest is a name.
func AddressOf(number string) Address {
	if digits, ok := strings.CutPrefix(number, "+"); ok {
		return Address{TON: TONInternational, NPI: NPIE164, Number: digits}
	}
	if strings.Trim(number, "0123456789") != "" {
		return Address{TON: TONAlphanumeric, Number: number}
	}
	if len(number) <= 6 {
		return Address{TON: TONShort, NPI: NPIE164, Number: number}
	}
	return Address{TON: TONNational, NPI: NPIE164, Number: number}
}

// Display shows an address as users write it: with a plus where it is international.
func (a Address) Display() string {
	if a.TON == TONInternational && !strings.HasPrefix(a.Number, "+") {
		return "+" + a.Number
	}
	return a.Number
}
