package pdu

import "fmt"

// Command is the command_id. SMPP 3.4 §5.1.2.1. An answer has the top bit set.
type Command uint32

// The commands that are spoken here.
const (
	GenericNack         Command = 0x80000000 // §4.3
	BindReceiver        Command = 0x00000001 // §4.1.3
	BindReceiverResp    Command = 0x80000001
	BindTransmitter     Command = 0x00000002 // §4.1.1
	BindTransmitterResp Command = 0x80000002
	SubmitSM            Command = 0x00000004 // §4.4
	SubmitSMResp        Command = 0x80000004
	DeliverSM           Command = 0x00000005 // §4.6
	DeliverSMResp       Command = 0x80000005
	Unbind              Command = 0x00000006 // §4.2
	UnbindResp          Command = 0x80000006
	BindTransceiver     Command = 0x00000009 // §4.1.5
	BindTransceiverResp Command = 0x80000009
	Outbind             Command = 0x0000000B // §4.1.7
	EnquireLink         Command = 0x00000015 // §4.11
	EnquireLinkResp     Command = 0x80000015
)

var commandNames = map[Command]string{
	GenericNack: "generic_nack", BindReceiver: "bind_receiver", BindReceiverResp: "bind_receiver_resp",
	BindTransmitter: "bind_transmitter", BindTransmitterResp: "bind_transmitter_resp", SubmitSM: "submit_sm",
	SubmitSMResp: "submit_sm_resp", DeliverSM: "deliver_sm", DeliverSMResp: "deliver_sm_resp", Unbind: "unbind",
	UnbindResp: "unbind_resp", BindTransceiver: "bind_transceiver", BindTransceiverResp: "bind_transceiver_resp",
	Outbind: "outbind", EnquireLink: "enquire_link", EnquireLinkResp: "enquire_link_resp",
}

// Response returns the command that answers c.
func (c Command) Response() Command { return c | GenericNack }

// IsResponse says whether c is an answer.
func (c Command) IsResponse() bool { return c&GenericNack != 0 }

// String returns the name the specification gives.
func (c Command) String() string {
	if s, ok := commandNames[c]; ok {
		return s
	}
	return fmt.Sprintf("command 0x%08x", uint32(c))
}

// Status is the command_status: 0 in requests, the outcome in answers. SMPP 3.4 §5.1.3.
type Status uint32

// The statuses that are sent or acted upon here.
const (
	OK                  Status = 0x00
	InvalidLength       Status = 0x01 // message length
	InvalidCommandLen   Status = 0x02
	InvalidCommand      Status = 0x03
	WrongBindState      Status = 0x04
	AlreadyBound        Status = 0x05
	SystemError         Status = 0x08
	InvalidSource       Status = 0x0A
	InvalidDestination  Status = 0x0B
	BindFailed          Status = 0x0D
	InvalidPassword     Status = 0x0E
	InvalidSystemID     Status = 0x0F
	QueueFull           Status = 0x14
	SubmitFailed        Status = 0x45
	Throttled           Status = 0x58
	TemporaryAppError   Status = 0x64 // ESME receiver: send it again later
	PermanentAppError   Status = 0x65
	RejectedByReceiver  Status = 0x66
	InvalidTLVStream    Status = 0xC0
	InvalidTLVLength    Status = 0xC2
	MissingTLV          Status = 0xC3
	UnknownError        Status = 0xFF
	InvalidESMClass     Status = 0x43
	InvalidDefaultMsgID Status = 0x63
)

var statusNames = map[Status]string{
	OK: "ok", InvalidLength: "invalid message length", InvalidCommandLen: "invalid command length", InvalidCommand: "invalid command",
	WrongBindState: "wrong bind state", AlreadyBound: "already bound", SystemError: "system error", InvalidSource: "invalid source address",
	InvalidDestination: "invalid destination address", BindFailed: "bind failed", InvalidPassword: "invalid password",
	InvalidSystemID: "invalid system id", QueueFull: "message queue full", SubmitFailed: "submit failed", Throttled: "throttled",
	TemporaryAppError: "temporary receiver error", PermanentAppError: "permanent receiver error", RejectedByReceiver: "rejected by receiver",
	InvalidTLVStream: "invalid optional parameters", InvalidTLVLength: "invalid parameter length", MissingTLV: "missing optional parameter",
	UnknownError: "unknown error", InvalidESMClass: "invalid esm_class", InvalidDefaultMsgID: "invalid predefined message",
}

// Transient says whether the same request may succeed later: throttled, queue full, temporary error. Nothing was taken.
func (s Status) Transient() bool { return s == Throttled || s == QueueFull || s == TemporaryAppError }

// String returns a short English name, or the number.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return fmt.Sprintf("status 0x%08x", uint32(s))
}
