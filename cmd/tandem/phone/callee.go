package phone

import (
	"context"
	"errors"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// request takes a request of the gateway. Only the reader runs it.
func (p *Phone) request(m *wire.Message) {
	p.mu.Lock()
	c := p.calls[m.CallID]
	p.mu.Unlock()
	switch {
	case c != nil:
		c.request(m)
	case m.Method == "INVITE" && wire.Tag(m.To) == "":
		p.ring(m)
	case m.Method == "OPTIONS":
		p.reply(m, wire.Reply{Status: 200, Reason: "OK", Tag: token()})
	case m.Method != "ACK":
		p.reply(m, wire.Reply{Status: 481, Reason: "Call Does Not Exist", Tag: token()})
	}
}

func (p *Phone) reply(to *wire.Message, r wire.Reply) []byte {
	b := r.Append(nil, to)
	p.send(b)
	return b
}

// ring takes a call in.
func (p *Phone) ring(m *wire.Message) {
	c, err := p.newCall(m.CallID)
	if err != nil {
		p.reply(m, wire.Reply{Status: 500, Reason: "No Socket", Tag: token()})
		return
	}
	c.invite, c.Caller, c.Called = m, wire.URI(m.From), wire.User(m.URI)
	c.out = wire.Request{
		URI: wire.URI(m.Contact), SentBy: p.local, From: m.To + ";tag=" + token(), To: m.From, CallID: m.CallID, CSeq: 1,
		Routes: m.RecordRoute, Contact: p.contact(c.Called),
	}
	if !p.keep(c) {
		c.audio.close()
		return
	}
	c.answerInvite(wire.Reply{Status: 180, Reason: "Ringing"})
	select {
	case p.incoming <- c:
	default:
		c.answerInvite(wire.Reply{Status: 486, Reason: "Busy Here"})
	}
}

func (c *Call) answerInvite(r wire.Reply) {
	r.Tag, r.Contact = wire.Tag(c.out.From), c.out.Contact
	b := r.Append(nil, c.invite)
	c.mu.Lock()
	c.final = b
	c.mu.Unlock()
	c.phone.send(b)
}

// Answer answers an incoming call and returns when that was acknowledged.
func (c *Call) Answer(ctx context.Context) error {
	if err := c.talkTo(c.invite.Body); err != nil {
		return err
	}
	session := wire.Session{Audio: c.audio.local, Event: c.audio.event()}
	c.answerInvite(wire.Reply{Status: 200, Reason: "OK", Body: session.SDP()})
	for wait := t1; ; wait = min(2*wait, t2) {
		resend := time.NewTimer(wait)
		select {
		case <-c.acked:
			resend.Stop()
			return nil
		case <-c.ended:
			resend.Stop()
			return ErrGone
		case <-ctx.Done():
			resend.Stop()
			return ErrNoAnswer
		case <-resend.C:
			c.repeat()
		}
	}
}

// ErrGone says that the other side gave up.
var ErrGone = errors.New("the call is over")

// Reject refuses an incoming call.
func (c *Call) Reject(status int, reason string) {
	c.answerInvite(wire.Reply{Status: status, Reason: reason})
	c.finish("us")
}

// repeat sends our last answer to the INVITE again.
func (c *Call) repeat() {
	c.mu.Lock()
	b := c.final
	c.mu.Unlock()
	c.phone.send(b)
}

// request takes a request inside the call.
func (c *Call) request(m *wire.Message) {
	c.mu.Lock()
	again, known := c.done[m.Branch()]
	c.mu.Unlock()
	switch {
	case known:
		c.phone.send(again)
	case m.Method == "ACK":
		c.confirmed()
	case m.Method == "CANCEL":
		c.canceled(m)
	case m.Method == "BYE":
		c.answer(m, wire.Reply{Status: 200, Reason: "OK"})
		c.finish("them")
	case m.Method == "INVITE" && c.invite != nil && m.Branch() == c.invite.Branch():
		c.repeat()
	case m.Method == "INVITE" || m.Method == "UPDATE":
		c.reoffered(m)
	default:
		c.answer(m, wire.Reply{Status: 200, Reason: "OK"})
	}
}

func (c *Call) answer(m *wire.Message, r wire.Reply) {
	b := c.phone.reply(m, r)
	c.mu.Lock()
	c.done[m.Branch()] = b
	c.mu.Unlock()
}

func (c *Call) confirmed() {
	c.mu.Lock()
	was := c.acking
	c.acking = true
	c.mu.Unlock()
	if !was {
		close(c.acked)
	}
}

// canceled ends a call that only rang. A CANCEL that crossed our answer changes nothing: BYE follows.
func (c *Call) canceled(m *wire.Message) {
	c.answer(m, wire.Reply{Status: 200, Reason: "OK", Tag: wire.Tag(c.out.From)})
	if c.audio.talking() {
		return
	}
	c.answerInvite(wire.Reply{Status: 487, Reason: "Request Terminated"})
	c.finish("them")
}

// reoffered answers a new offer with the session as it is; an offer without SDP gets ours.
func (c *Call) reoffered(m *wire.Message) {
	r := wire.Reply{Status: 200, Reason: "OK", Contact: c.out.Contact}
	if s, ok := wire.ReadSession(m.Body); ok {
		c.audio.talkTo(s)
	}
	if m.Method == "INVITE" || m.Body != "" {
		r.Body = wire.Session{Audio: c.audio.local, Event: c.audio.event()}.SDP()
	}
	c.answer(m, r)
}
