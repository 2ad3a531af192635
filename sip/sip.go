package sip

import base "github.com/emiago/sipgo/sip"

// The message model is sipgo's: parsed once at the socket, never parsed again. The rooms use these names so that a message
// type has one name in this house.
type (
	Message  = base.Message
	Request  = base.Request
	Response = base.Response
	Header   = base.Header
	URI      = base.Uri
	Method   = base.RequestMethod
)

// NewRequest starts a request without headers. The URI is copied.
func NewRequest(m Method, uri URI) *Request { return base.NewRequest(m, uri) }

// NewHeader makes a header of plain text. Text from outside SIP goes through Clean first.
func NewHeader(name, value string) Header { return base.NewHeader(name, value) }
