package sdp

import (
	"strings"

	"tandem/media"
)

var directionNames = [...]string{
	media.SendRecv: "sendrecv", media.SendOnly: "sendonly", media.RecvOnly: "recvonly", media.Inactive: "inactive",
}

// sends tells whether audio goes out.
func sends(d media.Direction) bool { return d == media.SendRecv || d == media.SendOnly }

func receives(d media.Direction) bool { return d == media.SendRecv || d == media.RecvOnly }

func directionOf(send, receive bool) media.Direction {
	switch {
	case send && receive:
		return media.SendRecv
	case send:
		return media.SendOnly
	case receive:
		return media.RecvOnly
	}
	return media.Inactive
}

// direction is the peer's own direction of a section: the section's attribute, else the session's, else sendrecv
// (RFC 8866 §6.7). The last of several holds. An unspecified address means that the peer does not receive (RFC 2543 hold).
func (s *Session) direction(m *Media, unspecified bool) media.Direction {
	d := media.SendRecv
	for _, list := range [...][]Attribute{s.Attributes, m.Attributes} {
		for _, a := range list {
			for i, name := range directionNames {
				if strings.EqualFold(a.Name, name) {
					d = media.Direction(i)
				}
			}
		}
	}
	if unspecified {
		return directionOf(sends(d), false)
	}
	return d
}

// meet is what both sides let through, seen from ours (RFC 3264 §6.1).
func meet(ours, theirs media.Direction) media.Direction {
	return directionOf(sends(ours) && receives(theirs), receives(ours) && sends(theirs))
}
