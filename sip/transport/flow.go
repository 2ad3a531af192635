package transport

import (
	"net/netip"
	"strconv"

	"tandem/sip"
)

// Transport names as they stand in Via.
const (
	UDP   = "UDP"
	TCP   = "TCP"
	TLS   = "TLS"
	WS    = "WS"
	WSS   = "WSS"
	LOCAL = "LOCAL" // a user agent in this process
)

// transports are all names.
var transports = []string{UDP, TCP, TLS, WS, WSS, LOCAL}

// framed reports whether a transport carries one message in a frame, over a connection that only the peer can make.
func framed(transport string) bool { return transport == WS || transport == WSS || transport == LOCAL }

// Flow is the way between this endpoint and one peer. Local is the listen address of the endpoint, also for connections
// that were dialled. It is comparable and serves as a key.
type Flow struct {
	Transport     string
	Local, Remote netip.AddrPort
	User          string // WS, WSS, LOCAL: the name that the peer has proven when the flow was made; "" when none
	ID            uint64 // WS, WSS, LOCAL: never used again for another flow of the process; 0 for all others
}

// Reliable reports whether the transport delivers in order or not at all: everything but UDP.
func (f Flow) Reliable() bool { return f.Transport != UDP }

// Bound reports whether the peer can be reached over this very flow only: nobody can dial a browser (RFC 7118 §5).
func (f Flow) Bound() bool { return framed(f.Transport) }

// String prints "UDP 192.0.2.1:5060 198.51.100.7:5060": local, then remote, then the ID where there is one.
func (f Flow) String() string {
	s := f.Transport + " " + f.Local.String() + " " + f.Remote.String()
	if f.ID != 0 {
		s += " " + strconv.FormatUint(f.ID, 10)
	}
	return s
}

// way is a flow without what only its own connection knows: the key of the table.
func (f Flow) way() Flow {
	f.User, f.ID = "", 0
	return f
}

// AnswerFlow is the flow that a response takes (RFC 3261 §18.2.2, RFC 3581 §4): back on a connection, or for UDP to the
// source address and, unless rport was asked for, to the port that Via names.
func AnswerFlow(req *sip.Request, flow Flow) Flow {
	via := req.Via()
	if flow.Reliable() || via == nil || via.Params.Has("rport") {
		return flow
	}
	port := uint16(5060)
	if via.Port > 0 && via.Port < 65536 {
		port = uint16(via.Port)
	}
	flow.Remote = netip.AddrPortFrom(flow.Remote.Addr(), port)
	return flow
}
