package phone

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// Call is one dialog of a phone.
type Call struct {
	phone  *Phone
	ID     string // Call-ID
	Caller string // of an incoming call: who calls, a URI
	Called string // of an incoming call: which user of ours
	audio  *Audio
	ended  chan struct{} // closed when it is over
	acked  chan struct{} // of an incoming call: closed by the ACK
	invite *wire.Message // of an incoming call

	mu     sync.Mutex
	out    wire.Request      // guarded by mu: the next request of the dialog is made from it
	ack    []byte            // guarded by mu: of our INVITE
	final  []byte            // guarded by mu: our final answer to the INVITE
	done   map[string][]byte // guarded by mu: branch of an answered request → the answer
	over   bool              // guarded by mu
	acking bool              // guarded by mu: acked is closed
	by     string            // guarded by mu: who ended it
}

func (p *Phone) newCall(id string) (*Call, error) {
	a, err := newAudio(p.local.Addr(), p.clock)
	if err != nil {
		return nil, err
	}
	return &Call{phone: p, ID: id, audio: a, ended: make(chan struct{}), acked: make(chan struct{}), done: map[string][]byte{}}, nil
}

// keep puts a call where its requests find it; false if the phone is closed.
func (p *Phone) keep(c *Call) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.calls[c.ID] = c
	}
	return !p.closed
}

// Dial calls a number and returns when it is answered. caller is shown as the calling number; empty: the phone's user.
func (p *Phone) Dial(ctx context.Context, number, caller string) (*Call, error) {
	if caller == "" {
		caller = p.cfg.User
	}
	c, err := p.newCall(token())
	if err != nil {
		return nil, err
	}
	target := "sip:" + number + "@" + p.cfg.Gateway.String()
	session := wire.Session{Audio: c.audio.local, Event: wire.Offered}
	c.out = wire.Request{
		Method: "INVITE", URI: target, SentBy: p.local, Branch: branch(), From: "<sip:" + caller + "@" + p.local.Addr().String() + ">;tag=" + token(),
		To: "<" + target + ">", CallID: c.ID, CSeq: 1, Contact: p.contact(p.cfg.User), Body: session.SDP(),
	}
	if !p.keep(c) {
		c.audio.close()
		return nil, ErrNoAnswer
	}
	if err := c.dial(ctx); err != nil {
		c.finish("us")
		return nil, err
	}
	return c, nil
}

func (c *Call) dial(ctx context.Context) error {
	p := c.phone
	r := c.out
	m, err := p.transact(ctx, &r, nil)
	if err == nil && (m.Status == 401 || m.Status == 407) {
		p.send(c.ackOf(&r, m))
		if r, err = c.authorized(m); err == nil {
			m, err = p.transact(ctx, &r, nil)
		}
	}
	if err != nil {
		return err
	}
	if m.Status >= 300 {
		p.send(c.ackOf(&r, m))
		return &StatusError{Method: "INVITE", Status: m.Status, Reason: m.Reason, RetryAfter: m.RetryAfter}
	}
	c.mu.Lock()
	c.out.To, c.out.URI = m.To, wire.URI(m.Contact)
	for i := range m.RecordRoute {
		c.out.Routes = append(c.out.Routes, m.RecordRoute[len(m.RecordRoute)-1-i])
	}
	c.out.Headers, c.out.Body = nil, ""
	ack := c.out
	ack.Method, ack.Branch, ack.Contact = "ACK", branch(), ""
	c.ack = ack.Append(nil)
	packet := c.ack
	c.mu.Unlock()
	p.send(packet)
	return c.talkTo(m.Body)
}

// authorized is our INVITE again, with an answer to the challenge.
func (c *Call) authorized(m *wire.Message) (wire.Request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	login := wire.Login{User: c.phone.cfg.User, Password: c.phone.cfg.Password, Method: "INVITE", URI: c.out.URI, CNonce: token()}
	answer, err := login.Answer(m.Challenges)
	if err != nil {
		return c.out, err
	}
	name := "Authorization: "
	if m.Proxy {
		name = "Proxy-Authorization: "
	}
	c.out.CSeq, c.out.Branch, c.out.Headers = c.out.CSeq+1, branch(), []string{name + answer}
	return c.out, nil
}

// ackOf acknowledges a final answer that is no success, in the INVITE's own transaction (RFC 3261 §17.1.1.3).
func (c *Call) ackOf(invite *wire.Request, m *wire.Message) []byte {
	ack := *invite
	ack.Method, ack.To, ack.Contact, ack.Body, ack.Headers = "ACK", m.To, "", "", nil
	return ack.Append(nil)
}

// ackAgain repeats the ACK for a 2xx that came again.
func (c *Call) ackAgain() {
	c.mu.Lock()
	packet := c.ack
	c.mu.Unlock()
	if packet != nil {
		c.phone.send(packet)
	}
}

func (c *Call) talkTo(sdp string) error {
	s, ok := wire.ReadSession(sdp)
	if !ok {
		return fmt.Errorf("call %s: no audio in the answer", c.ID)
	}
	c.audio.talkTo(s)
	return nil
}

// Audio is what is said and heard in the call.
func (c *Call) Audio() *Audio { return c.audio }

// Ended is closed when the call is over, whoever ended it.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// By tells who ended the call: "us", "them", "closed", or "" while it goes on.
func (c *Call) By() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by
}

// Hangup ends the call with BYE, if it is not over.
func (c *Call) Hangup(ctx context.Context) error {
	m, err := c.within(ctx, "BYE", "")
	c.finish("us")
	if err != nil {
		return err
	}
	if m != nil && m.Status != 200 {
		return &StatusError{Method: "BYE", Status: m.Status, Reason: m.Reason}
	}
	return nil
}

// Offer sends a new offer in the call: direction is "sendonly", "inactive" or "sendrecv".
func (c *Call) Offer(ctx context.Context, direction string) error {
	session := wire.Session{Audio: c.audio.local, Event: wire.Offered}
	m, err := c.within(ctx, "INVITE", strings.Replace(session.SDP(), "a=sendrecv", "a="+direction, 1))
	if err != nil || m == nil {
		return err
	}
	if m.Status != 200 {
		return &StatusError{Method: "INVITE", Status: m.Status, Reason: m.Reason}
	}
	return c.talkTo(m.Body)
}

// within sends a request inside the dialog; no answer and no error if it is over. A 2xx to INVITE is acknowledged.
func (c *Call) within(ctx context.Context, method, body string) (*wire.Message, error) {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return nil, nil
	}
	c.out.CSeq++
	r := c.out
	c.mu.Unlock()
	r.Method, r.Branch, r.Body = method, branch(), body
	m, err := c.phone.transact(ctx, &r, nil)
	if err != nil || method != "INVITE" {
		return m, err
	}
	if m.Status >= 300 {
		c.phone.send(c.ackOf(&r, m))
		return m, nil
	}
	ack := r
	ack.Method, ack.Branch, ack.Contact, ack.Body = "ACK", branch(), "", ""
	c.mu.Lock()
	c.ack = ack.Append(nil)
	c.mu.Unlock()
	c.ackAgain()
	return m, nil
}

// Drop forgets the call without a word, as a phone does that loses its power.
func (c *Call) Drop() { c.finish("us") }

// forgetAfter is how long a call that is over still answers what comes again (64·T1).
const forgetAfter = 64 * t1

// finish ends the call once.
func (c *Call) finish(by string) {
	c.mu.Lock()
	was := c.over
	c.over = true
	if !was {
		c.by = by
	}
	c.mu.Unlock()
	if was {
		return
	}
	c.audio.close()
	close(c.ended)
	time.AfterFunc(forgetAfter, func() {
		c.phone.mu.Lock()
		delete(c.phone.calls, c.ID)
		c.phone.mu.Unlock()
	})
}
