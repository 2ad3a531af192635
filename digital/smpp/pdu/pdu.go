package pdu

// Lengths and limits. SMPP 3.4 §3.2 and §4.4.1.
const (
	HeaderSize = 16     // octets
	MaxPDU     = 65_536 // octets; what a Reader takes at most, whatever it is told
	MaxShort   = 254    // octets of short_message; longer texts go in message_payload
	MaxTLVs    = 64     // per PDU
	MaxSeq     = 0x7FFFFFFF
)

// PDU is one protocol data unit. Body is nil where the command has none.
type PDU struct {
	Command  Command
	Status   Status
	Sequence uint32
	Body     Body
}

// Body is one of *Bind, *BindResp, *Outbound, *Message, *MessageResp and *Raw.
type Body interface {
	parse(*cursor)
	print(*printer)
}

// Bind is the body of the three bind requests. SMPP 3.4 §4.1.
type Bind struct {
	SystemID   string // 15 octets
	Password   string // 8 octets
	SystemType string // 12 octets
	Version    uint8  // 0x34
	TON, NPI   uint8
	Range      string // 40 octets
}

// BindResp answers a bind. It is left out of a refusal.
type BindResp struct {
	SystemID string
	TLVs     TLVs
}

// Outbound is the body of outbind. SMPP 3.4 §4.1.7.
type Outbound struct{ SystemID, Password string }

// Address is a number with its type of number and numbering plan. SMPP 3.4 §5.2.5, §5.2.6. At most 20 octets.
type Address struct {
	TON, NPI uint8
	Number   string
}

// Types of number and numbering plans that matter here.
const (
	TONUnknown       = 0
	TONInternational = 1
	TONNational      = 2
	TONShort         = 3 // network specific: short codes
	TONAlphanumeric  = 5
	NPIUnknown       = 0
	NPIE164          = 1
)

// Bits of esm_class. SMPP 3.4 §5.2.12.
const (
	ESMTypeMask     = 0x3C
	ESMReceipt      = 0x04 // deliver_sm: a delivery receipt
	ESMDeliveryAck  = 0x08
	ESMUserAck      = 0x10
	ESMIntermediate = 0x20 // deliver_sm: an intermediate notification
	ESMUDH          = 0x40 // short_message begins with a user data header
	RegisterFinal   = 0x01 // registered_delivery: a receipt in any case. §5.2.17
	RegisterFailure = 0x02 // only in case of failure
	registerMask    = 0x03
	versionSpoken   = 0x34
)

// Message is the body of submit_sm and deliver_sm. SMPP 3.4 §4.4.1, §4.6.1.
type Message struct {
	ServiceType  string // 5 octets
	Source       Address
	Destination  Address
	ESMClass     uint8
	ProtocolID   uint8
	Priority     uint8
	Schedule     string // empty or 16 octets, §7.1
	Validity     string // empty or 16 octets
	Registered   uint8
	Replace      uint8
	DataCoding   uint8 // §5.2.19
	DefaultMsgID uint8
	Short        []byte // at most MaxShort octets; empty where message_payload is used
	TLVs         TLVs
}

// Payload returns the text's octets with its user data header, from message_payload where there is one.
func (m *Message) Payload() []byte {
	if v, ok := m.TLVs.Get(MessagePayload); ok {
		return v
	}
	return m.Short
}

// WantsReceipt says whether registered_delivery asks for a final receipt. success tells how the message fared.
func (m *Message) WantsReceipt(success bool) bool {
	r := m.Registered & registerMask
	return r == RegisterFinal || r == RegisterFailure && !success
}

// MessageResp answers submit_sm and deliver_sm; MessageID has at most 64 octets and is empty in deliver_sm_resp.
type MessageResp struct {
	MessageID string
	TLVs      TLVs
}

// Raw is the body of a command that is not spoken here.
type Raw struct{ Octets []byte }

// NewBind returns a bind request of this version.
func NewBind(c Command, seq uint32, b Bind) PDU {
	b.Version = versionSpoken
	return PDU{Command: c, Sequence: seq, Body: &b}
}

// Answer returns the answer to p with a status and the body its command has; id is for submit_sm and the binds (system_id).
func Answer(p PDU, s Status, id string) PDU {
	out := PDU{Command: p.Command.Response(), Status: s, Sequence: p.Sequence}
	switch p.Command {
	case BindReceiver, BindTransmitter, BindTransceiver:
		out.Body = &BindResp{SystemID: id}
	case SubmitSM, DeliverSM:
		out.Body = &MessageResp{MessageID: id}
	}
	return out
}

// Nack returns the generic_nack to a PDU whose command is not known or whose header is broken. SMPP 3.4 §4.3.
func Nack(seq uint32, s Status) PDU { return PDU{Command: GenericNack, Status: s, Sequence: seq} }

// newBody returns an empty body of the command, nil where it has none.
func newBody(c Command) Body {
	switch c {
	case BindReceiver, BindTransmitter, BindTransceiver:
		return &Bind{}
	case BindReceiverResp, BindTransmitterResp, BindTransceiverResp:
		return &BindResp{}
	case Outbind:
		return &Outbound{}
	case SubmitSM, DeliverSM:
		return &Message{}
	case SubmitSMResp, DeliverSMResp:
		return &MessageResp{}
	case Unbind, UnbindResp, EnquireLink, EnquireLinkResp, GenericNack:
		return nil
	}
	return &Raw{}
}
