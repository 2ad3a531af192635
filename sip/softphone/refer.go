package softphone

import (
	"time"

	"tandem/sip"
	"tandem/sip/dialog"
)

// refer sends a REFER. One runs at a time.
func (c *call) refer(to sip.ReferTo) []dialog.Effect {
	if c.referring != referNone {
		c.phone.tell(Referred{Call: c.id, Status: sip.StatusRequestPending, Reason: sip.Phrase(sip.StatusRequestPending)})
		return nil
	}
	c.transfer(referStart, Referred{})
	effects := c.usage.Send(c.phone.now, sip.REFER, dialog.Body{}, to.Header(), sip.ReferredByHeader(sip.NameAddr{URI: c.phone.aor.URI}))
	for _, e := range effects {
		switch {
		case e.Kind == dialog.SendRequest:
			c.referTx = e.Tx
		case e.Kind == dialog.Raise && e.Event.Kind == dialog.Replied:
			c.referTx = e.Event.Tx
		}
	}
	return effects
}

// referReplaces refers to the far side of another call, with the dialog that is to be replaced: its tags as that side sees
// them (RFC 3891 §3).
func (c *call) referReplaces(id CallID) []dialog.Effect {
	for _, o := range c.phone.calls {
		target, ok := o.usage.RemoteTarget()
		if o.id == id && o != c && !o.over && ok {
			return c.refer(sip.ReferTo{URI: target, Replaces: sip.Replaces{
				CallID: o.usage.CallID(), ToTag: o.usage.RemoteTag(), FromTag: o.usage.LocalTag(),
			}})
		}
	}
	c.phone.tell(Referred{Call: c.id, Status: sip.StatusCallDoesNotExist, Reason: "no such call", Done: c.referring == referNone})
	return nil
}

// transfer takes a step of the transfer and tells about it.
func (c *call) transfer(on referOn, what Referred) {
	next, do, ok := referMachine.Step(c.referring, on)
	if !ok {
		return
	}
	c.referring = next
	if do&referArm != 0 {
		c.referBy = c.phone.now.Add(referTime)
	}
	if do&(referDisarm|referDone) != 0 {
		c.referBy = time.Time{}
	}
	if do&(referTell|referDone) != 0 {
		what.Call, what.Done = c.id, do&referDone != 0
		c.phone.tell(what)
	}
	if do&referLeave != 0 {
		c.perform(c.usage.Hangup(c.phone.now))
	}
}

// replied takes the answer to a request of ours that changes nothing of the session. Only that to REFER means something.
func (c *call) replied(ev dialog.Event) {
	if ev.Tx != c.referTx || c.referring != referSent {
		return
	}
	what := Referred{Status: ev.Status, Reason: short(ev.Text)}
	if ev.Status >= 300 {
		c.transfer(referRefused, what)
		return
	}
	c.transfer(referOK, what)
}

// notified takes a NOTIFY of the transfer.
func (c *call) notified(req *sip.Request) {
	frag, err := sip.ParseFrag(req.Body())
	state, _ := sip.SubscriptionStateOf(req)
	over := state.State == "terminated"
	what := Referred{Status: frag.Status, Reason: short(frag.Phrase)}
	switch {
	case err == nil && frag.Final() && frag.Status < 300:
		c.transfer(referSuccess, what)
	case err == nil && frag.Final():
		c.transfer(referFailure, what)
	case over: // RFC 3515 §2.4.7: the end of the subscription without a word on how it ended
		c.transfer(referFailure, Referred{Status: sip.StatusRequestTerminated, Reason: "not told"})
	case err == nil:
		c.transfer(referProgress, what)
	}
}
