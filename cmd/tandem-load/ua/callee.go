package ua

import (
	"net/netip"
	"slices"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// invited takes a new call.
func (s *Side) invited(m *wire.Message, from netip.AddrPort, at time.Time) {
	tag := s.loop.id()
	c := &Call{
		Incoming: true, Caller: wire.User(wire.URI(m.From)), Called: wire.User(m.URI), Began: at, side: s, id: m.CallID, tag: tag,
		local: m.To + ";tag=" + tag, remote: m.From, routes: slices.Clone(m.RecordRoute), hop: from, inviteCSeq: m.CSeq,
		invite: m, heard: from,
	}
	c.aim(m.Contact)
	if r, ok := wire.ReadSession(m.Body); ok {
		c.Remote = r
	}
	s.calls[m.CallID] = c
	s.On(Event{Kind: Invited, Call: c, At: at})
}

// Ring sends 180.
func (c *Call) Ring() {
	if c.Incoming && c.state == inviting {
		c.provisional(180, "Ringing")
	}
}

// Trying sends 100: the peer stops to repeat its INVITE.
func (c *Call) Trying() {
	if c.Incoming && c.state == inviting {
		c.provisional(100, "Trying")
	}
}

func (c *Call) provisional(status int, reason string) {
	r := wire.Reply{Status: status, Reason: reason, Tag: c.tag, Contact: c.contact()}
	if status == 100 {
		r.Tag, r.Contact = "", ""
	}
	c.sent = r.Append(nil, c.invite)
	c.side.send(c.sent, c.heard)
}

// Answer sends 200 with our SDP, until the ACK comes.
func (c *Call) Answer() {
	if c.Incoming && c.state == inviting {
		c.state = answered
		c.final(wire.Reply{Status: 200, Reason: "OK", Tag: c.tag, Contact: c.contact(), Body: c.session().SDP()})
	}
}

// Reject sends a final answer of 300 to 699. The call has ended; nothing more is told of it.
func (c *Call) Reject(status int, reason string) {
	if c.Incoming && c.state == inviting {
		c.state = ended
		c.final(wire.Reply{Status: status, Reason: reason, Tag: c.tag})
		c.side.loop.After(forget, func() { delete(c.side.calls, c.id) })
	}
}

// final answers the present INVITE until it is acknowledged.
func (c *Call) final(r wire.Reply) {
	c.sent = r.Append(nil, c.invite)
	c.side.send(c.sent, c.heard)
	c.side.repeat(&c.again, c.sent, c.heard, t2, func() {
		if c.state != ended {
			c.end(Event{Kind: Ended, Call: c, Status: 408, At: c.side.loop.now})
		}
	})
}

// request takes a request of the call.
func (c *Call) request(m *wire.Message, from netip.AddrPort, at time.Time) {
	switch m.Method {
	case "INVITE":
		c.invitedAgain(m, from)
	case "ACK":
		c.acknowledged(m, at)
	case "BYE":
		c.byeCame(m, from, at)
	case "CANCEL":
		c.cancelled(m, from, at)
	case "UPDATE":
		c.updated(m, from)
	default:
		c.side.reply(m, from, wire.Reply{Status: 200, Reason: "OK", Tag: c.tag})
	}
}

// invitedAgain takes a repeated INVITE, or a new one in the dialog, which is answered with the session that there is.
func (c *Call) invitedAgain(m *wire.Message, from netip.AddrPort) {
	if c.invite != nil && m.Branch() == c.invite.Branch() {
		c.side.loop.Counts.Repeated++
		if c.sent != nil {
			c.side.send(c.sent, from)
		}
		return
	}
	if c.state == ended || c.state == ending {
		c.side.reply(m, from, wire.Reply{Status: 481, Reason: "Call/Transaction Does Not Exist", Tag: c.tag})
		return
	}
	c.invite, c.heard, c.inviteCSeq = m, from, m.CSeq
	c.take(m)
	c.final(wire.Reply{Status: 200, Reason: "OK", Tag: c.tag, Contact: c.contact(), Body: c.session().SDP()})
}

// take reads what a request in the dialog changes: target and session.
func (c *Call) take(m *wire.Message) {
	if m.Contact != "" {
		c.aim(m.Contact)
	}
	if s, ok := wire.ReadSession(m.Body); ok {
		c.Remote = s
	}
}

func (c *Call) updated(m *wire.Message, from netip.AddrPort) {
	r := wire.Reply{Status: 200, Reason: "OK", Tag: c.tag, Contact: c.contact()}
	c.take(m)
	if m.Body != "" {
		r.Body = c.session().SDP()
	}
	c.side.reply(m, from, r)
}

// acknowledged takes the ACK to the last final answer.
func (c *Call) acknowledged(m *wire.Message, at time.Time) {
	if m.CSeq != c.inviteCSeq || c.invite == nil {
		c.side.loop.Counts.Stray++
		return
	}
	if c.state != ending {
		c.again.Stop()
	}
	if c.state != answered {
		return
	}
	c.state = confirmed
	c.side.On(Event{Kind: Confirmed, Call: c, At: at})
}

func (c *Call) byeCame(m *wire.Message, from netip.AddrPort, at time.Time) {
	c.side.reply(m, from, wire.Reply{Status: 200, Reason: "OK", Tag: c.tag})
	switch c.state {
	case answered, confirmed:
		c.end(Event{Kind: HungUp, Call: c, At: at})
	case ended:
		c.side.loop.Counts.Repeated++
	}
}

// cancelled takes a CANCEL (RFC 3261 §9.2): it is answered itself, and the INVITE with 487, unless that was answered before.
func (c *Call) cancelled(m *wire.Message, from netip.AddrPort, at time.Time) {
	c.side.reply(m, from, wire.Reply{Status: 200, Reason: "OK", Tag: c.tag})
	if c.state != inviting {
		return
	}
	c.Reject(487, "Request Terminated")
	c.side.On(Event{Kind: HungUp, Call: c, At: at})
}
