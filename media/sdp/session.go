package sdp

import (
	"net/netip"
	"strings"
)

// Session is a whole description. Lines that it has no place for are not kept.
type Session struct {
	Origin      Origin
	Name        string       // s=
	Connections []Connection // c= before the first m=, normally one
	Bandwidth   []string     // b= values
	Timing      string       // t=, "0 0" where there was none
	Attributes  []Attribute
	Media       []Media
}

// Origin is the o= line (RFC 8866 §5.2). Numbers stay text, since peers send ones beyond 64 bits.
type Origin struct {
	User, SessionID, Version string
	AddrType                 string // "IP4" or "IP6"
	Host                     string
}

// Connection is a c= line without its network type, which is always IN.
type Connection struct {
	AddrType string // "IP4" or "IP6"
	Host     string // address or name, without TTL
}

// Attribute is an a= line: Value is empty for a flag.
type Attribute struct{ Name, Value string }

// Media is one m-line and what follows it.
type Media struct {
	Kind        string // "audio", "video", "image", "application"
	Port        int    // 0: refused or ended
	Proto       string // "RTP/AVP"
	Formats     []string
	Connections []Connection
	Bandwidth   []string
	Attributes  []Attribute
}

// Addr is the address; ok is false for a name.
func (c Connection) Addr() (addr netip.Addr, ok bool) {
	addr, err := netip.ParseAddr(c.Host)
	return addr.Unmap().WithZone(""), err == nil
}

// find gives the value of the first attribute of that name, in any case.
func find(list []Attribute, name string) (value string, ok bool) {
	for _, a := range list {
		if strings.EqualFold(a.Name, name) {
			return a.Value, true
		}
	}
	return "", false
}

// connection chooses among the c= lines that hold for m: the first of our address family, or else the first.
func (s *Session) connection(m *Media, six bool) (Connection, bool) {
	list := m.Connections
	if len(list) == 0 {
		list = s.Connections
	}
	for _, c := range list {
		if addr, ok := c.Addr(); ok && addr.Is6() == six {
			return c, true
		}
	}
	if len(list) == 0 {
		return Connection{}, false
	}
	return list[0], true
}
