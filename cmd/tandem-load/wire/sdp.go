package wire

import (
	"net/netip"
	"strconv"
	"strings"
)

// Session is the one audio stream of a call: G.711 µ-law and telephone-event.
type Session struct {
	Audio netip.AddrPort // where it is received
	Event uint8          // payload type of telephone-event; 0: none
}

// Offered is the payload type of telephone-event in our offers.
const Offered = 101

// SDP writes the session (RFC 8866).
func (s Session) SDP() string {
	ip := s.Audio.Addr().String()
	out := "v=0\r\no=- 1 1 IN IP4 " + ip + "\r\ns=-\r\nc=IN IP4 " + ip + "\r\nt=0 0\r\nm=audio " + strconv.Itoa(int(s.Audio.Port())) + " RTP/AVP 0"
	pt := strconv.Itoa(int(s.Event))
	if s.Event != 0 {
		out += " " + pt
	}
	out += "\r\na=rtpmap:0 PCMU/8000\r\n"
	if s.Event != 0 {
		out += "a=rtpmap:" + pt + " telephone-event/8000\r\na=fmtp:" + pt + " 0-15\r\n"
	}
	return out + "a=ptime:20\r\na=sendrecv\r\n"
}

// ReadSession finds where the peer receives audio, and its payload type for telephone-event.
func ReadSession(sdp string) (s Session, ok bool) {
	var ip netip.Addr
	for line := range strings.Lines(sdp) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "c=IN IP4 "):
			ip, _ = netip.ParseAddr(strings.TrimPrefix(line, "c=IN IP4 "))
		case strings.HasPrefix(line, "m=audio "):
			port, _, _ := strings.Cut(strings.TrimPrefix(line, "m=audio "), " ")
			n, err := strconv.ParseUint(port, 10, 16)
			ok = err == nil && n != 0
			s.Audio = netip.AddrPortFrom(netip.Addr{}, uint16(n))
		case strings.HasPrefix(line, "a=rtpmap:"):
			pt, name, _ := strings.Cut(strings.TrimPrefix(line, "a=rtpmap:"), " ")
			if n, err := strconv.ParseUint(pt, 10, 7); err == nil && strings.HasPrefix(strings.ToLower(name), "telephone-event/8000") {
				s.Event = uint8(n)
			}
		}
	}
	s.Audio = netip.AddrPortFrom(ip, s.Audio.Port())
	return s, ok && ip.IsValid()
}
