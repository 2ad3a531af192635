package pdu

import (
	"errors"
	"fmt"
)

// ErrLength means that a command_length is below 16 or above the limit: the stream is out of step.
var ErrLength = errors.New("command length out of range")

// ErrValue means that a value does not fit its field; wrapped with the field's name.
var ErrValue = errors.New("value does not fit")

// Fault is a PDU whose body cannot be read. The stream is still in step.
type Fault struct {
	Command  Command
	Sequence uint32
	Status   Status // what to answer
	Reason   string
}

// Error names the command and the reason.
func (f *Fault) Error() string { return fmt.Sprintf("%s %d: %s", f.Command, f.Sequence, f.Reason) }

// Reply returns what to answer, and whether anything is: answers are never answered.
func (f *Fault) Reply() (PDU, bool) {
	if f.Command.IsResponse() {
		return PDU{}, false
	}
	switch f.Command {
	case BindReceiver, BindTransmitter, BindTransceiver, SubmitSM, DeliverSM:
		return PDU{Command: f.Command.Response(), Status: f.Status, Sequence: f.Sequence}, true
	}
	return Nack(f.Sequence, f.Status), true
}
