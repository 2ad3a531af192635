package smpp

import (
	"errors"
	"fmt"
	"time"

	"tandem/digital/smpp/pdu"
)

// handle takes one piece of mail.
func (c *Client) handle(m any) {
	switch m := m.(type) {
	case dialled:
		c.madeOrNot(m)
	case read:
		if m.from == c.conn {
			c.receive(m.pdu, m.fault)
		}
	case broken:
		if m.from == c.conn {
			if errors.Is(m.err, pdu.ErrLength) {
				c.send(pdu.Nack(0, pdu.InvalidCommandLen))
			}
			c.on(linkLost, m.err.Error())
		}
	case answer:
		c.answered(m.token, m.status)
	}
}

// receive handles one PDU of the centre.
func (c *Client) receive(p pdu.PDU, fault *pdu.Fault) {
	switch {
	case fault != nil:
		c.metrics.garbled(c.config.Name)
		c.log.Warn("smpp message cannot be read", "trunk", c.config.Name, "err", fault)
		if reply, ok := fault.Reply(); ok {
			c.send(reply)
		} else if p.Command == pdu.SubmitSMResp { // answered, but with what? the centre had it
			c.submitted(p)
		}
	case p.Command == pdu.SubmitSMResp:
		c.submitted(p)
	case p.Command.IsResponse():
		c.controlled(p)
	case p.Command == pdu.DeliverSM && c.state >= LinkBound:
		c.delivered(p)
	case p.Command == pdu.EnquireLink:
		c.send(pdu.Answer(p, pdu.OK, ""))
	case p.Command == pdu.Unbind:
		c.send(pdu.Answer(p, pdu.OK, ""))
		c.on(linkUnbound, "the centre unbound")
	case p.Command == pdu.DeliverSM:
		c.send(pdu.Answer(p, pdu.WrongBindState, ""))
	default: // outbind among them: we bind by ourselves only
		c.send(pdu.Nack(p.Sequence, pdu.InvalidCommand))
	}
}

// controlled handles the answer to a bind, enquire_link or unbind, and generic_nack.
func (c *Client) controlled(p pdu.PDU) {
	command, ok := c.control[p.Sequence]
	if !ok {
		if p.Command == pdu.GenericNack {
			c.submitted(p)
		}
		return
	}
	delete(c.control, p.Sequence)
	switch command {
	case pdu.EnquireLink: // a generic_nack proves the link, too
		c.when.enquired = time.Time{}
		c.incoming.confirm()
	case pdu.Unbind:
		c.on(linkDrained, "")
	default:
		if p.Status == pdu.OK && p.Command != pdu.GenericNack {
			c.on(linkAnswer, "")
			return
		}
		c.log.Warn("smpp bind refused", "trunk", c.config.Name, "status", p.Status.String())
		c.on(linkRefused, fmt.Sprintf("bind refused: %s", p.Status))
	}
}
