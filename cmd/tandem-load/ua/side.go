package ua

import (
	"net/netip"
	"time"

	"tandem/cmd/tandem-load/udp"
	"tandem/cmd/tandem-load/wire"
)

// Side is one socket with its calls. Owned by its loop.
type Side struct {
	Addr  netip.AddrPort
	On    func(Event)
	Audio netip.AddrPort // what its calls write into their SDP

	loop          *Loop
	socket        *udp.Socket
	calls         map[string]*Call // by Call-ID
	registrations map[string]*registration
	buf           []byte
}

// Kind says what became of a call.
type Kind uint8

// What becomes of calls.
const (
	Invited   Kind = iota // an INVITE came: Ring, Answer or Reject it
	Progress              // ours rings: Status
	Answered              // ours was answered, and the ACK sent
	Refused               // ours came to nothing: Status, 408 where nobody answered
	Confirmed             // the ACK to our answer came
	HungUp                // the peer sent BYE or CANCEL
	Ended                 // our BYE was answered: Status, 408 where it was not
)

// Event tells of a call. At is when the kernel received what it tells of.
type Event struct {
	Kind       Kind
	Call       *Call
	Status     int
	RetryAfter string
	At         time.Time
}

// take reads one datagram.
func (s *Side) take(b []byte, from netip.AddrPort, at time.Time) {
	s.loop.Counts.Received++
	if len(b) <= 4 {
		return // keep-alive, RFC 5626 §4.4.1
	}
	m, err := wire.Parse(b)
	if err != nil {
		s.loop.Counts.Bad++
		return
	}
	call := s.calls[m.CallID]
	switch {
	case m.Status != 0 && call != nil:
		call.response(m, at)
	case m.Status != 0:
		s.registered(m)
	case call != nil:
		call.request(m, from, at)
	default:
		s.outside(m, from, at)
	}
}

// outside takes a request that belongs to no call.
func (s *Side) outside(m *wire.Message, from netip.AddrPort, at time.Time) {
	switch {
	case m.Method == "INVITE" && wire.Tag(m.To) == "":
		s.invited(m, from, at)
	case m.Method == "OPTIONS" || m.Method == "NOTIFY":
		s.reply(m, from, wire.Reply{Status: 200, Reason: "OK", Tag: s.loop.id()})
	default:
		s.loop.Counts.Stray++
		if m.Method != "ACK" {
			s.reply(m, from, wire.Reply{Status: 481, Reason: "Call/Transaction Does Not Exist", Tag: s.loop.id()})
		}
	}
}

// reply answers a request once. The bytes that went out are valid until the next message.
func (s *Side) reply(m *wire.Message, to netip.AddrPort, r wire.Reply) []byte {
	s.buf = r.Append(s.buf[:0], m)
	s.send(s.buf, to)
	return s.buf
}

func (s *Side) send(b []byte, to netip.AddrPort) {
	s.loop.Counts.Sent++
	s.socket.Send(b, to)
}

// resend sends again what was not answered.
func (s *Side) resend(b []byte, to netip.AddrPort) {
	s.loop.Counts.Retransmitted++
	s.send(b, to)
}

// repeat sends b again and again at growing distances, until stopped by the alarm in *a or until it gives up.
func (s *Side) repeat(a **Alarm, b []byte, to netip.AddrPort, most time.Duration, over func()) {
	(*a).Stop()
	began, wait := s.loop.now, t1
	var again func()
	again = func() {
		if s.loop.now.Sub(began) >= giveUp {
			*a = nil
			s.loop.Counts.TimedOut++
			over()
			return
		}
		s.resend(b, to)
		wait = min(2*wait, most)
		*a = s.loop.After(wait, again)
	}
	*a = s.loop.After(wait, again)
}

// Calls is how many calls the side knows, those that ended lately included.
func (s *Side) Calls() int { return len(s.calls) }
