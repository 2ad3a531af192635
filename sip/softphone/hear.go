package softphone

import (
	"cmp"

	"tandem/sip"
	"tandem/sip/dialog"
)

// hear turns what a dialog tells into what the owner of the phone must know.
func (c *call) hear(ev dialog.Event) {
	p := c.phone
	switch ev.Kind {
	case dialog.Ringing:
		if len(c.told) == 0 || c.told[0].Kind != dialog.EarlyMedia { // else that says it all
			p.tell(Progress{Call: c.id, Status: ev.Status})
		}
	case dialog.EarlyMedia, dialog.RemoteOffer:
		c.described(ev)
	case dialog.Answered:
		c.waiting(ev.IsOffer)
		c.firm = ev.IsOffer
		p.tell(Answered{Call: c.id, SDP: string(ev.Body.Data), Offer: ev.IsOffer, Headers: extensions(ev.Response)})
	case dialog.Confirmed:
		p.tell(Answered{Call: c.id, SDP: string(ev.Body.Data)})
	case dialog.OfferAccepted:
		if !ev.Refresh {
			p.tell(Renegotiated{Call: c.id, SDP: string(ev.Body.Data), Status: sip.StatusOK})
		}
	case dialog.OfferRefused:
		if !ev.Refresh {
			p.tell(Renegotiated{Call: c.id, Status: ev.Status, Reason: short(ev.Text)})
		}
	case dialog.OfferWithdrawn:
		c.waiting(false)
		p.tell(Withdrawn{c.id})
	case dialog.RequestReceived:
		c.requested(ev)
	case dialog.Replied:
		c.replied(ev)
	case dialog.Ended:
		c.ended(ev)
	case dialog.Misused: // a command that crossed an event: too late, and harmless
		p.set.cfg.Log.Debug("command came too late", "endpoint", p.user, "call", string(c.id), "err", ev.Text)
	}
}

// described takes SDP that came before the answer, or an offer of the far side.
func (c *call) described(ev dialog.Event) {
	if ev.Kind == dialog.EarlyMedia && !ev.IsOffer {
		c.phone.tell(Progress{Call: c.id, Status: ev.Status, SDP: string(ev.Body.Data)})
		return
	}
	c.waiting(true)
	c.firm = ev.Kind == dialog.EarlyMedia || ev.Via == dialog.ViaSuccess
	c.phone.tell(Offered{Call: c.id, SDP: string(ev.Body.Data)})
}

// requested answers a request in the dialog that changes nothing of the session.
func (c *call) requested(ev dialog.Event) {
	now, status := c.phone.now, sip.StatusOK
	pkg, _ := sip.EventOf(ev.Request)
	if ev.Request.Method == sip.NOTIFY && pkg != "refer" {
		status = sip.StatusBadEvent
	}
	c.perform(c.usage.Reply(now, ev.Tx, status, dialog.Body{}))
	if ev.Request.Method == sip.NOTIFY && status == sip.StatusOK {
		c.notified(ev.Request)
	}
}

// ended tells the end of the call, once.
func (c *call) ended(ev dialog.Event) {
	if c.over {
		return
	}
	if c.referring != referNone { // nobody will notify any more
		c.transfer(referFailure, Referred{Status: sip.StatusRequestTerminated, Reason: "call ended"})
	}
	c.over, c.pending = true, false
	c.waiting(false)
	status := ev.Status
	if ev.How == dialog.HowBye {
		status = cmp.Or(status, sip.StatusOK)
	}
	c.phone.tell(Ended{Call: c.id, Status: status, Cause: ev.Cause, Reason: short(ev.Text), By: ev.By.String()})
}
