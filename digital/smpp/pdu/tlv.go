package pdu

import "encoding/binary"

// Tag names an optional parameter. SMPP 3.4 §5.3.2.
type Tag uint16

// The optional parameters that are used here.
const (
	UserMessageReference Tag = 0x0204 // 2 octets: the sender's own number of a message
	SarRefNum            Tag = 0x020C // 2 octets: concatenation
	SarTotal             Tag = 0x020E // 1 octet
	SarSeqNum            Tag = 0x020F // 1 octet
	SCInterfaceVersion   Tag = 0x0210 // 1 octet, in bind answers
	MessagePayload       Tag = 0x0424 // the text, where short_message is empty
	ReceiptedMessageID   Tag = 0x001E // C octet string, in receipts
	MessageState         Tag = 0x0427 // 1 octet, in receipts: §5.2.28
	NetworkErrorCode     Tag = 0x0423 // 3 octets, in receipts
)

// TLV is one optional parameter.
type TLV struct {
	Tag   Tag
	Value []byte
}

// TLVs are the optional parameters of a PDU in their order.
type TLVs []TLV

// Get returns the first value of a tag.
func (t TLVs) Get(tag Tag) ([]byte, bool) {
	for _, v := range t {
		if v.Tag == tag {
			return v.Value, true
		}
	}
	return nil, false
}

// Uint returns a value of 1 or 2 octets as a number.
func (t TLVs) Uint(tag Tag) (uint16, bool) {
	v, ok := t.Get(tag)
	switch {
	case !ok:
		return 0, false
	case len(v) == 1:
		return uint16(v[0]), true
	case len(v) == 2:
		return binary.BigEndian.Uint16(v), true
	}
	return 0, false
}

// Text returns a C octet string without its end mark.
func (t TLVs) Text(tag Tag) (string, bool) {
	v, ok := t.Get(tag)
	if !ok {
		return "", false
	}
	for i, b := range v {
		if b == 0 {
			return string(v[:i]), true
		}
	}
	return string(v), true
}

// Uint8 returns a parameter of one octet.
func Uint8(tag Tag, v uint8) TLV { return TLV{tag, []byte{v}} }

// Uint16 returns a parameter of two octets.
func Uint16(tag Tag, v uint16) TLV { return TLV{tag, binary.BigEndian.AppendUint16(nil, v)} }

// Text returns a parameter that is a C octet string.
func Text(tag Tag, s string) TLV { return TLV{tag, append([]byte(s), 0)} }
