package softphone

import (
	"errors"

	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
)

// Deliver implements transport.LocalPeer.
func (p *Phone) Deliver(message []byte) error { return p.mail(incoming(message)) }

// Gone implements transport.LocalPeer.
func (p *Phone) Gone(err error) { p.fail(errors.Join(ErrFlow, err)) }

// incoming is a message of the gateway.
type incoming []byte

func (m incoming) open(p *Phone) {
	msg, err := p.set.parser.ParseSIP(m)
	if err != nil {
		if len(m) > 2 { // no pong
			p.set.cfg.Log.Warn("gateway's message not understood", "endpoint", p.user, "err", err)
		}
		return
	}
	p.set.layer.Receive(msg, p.flow)
}

// outgoing is a message to the gateway.
type outgoing []byte

func (m outgoing) open(p *Phone) {
	if err := p.local.Send(m); err != nil {
		p.fail(errors.Join(ErrFlow, err))
	}
}

// inviteLost is an INVITE that the watchdog answered.
type inviteLost struct{ tx *transaction.ServerTx }

func (l inviteLost) open(p *Phone) { p.canceled(l.tx, nil) }

// serve takes a request from the layer.
func (p *Phone) serve(tx *transaction.ServerTx) {
	req := tx.Request()
	c := p.callOf(req)
	switch {
	case c != nil:
		c.perform(c.usage.OnRequest(p.now, c.serve(tx), req))
	case req.Method == sip.ACK:
	case sip.ToTag(req) != "":
		respond(tx, sip.StatusCallDoesNotExist)
	case req.Method == sip.INVITE:
		p.invited(tx)
	case req.Method == sip.OPTIONS:
		res := tx.Response(sip.StatusOK, "")
		res.AppendHeader(sip.NewHeader("Allow", allow))
		tx.Respond(res)
	default:
		res := tx.Response(sip.StatusMethodNotAllowed, "")
		res.AppendHeader(sip.NewHeader("Allow", allow))
		tx.Respond(res)
	}
}

func respond(tx *transaction.ServerTx, status int) { tx.Respond(tx.Response(status, "")) }

// callOf finds the call of an in-dialog request.
func (p *Phone) callOf(req *sip.Request) *call {
	tag, id := sip.ToTag(req), req.CallID().Value()
	if tag == "" {
		return nil
	}
	for _, c := range p.calls {
		if c.usage.LocalTag() == tag && c.usage.CallID() == id {
			return c
		}
	}
	return nil
}

// canceled takes the end of an INVITE that the layer answered by itself.
func (p *Phone) canceled(invite *transaction.ServerTx, cancel *sip.Request) {
	id, tag := invite.Request().CallID().Value(), invite.LocalTag()
	for _, c := range p.calls {
		if c.usage.CallID() == id && c.usage.LocalTag() == tag {
			c.perform(c.usage.OnCanceled(p.now, cancel))
			return
		}
	}
}

// invited makes a call of an INVITE.
func (p *Phone) invited(tx *transaction.ServerTx) {
	switch {
	case !p.closing.IsZero():
		respond(tx, sip.StatusTemporarilyUnavailable)
		return
	case len(p.calls) >= p.set.cfg.MaxCalls:
		p.set.metrics.refused.Inc()
		respond(tx, sip.StatusBusyHere)
		return
	}
	req := tx.Request()
	c := &call{phone: p, id: p.newID(), pending: true}
	usage, err := dialog.NewUAS(dialog.Config{LocalTag: tx.LocalTag(), Contact: p.self, Allow: allow, UserAgent: p.set.cfg.UserAgent, Rand: p.set.cfg.Rand}, req, c.serve(tx))
	if err != nil {
		var refused *dialog.RefusedError
		if errors.As(err, &refused) {
			tx.Respond(refused.Response)
		}
		return
	}
	c.usage = usage
	p.add(c)
	p.tell(invitation(c.id, req))
}

func invitation(id CallID, req *sip.Request) Incoming {
	in := Incoming{Call: id, Headers: extensions(req)}
	if from, err := sip.ParseNameAddr(sip.HeaderText(req, "From")); err == nil {
		in.From, in.Display = short(from.URI.User), short(from.Display)
	}
	if sdp, err := sip.SDP(req); err == nil {
		in.SDP = string(sdp)
	}
	return in
}

func (p *Phone) add(c *call) {
	p.calls = append(p.calls, c)
	p.set.metrics.calls.Inc()
}

// allow is what a phone understands.
const allow = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, NOTIFY, MESSAGE"
