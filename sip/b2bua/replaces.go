package b2bua

import (
	"time"

	"tandem/sip"
	"tandem/sip/transaction"
)

// An INVITE may take the place of a leg (RFC 3891). It begins a call of its own, asks the one whose leg it names, answers, and hands its
// leg over.

// replacing reads the Replaces of an INVITE that is not in a dialog. It answers the request, and false, when that names nothing of ours, or
// comes from somebody who may not.
func (s *Switch) replacing(tx *transaction.ServerTx, a Arrival) (sip.Replaces, bool) {
	req := tx.Request()
	if req.GetHeader("Replaces") == nil {
		return sip.Replaces{}, true
	}
	r, ok := sip.ReplacesOf(req)
	if !ok {
		s.answer(tx, sip.StatusBadRequest)
		return r, false
	}
	at, ok := s.tags.get(r.ToTag)
	if !ok || at.leg.callID != r.CallID {
		s.answer(tx, sip.StatusCallDoesNotExist)
		return r, false
	}
	if a.Trunk == nil && a.Endpoint == "" {
		s.answer(tx, sip.StatusForbidden)
		return r, false
	}
	return r, true
}

// askPlace asks the call whose leg the caller wants to replace.
func (c *Call) askPlace() {
	a, ok := c.sw.tags.get(c.replaces.ToTag)
	if !ok || a.call == c || !a.call.post(wantPlace{c.replaces, c, c.arrival, c.now.Add(handoverWait)}) {
		c.turnAway(sip.StatusCallDoesNotExist)
		return
	}
	c.placeBy = c.now.Add(2 * handoverWait)
}

// turnAway refuses a caller with a status that no Kind has.
func (c *Call) turnAway(status int) {
	c.placeBy = time.Time{}
	if l := c.caller; l.usage != nil && l.state < legAnswered {
		l.perform(l.usage.Reject(c.now, status))
		l.step(legOnHangup)
	}
	c.hangup(KindOfStatus(status), "system")
}

// makePlace tells whether a leg may be replaced, and parts it from whom it talks to if so.
func (c *Call) makePlace(m wantPlace) {
	l := c.legByDialog(m.dialog)
	status := 0
	switch {
	case l == nil || c.state >= callEnding || c.now.After(m.by):
		status = sip.StatusCallDoesNotExist
	case m.guest.Trunk != nil && l.target.trunk != m.guest.Trunk, m.guest.Trunk == nil && m.guest.Endpoint == "":
		status = sip.StatusForbidden
	case l.state < legAnswered || c.other(l) == nil || c.refer != nil:
		status = sip.StatusCallDoesNotExist
	case m.dialog.EarlyOnly:
		status = sip.StatusBusyHere
	}
	if status != 0 {
		m.from.post(mayEnter{c, status})
		return
	}
	c.refer = &referral{leg: l, name: l.target.endpoint, side: c.sideOf(l), agent: l.target.agent != "", actor: "endpoint:" + m.guest.Endpoint, way: "replaced", target: m.guest.Caller}
	if m.guest.Trunk != nil {
		c.refer.actor = "trunk:" + m.guest.Trunk.Name()
	}
	c.stepOut(l)
	c.expects = c.now.Add(2 * handoverWait)
	if !m.from.post(mayEnter{host: c}) {
		c.notHanded()
	}
}

// enter answers the caller and hands his leg to the call that he enters.
func (c *Call) enter(m mayEnter) {
	if c.placeBy.IsZero() || c.state >= callEnding {
		if m.status == 0 {
			m.host.post(handed{status: sip.StatusRequestTerminated})
		}
		return
	}
	c.placeBy = time.Time{}
	if m.status != 0 {
		c.turnAway(m.status)
		return
	}
	c.answerCaller()
	l := c.caller
	if !c.handTo(m.host, l) {
		c.hangup(Overload, "system")
		return
	}
	c.caller = &leg{call: c}
	c.parting, c.expects = parting{by: "system"}, c.now.Add(handoverWait)
}
