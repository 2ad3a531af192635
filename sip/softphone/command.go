package softphone

import (
	"strings"
	"time"

	"tandem/sip"
	"tandem/sip/dialog"
)

// Dialling is what Dial needs to know.
type Dialling struct {
	To      string            // a number or name of the domain, user@host, or a SIP URI
	SDP     string            // the offer; "" lets the far side make one, which Answered brings
	Headers map[string]string // further headers of the INVITE; names begin with X-
}

// Register binds the phone's address of record to it, and keeps the binding fresh until Unregister or Close. Registered
// follows.
func (p *Phone) Register() error { return p.post(registering(regStart)) }

// Unregister takes the binding back. Registered follows, with OK false.
func (p *Phone) Unregister() error { return p.post(registering(regStop)) }

type registering regOn

func (r registering) open(p *Phone) {
	if p.closing.IsZero() {
		p.registration(regOn(r))
	}
}

// Dial places a call. Progress, and Answered or Ended, follow.
func (p *Phone) Dial(d Dialling) (CallID, error) {
	target, err := address(d.To, p.set.cfg.Domain)
	if err != nil {
		return "", err
	}
	headers, err := headersOf(d.Headers)
	if err != nil {
		return "", err
	}
	id := p.newID()
	if err := p.post(dialled{id, target, d.SDP, headers}); err != nil {
		return "", err
	}
	return id, nil
}

type dialled struct {
	id      CallID
	target  sip.URI
	sdp     string
	headers []sip.Header
}

func (d dialled) open(p *Phone) {
	switch {
	case !p.closing.IsZero():
		p.tell(Ended{Call: d.id, Status: sip.StatusServiceUnavailable, Reason: "closing", By: dialog.Local.String()})
	case len(p.calls) >= p.set.cfg.MaxCalls:
		p.set.metrics.refused.Inc()
		p.tell(Ended{Call: d.id, Status: sip.StatusBusyHere, Reason: "too many calls", By: dialog.Local.String()})
	default:
		p.place(d)
	}
}

// command is a method of the dialog room on one call; a call that is over ignores it.
type command struct {
	id CallID
	do func(c *call) []dialog.Effect
}

func (m command) open(p *Phone) {
	for _, c := range p.calls {
		if c.id == m.id && !c.over {
			c.perform(m.do(c))
			return
		}
	}
	p.set.cfg.Log.Debug("command for no call", "endpoint", p.user, "call", string(m.id))
}

func (p *Phone) command(id CallID, do func(c *call) []dialog.Effect) error {
	return p.post(command{id, do})
}

// Ring tells the caller of an Incoming call that somebody is asked (180).
func (p *Phone) Ring(id CallID) error {
	return p.command(id, func(c *call) []dialog.Effect { return c.usage.Progress(c.phone.now, sip.StatusRinging, dialog.Body{}) })
}

// Answer answers what waits for it: an Incoming call, an Offered session, an Answered that brought an offer. When no offer came
// the SDP is ours, and the far side's comes with Answered or Renegotiated.
func (p *Phone) Answer(id CallID, sdp string) error {
	return p.command(id, func(c *call) []dialog.Effect { return c.answer(sdp) })
}

// Refuse refuses an Offered session with a status, such as 488: the session stays as it was.
func (p *Phone) Refuse(id CallID, status int) error {
	return p.command(id, func(c *call) []dialog.Effect { return c.refuse(status) })
}

// Reject refuses an Incoming call with a status from 300: 486 busy, 480 nobody there, 603 not wanted.
func (p *Phone) Reject(id CallID, status int) error {
	if status < 300 || status > 699 {
		return ErrConfig
	}
	return p.command(id, func(c *call) []dialog.Effect { return c.usage.Reject(c.phone.now, status) })
}

// Hangup ends a call as its state demands: CANCEL, 480 or BYE. Ended follows.
func (p *Phone) Hangup(id CallID) error {
	return p.command(id, func(c *call) []dialog.Effect { return c.usage.Hangup(c.phone.now) })
}

// Renegotiate offers a new session: hold, resume, or a page that was loaded again. Renegotiated follows. With "" the far side
// is asked for its offer, and Offered follows. An Offered that waits is refused with 491: it comes again.
func (p *Phone) Renegotiate(id CallID, sdp string) error {
	return p.command(id, func(c *call) []dialog.Effect { return c.renegotiate(sdp) })
}

// SendDigit sends a key by INFO, for a page whose audio cannot carry it: 0-9, *, #, A-D, held for so long.
func (p *Phone) SendDigit(id CallID, digit byte, held time.Duration) error {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	if strings.IndexByte("0123456789*#ABCD", digit) < 0 {
		return ErrDigit
	}
	return p.command(id, func(c *call) []dialog.Effect { return c.digit(digit, held) })
}

// Refer asks the far side to call somebody else instead (RFC 5589 §6). Referred follows; once the other call stands this one
// hangs up.
func (p *Phone) Refer(id CallID, to string) error {
	target, err := address(to, p.set.cfg.Domain)
	if err != nil {
		return err
	}
	return p.command(id, func(c *call) []dialog.Effect { return c.refer(sip.ReferTo{URI: target}) })
}

// ReferReplaces joins the far sides of two calls of this phone (RFC 5589 §7). Referred follows for the first of them.
func (p *Phone) ReferReplaces(id, other CallID) error {
	return p.command(id, func(c *call) []dialog.Effect { return c.referReplaces(other) })
}

// Close ends all calls and the binding, waits at most a few seconds for the answers, and gives the flow back. Closed follows as
// the last event. It is never refused; a phone that is gone says so.
func (p *Phone) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.broken != nil {
		return ErrClosed
	}
	if !p.asked { // once: it does not count for the mailbox
		p.asked = true
		p.postLocked(closed{})
	}
	return nil
}

type closed struct{}

func (closed) open(p *Phone) {
	if !p.closing.IsZero() {
		return
	}
	p.closing = p.now.Add(closeGrace)
	p.registration(regStop)
	for _, c := range append([]*call(nil), p.calls...) {
		if !c.over {
			c.perform(c.usage.Hangup(p.now))
		}
	}
}

func body(sdp string) dialog.Body {
	if sdp == "" {
		return dialog.Body{}
	}
	return dialog.SDP([]byte(sdp))
}
