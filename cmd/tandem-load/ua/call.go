package ua

import (
	"net/netip"
	"slices"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// state is how far a call is.
type state uint8

const (
	inviting  state = iota // no final answer yet
	answered               // a callee's 2xx that waits for its ACK
	confirmed              // both sides have it
	ending                 // our BYE is out
	ended
)

// Call is one dialog. Owned by its side's loop.
type Call struct {
	Data     any    // the scenario's
	Caller   string // user part of From
	Called   string // user part of the Request-URI
	Incoming bool
	Began    time.Time    // INVITE sent, or received by the kernel
	Remote   wire.Session // where the peer wants audio; zero before its SDP came

	side          *Side
	state         state
	id            string
	local, remote string // From and To of our requests, with tags
	tag           string // ours
	target        string // Request-URI of requests in the dialog
	routes        []string
	hop           netip.AddrPort // where requests go
	cseq          uint32         // of our last request
	inviteCSeq    uint32
	branch        string // of our INVITE
	invite        *wire.Message
	heard         netip.AddrPort // where the INVITE came from
	sent          []byte         // INVITE, BYE or final answer that is repeated until it is answered
	ack           []byte
	again         *Alarm
}

// Invite calls a number at a gateway.
func (s *Side) Invite(gateway netip.AddrPort, caller, called string, data any) *Call {
	tag, id := s.loop.id(), s.loop.id()
	c := &Call{
		Data: data, Caller: caller, Called: called, side: s, id: id, tag: tag, hop: gateway, cseq: 1, inviteCSeq: 1,
		local:  "<sip:" + caller + "@" + s.Addr.String() + ">;tag=" + tag,
		remote: "<sip:" + called + "@" + gateway.String() + ">", target: "sip:" + called + "@" + gateway.String(),
		branch: "z9hG4bK" + id,
	}
	r := c.compose("INVITE")
	r.Branch, r.Contact, r.Body = c.branch, c.contact(), c.session().SDP()
	r.Headers = []string{"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY"}
	c.sent = r.Append(nil)
	s.calls[id] = c
	c.Began = time.Now()
	s.send(c.sent, c.hop)
	s.repeat(&c.again, c.sent, c.hop, giveUp, func() { c.end(Event{Kind: Refused, Call: c, Status: 408, At: s.loop.now}) })
	return c
}

// Hangup ends the call: BYE. It does nothing once the call ends, and before it is confirmed.
func (c *Call) Hangup() {
	if c.state != confirmed && c.state != answered {
		return
	}
	c.state = ending
	c.cseq++
	r := c.compose("BYE")
	r.Branch = "z9hG4bK" + c.side.loop.id()
	c.sent = r.Append(nil)
	c.side.send(c.sent, c.hop)
	c.side.repeat(&c.again, c.sent, c.hop, t2, func() { c.end(Event{Kind: Ended, Call: c, Status: 408, At: c.side.loop.now}) })
}

// compose is a request of this dialog with what all of them share.
func (c *Call) compose(method string) *wire.Request {
	return &wire.Request{
		Method: method, URI: c.target, SentBy: c.side.Addr, From: c.local, To: c.remote, CallID: c.id, CSeq: c.cseq, Routes: c.routes,
	}
}

func (c *Call) contact() string { return "sip:load@" + c.side.Addr.String() }

func (c *Call) session() wire.Session {
	s := wire.Session{Audio: c.side.Audio, Event: wire.Offered}
	if !s.Audio.IsValid() {
		s.Audio = c.side.Addr
	}
	if c.Incoming && c.Remote.Audio.IsValid() {
		s.Event = c.Remote.Event
	}
	return s
}

// response takes an answer to one of our requests.
func (c *Call) response(m *wire.Message, at time.Time) {
	switch {
	case m.CSeqMethod == "INVITE" && m.CSeq == c.inviteCSeq && !c.Incoming:
		c.inviteAnswered(m, at)
	case m.CSeqMethod == "BYE" && m.Status >= 200 && c.state == ending:
		c.end(Event{Kind: Ended, Call: c, Status: m.Status, At: at})
	case m.CSeqMethod == "BYE" && m.Status >= 200:
		c.side.loop.Counts.Repeated++
	case m.Status >= 200:
		c.side.loop.Counts.Stray++
	}
}

func (c *Call) inviteAnswered(m *wire.Message, at time.Time) {
	switch {
	case m.Status < 200:
		if c.state == inviting {
			c.again.Stop()
			c.side.On(Event{Kind: Progress, Call: c, Status: m.Status, At: at})
		}
	case m.Status >= 300:
		c.acknowledgeRefusal(m)
		if c.state != inviting {
			c.side.loop.Counts.Repeated++
			return
		}
		if m.Status == 503 && m.RetryAfter == "" {
			c.side.loop.Counts.RetryWithoutHdr++
		}
		c.end(Event{Kind: Refused, Call: c, Status: m.Status, RetryAfter: m.RetryAfter, At: at})
	case c.state != inviting:
		c.side.loop.Counts.Repeated++
		c.side.send(c.ack, c.hop)
	default:
		c.establish(m)
		c.side.On(Event{Kind: Answered, Call: c, Status: m.Status, At: at})
	}
}

// acknowledgeRefusal sends the ACK to a final answer that is no 2xx (RFC 3261 §17.1.1.3).
func (c *Call) acknowledgeRefusal(m *wire.Message) {
	r := c.compose("ACK")
	r.Branch, r.To, r.CSeq = c.branch, m.To, c.inviteCSeq
	c.side.buf = r.Append(c.side.buf[:0])
	c.side.send(c.side.buf, c.hop)
}

// establish makes the dialog from a 2xx and acknowledges it (RFC 3261 §12.1.2, §13.2.2.4).
func (c *Call) establish(m *wire.Message) {
	c.again.Stop()
	c.state, c.sent = confirmed, nil
	c.remote = m.To
	c.routes = slices.Clone(m.RecordRoute)
	slices.Reverse(c.routes)
	c.aim(m.Contact)
	if s, ok := wire.ReadSession(m.Body); ok {
		c.Remote = s
	}
	r := c.compose("ACK")
	r.Branch, r.CSeq = "z9hG4bK"+c.side.loop.id(), c.inviteCSeq
	c.ack = r.Append(nil)
	c.side.send(c.ack, c.hop)
}

// aim sets the remote target, and the hop to it: the first route, else the target.
func (c *Call) aim(contact string) {
	if contact != "" {
		c.target = wire.URI(contact)
	}
	next := c.target
	if len(c.routes) > 0 {
		next = wire.URI(c.routes[0])
	}
	if hop, ok := wire.HostPort(next); ok {
		c.hop = hop
	}
}

// end tells how the call ended and lets it be forgotten.
func (c *Call) end(ev Event) {
	c.again.Stop()
	c.state, c.sent = ended, nil
	c.side.loop.After(forget, func() { delete(c.side.calls, c.id) })
	c.side.On(ev)
}
