package dialog

import (
	"time"

	"tandem/sip"
)

// maxOfferTries is how often one offer is sent again after 491 before OfferRefused.
const maxOfferTries = 8

// waitingOffer is the offer of ours that waits: behind an open one, or for its time after 491.
type waitingOffer struct {
	body    Body
	refresh bool // of this room: a session refresh
	tries   int
}

// Offer offers a new session: re-INVITE or UPDATE. It waits behind a pending one (a later Offer replaces a waiting one) and is tried
// again after 491, unless an offer of the peer comes first: then OfferRefused 491 says so. An empty body asks the peer for its offer. OfferAccepted, OfferRefused or, for an empty body, RemoteOffer follows.
func (u *Usage) Offer(now time.Time, body Body) []Effect {
	u.at(now)
	if u.state == StateTerminated || u.exit != exitNone {
		return u.take()
	}
	u.waiting = &waitingOffer{body: body}
	u.nextOffer()
	return u.take()
}

// nextOffer sends the waiting offer when its turn has come.
func (u *Usage) nextOffer() {
	w, d := u.waiting, u.current
	if w == nil || d == nil || u.armed(dueGlare) || u.exit != exitNone || u.offer != nil || d.turn != turnStable {
		return
	}
	if w.refresh {
		w.body = u.local // it may have changed since
	}
	switch u.state {
	case StateEarly:
		if !d.update || !d.settled || w.body.Empty() || u.rel != nil {
			return
		}
		u.sendUpdate(w, d)
	case StateConfirmed:
		if u.cfg.PreferUpdate && d.update && !w.body.Empty() {
			u.sendUpdate(w, d)
			return
		}
		if u.slot != slotFree {
			return
		}
		u.sendReinvite(w, d)
	}
}

func (u *Usage) sendUpdate(w *waitingOffer, d *dialog) {
	u.waiting = nil
	req := u.fresh(d, sip.UPDATE)
	fill(req, w.body)
	u.open = w.body
	u.stepTurn(d, turnSendOffer)
	u.start(&clientTx{what: forUpdate, req: req, d: d, body: w.body, refresh: w.refresh, tries: w.tries})
}

func (u *Usage) sendReinvite(w *waitingOffer, d *dialog) {
	u.waiting = nil
	req := u.fresh(d, sip.INVITE)
	fill(req, w.body)
	if !w.body.Empty() {
		u.open = w.body
		u.stepTurn(d, turnSendOffer)
	}
	u.stepSlot(slotSend)
	u.arm(dueReinvite, reinviteIn)
	u.start(&clientTx{what: forReinvite, req: req, d: d, body: w.body, refresh: w.refresh, tries: w.tries})
}

// reinvited takes the 2xx to our re-INVITE.
func (u *Usage) reinvited(c *clientTx, res *sip.Response) {
	d, seq, creds := c.d, c.req.CSeq().SeqNo, credentials(c.req)
	u.finish(c)
	u.disarm(dueReinvite)
	u.stepSlot(slotFinal)
	if u.state == StateTerminated {
		u.acknowledge(d, seq, creds, Body{})
		return
	}
	d.refresh(res)
	u.takeSession(res)
	body, _ := bodyOf(res)
	if body.Empty() {
		body = c.preview
	}
	if c.body.Empty() && !body.Empty() {
		d.ack = nil // the ACK goes with the answer
		u.offered(&remoteOffer{via: ViaSuccess, d: d, seq: seq, creds: creds, body: body})
		return
	}
	u.acknowledge(d, seq, creds, Body{})
	u.arm(dueForget, giveUp)
	u.offerAnswered(c, res, body)
	u.nextOffer()
}

// updated takes the 2xx to our UPDATE.
func (u *Usage) updated(c *clientTx, res *sip.Response) {
	u.finish(c)
	if u.state == StateTerminated {
		return
	}
	c.d.refresh(res)
	if u.state == StateConfirmed {
		u.takeSession(res)
	}
	if !c.body.Empty() {
		body, _ := bodyOf(res)
		u.offerAnswered(c, res, body)
	}
	u.nextOffer()
}

func (u *Usage) offerAnswered(c *clientTx, res *sip.Response, body Body) {
	e := Event{Kind: OfferAccepted, Status: res.StatusCode, Text: res.Reason, Refresh: c.refresh, RemoteTag: c.d.remoteTag, Body: body, Response: res}
	if body.Empty() {
		u.stepTurn(c.d, turnDropped)
		e.Kind, e.Status, e.Text = OfferRefused, 488, "no answer in the 2xx"
		u.raise(e)
		return
	}
	u.answered(c.d)
	u.remember(c.d, body)
	u.raise(e)
}

// remember keeps the peer's SDP of an early dialog for Answered.
func (u *Usage) remember(d *dialog, body Body) {
	if u.uac && u.state == StateEarly {
		d.preview = body
	}
}

// offerFailed takes the final response, or the failure, of our re-INVITE or UPDATE. res may be nil.
func (u *Usage) offerFailed(c *clientTx, status int, res *sip.Response) {
	if c.what == forReinvite {
		u.disarm(dueReinvite)
		u.stepSlot(slotFinal)
	}
	if u.state == StateTerminated {
		return
	}
	if !c.body.Empty() {
		u.stepTurn(c.d, turnDropped)
		u.open = Body{}
	}
	if u.fatal(status, res) {
		return
	}
	if c.what == forUpdate && (status == sip.StatusMethodNotAllowed || status == sip.StatusNotImplemented) {
		c.d.update = false // Allow was wrong: a re-INVITE instead
		u.resend(c)
		return
	}
	if wait, ok := u.retryIn(status, res); ok && c.tries < maxOfferTries {
		if c.what == forUpdate && c.body.Empty() {
			u.arm(dueRefresh, wait)
			return
		}
		if u.waiting == nil {
			u.waiting = &waitingOffer{body: c.body, refresh: c.refresh, tries: c.tries + 1}
		}
		u.arm(dueGlare, wait)
		return
	}
	u.refreshFailed()
	if !c.body.Empty() || c.what == forReinvite {
		e := Event{Kind: OfferRefused, Status: status, Text: sip.Phrase(status), Refresh: c.refresh, RemoteTag: c.d.remoteTag, Response: res}
		if res != nil {
			e.Text = res.Reason
		}
		u.raise(e)
	}
	u.nextOffer()
}

// resend sends what an UPDATE meant in another way.
func (u *Usage) resend(c *clientTx) {
	if c.body.Empty() {
		u.refreshSession()
		return
	}
	if u.waiting == nil {
		u.waiting = &waitingOffer{body: c.body, refresh: c.refresh, tries: c.tries + 1}
	}
	u.nextOffer()
}

// retryIn is the back-off after 491 (RFC 3261 §14.1: the side that owns the Call-ID waits 2.1 to 4 s, the other up to 2 s, in units of
// 10 ms), or the Retry-After of a 500 that means an offer of the peer is open.
func (u *Usage) retryIn(status int, res *sip.Response) (time.Duration, bool) {
	const unit = 10 * time.Millisecond
	switch {
	case status == sip.StatusRequestPending && u.uac:
		return 2100*time.Millisecond + time.Duration(u.cfg.random()*191)*unit, true
	case status == sip.StatusRequestPending:
		return time.Duration(u.cfg.random()*201) * unit, true
	case status == sip.StatusServerInternalError && res != nil:
		r, ok := sip.RetryAfterOf(res)
		return r.After, ok && r.After <= 10*time.Second
	}
	return 0, false
}

// fatal: 481 and 408, from the peer or the network, end the dialog, RFC 3261 §12.2.1.2 and RFC 5057 §5.1.
func (u *Usage) fatal(status int, res *sip.Response) bool {
	if u.state != StateConfirmed || status != sip.StatusRequestTimeout && status != sip.StatusCallDoesNotExist {
		return false
	}
	e := Event{Status: status, Text: sip.Phrase(status), By: Remote, How: HowTimeout, Response: res}
	if res == nil {
		e.By = Network
	}
	u.end(onError, e)
	return true
}

// reinviteStuck cancels a re-INVITE that rings for ever; its transaction still ends with a final response or an error.
func (u *Usage) reinviteStuck() {
	for _, c := range u.clients {
		if c.what == forReinvite {
			if c.heard {
				u.emit(Effect{Kind: SendCancel, Tx: c.id})
			}
			u.end(onTimeout, Event{Status: 408, Text: "no final response to re-INVITE", By: Network, How: HowTimeout})
			return
		}
	}
}
