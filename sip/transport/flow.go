package transport

import "net/netip"

// Transport names as they stand in Via.
const (
	UDP = "UDP"
	TCP = "TCP"
	TLS = "TLS"
	WS  = "WS"
	WSS = "WSS"
)

// Flow is the way between this endpoint and one peer. Local is the listen address of the endpoint, also for connections
// that were dialled. It is comparable and serves as a key.
type Flow struct {
	Transport     string
	Local, Remote netip.AddrPort
}

// Reliable reports whether the transport delivers in order or not at all: everything but UDP.
func (f Flow) Reliable() bool { return f.Transport != UDP }

// String prints "UDP 192.0.2.1:5060 198.51.100.7:5060": local, then remote.
func (f Flow) String() string {
	return f.Transport + " " + f.Local.String() + " " + f.Remote.String()
}
