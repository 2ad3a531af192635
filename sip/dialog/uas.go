package dialog

import (
	"time"

	"tandem/sip"
)

// Progress sends a provisional response, 101 to 199 (UAS). A body answers the INVITE's offer (and is then frozen: all later responses
// repeat it) or, when the INVITE had none and the peer supports 100rel, offers. A reliable response waits behind an unacknowledged one.
func (u *Usage) Progress(now time.Time, status int, body Body, headers ...sip.Header) []Effect {
	u.at(now)
	if !u.answerable() || status <= sip.StatusTrying || status >= 200 {
		u.misused("progress")
		return u.take()
	}
	u.progress(saying{status: status, body: body, headers: headers})
	return u.take()
}

// answerable: the initial INVITE waits for its final response, and no 2xx is held for a PRACK.
func (u *Usage) answerable() bool {
	return u.state != StateTerminated && u.inv != nil && u.inv.initial && u.inv.req != nil && (u.rel == nil || u.rel.held == nil)
}

func (u *Usage) progress(s saying) {
	if u.reliably(s) {
		u.progressReliably(s)
		return
	}
	d := u.current
	switch {
	case !u.inv.offered || d.settled:
		s.body = Body{} // an offer may not stand in an unreliable response, RFC 3261 §13.2.1; an answer is given once
	case !d.preview.Empty():
		s.body = d.preview
	default:
		d.preview = s.body
	}
	u.say(u.response(u.inv.req, s.status, s.body, s.headers...))
	u.arm(dueRing, ringAgain)
}

func (u *Usage) say(res *sip.Response) {
	u.state, _, _ = dialogMachine.Step(u.state, on1xxTag)
	u.inv.final = res // the last one said; replaced by the final response
	u.emit(Effect{Kind: Respond, Tx: u.inv.tx, Response: res})
}

// ringMore keeps proxies from giving up, RFC 3261 §13.3.1.1.
func (u *Usage) ringMore() {
	if u.inv == nil || u.inv.req == nil || u.inv.final == nil || u.state != StateEarly {
		return
	}
	u.emit(Effect{Kind: Respond, Tx: u.inv.tx, Response: u.inv.final})
	u.arm(dueRing, ringAgain)
}

// Accept sends 200 to the INVITE (UAS): the answer, or the offer if the INVITE had none. A frozen answer goes in place of body, and
// none after one that was given reliably. It is held while a reliable provisional response with SDP waits for its PRACK.
func (u *Usage) Accept(now time.Time, body Body, headers ...sip.Header) []Effect {
	u.at(now)
	d := u.current
	if !u.answerable() || body.Empty() && !d.settled && d.preview.Empty() && (u.rel == nil || !u.rel.sdp) {
		u.misused("accept")
		return u.take()
	}
	s := saying{status: sip.StatusOK, body: body, headers: headers}
	if u.rel != nil && u.rel.sdp || u.offer != nil {
		u.hold(s)
		return u.take()
	}
	u.accept(s)
	return u.take()
}

func (u *Usage) accept(s saying) {
	d := u.current
	u.rel = nil
	u.disarm(due1xx, duePrack, dueRing)
	switch {
	case d.settled:
		s.body = Body{}
	case u.inv.offered:
		if !d.preview.Empty() {
			s.body = d.preview
		}
		u.stepTurn(d, turnSendAnswer)
		u.local = s.body
	default:
		u.stepTurn(d, turnSendOffer)
		u.open = s.body
	}
	d.preview = Body{}
	u.state, _, _ = dialogMachine.Step(u.state, on2xx)
	u.respond2xx(s.body, s.headers)
	u.nextOffer()
}

// respond2xx accepts the peer's INVITE, initial or not, and repeats the 2xx until the ACK, RFC 3261 §13.3.1.4.
func (u *Usage) respond2xx(body Body, headers []sip.Header) {
	req := u.inv.req
	res := u.response(req, sip.StatusOK, body, headers...)
	u.agreeSession(req, res)
	if !u.inv.initial {
		u.current.refresh(req)
	}
	u.inv.req, u.inv.final, u.inv.spacing = nil, res, 0
	u.stepSlot(slotAccept)
	u.emit(Effect{Kind: Respond, Tx: u.inv.tx, Response: res})
	u.arm(due2xx, T1)
	u.arm(dueAck, giveUp)
}

func (u *Usage) repeat2xx() {
	if u.slot != slotUnacked || u.inv == nil {
		return
	}
	u.inv.spacing++
	u.emit(Effect{Kind: Retransmit2xx, Tx: u.inv.tx, Response: u.inv.final})
	u.arm(due2xx, backoff(u.inv.spacing))
}

// onACK takes the ACK for our 2xx; its branch does not matter.
func (u *Usage) onACK(req *sip.Request) {
	if u.slot != slotUnacked || u.inv == nil || req.CSeq() == nil || req.CSeq().SeqNo != u.inv.seq || sip.FromTag(req) != u.current.remoteTag {
		return
	}
	initial := u.inv.initial
	u.closeUnacked()
	body, _ := bodyOf(req)
	switch {
	case u.exit == exitHeld:
		u.sendBye()
	case u.state == StateTerminated:
	case initial:
		u.confirm(req, body)
	default:
		u.reconfirm(body)
	}
	u.nextOffer()
}

func (u *Usage) closeUnacked() {
	u.disarm(due2xx, dueAck)
	u.stepSlot(slotAck)
	u.inv = nil
}

func (u *Usage) confirm(req *sip.Request, body Body) {
	d := u.current
	if d.turn != turnLocal {
		u.raise(Event{Kind: Confirmed, RemoteTag: d.remoteTag, Request: req})
		return
	}
	if body.Empty() {
		u.stepTurn(d, turnDropped)
		u.end(onError, Event{Status: 488, Text: "no answer in the ACK", By: Remote, How: HowProtocol, Request: req})
		return
	}
	u.answered(d)
	u.raise(Event{Kind: Confirmed, RemoteTag: d.remoteTag, Body: body, Request: req})
}

// reconfirm takes the ACK for a 2xx to a re-INVITE.
func (u *Usage) reconfirm(body Body) {
	d := u.current
	if d.turn != turnLocal {
		return
	}
	if body.Empty() {
		u.stepTurn(d, turnDropped)
		u.raise(Event{Kind: OfferRefused, Status: 488, Text: "no answer in the ACK", RemoteTag: d.remoteTag})
		return
	}
	u.answered(d)
	u.raise(Event{Kind: OfferAccepted, Body: body, RemoteTag: d.remoteTag})
}

// answered: the peer answered our open offer.
func (u *Usage) answered(d *dialog) {
	u.stepTurn(d, turnRecvAnswer)
	u.local, u.open = u.open, Body{}
}

// ackMissing: 64·T1 without ACK, RFC 3261 §13.3.1.4.
func (u *Usage) ackMissing() {
	if u.slot != slotUnacked {
		return
	}
	u.closeUnacked()
	if u.exit == exitHeld {
		u.sendBye()
		return
	}
	u.end(onTimeout, Event{Status: 408, Text: "no ACK", By: Network, How: HowAckTimeout})
}

// Reject sends a final response, 300 to 699, to the INVITE (UAS) and ends the usage. Contact may be among the headers of a 3xx.
func (u *Usage) Reject(now time.Time, status int, headers ...sip.Header) []Effect {
	u.at(now)
	if u.state == StateTerminated || u.inv == nil || !u.inv.initial || u.inv.req == nil || status < 300 || status > 699 {
		u.misused("reject")
		return u.take()
	}
	u.reject(status, HowReject, headers)
	return u.take()
}

func (u *Usage) reject(status int, how How, headers []sip.Header) {
	res := u.response(u.inv.req, status, Body{}, headers...)
	u.emit(Effect{Kind: Respond, Tx: u.inv.tx, Response: res})
	u.inv = nil
	u.stepSlot(slotReject)
	u.end(onRejected, Event{Status: status, Text: res.Reason, By: Local, How: how})
}

// OnCanceled takes the news that the pending INVITE server transaction was cancelled and answered 487. cancel may be nil.
func (u *Usage) OnCanceled(now time.Time, cancel *sip.Request) []Effect {
	u.at(now)
	if u.slot != slotServer || u.inv == nil || u.state == StateTerminated {
		return u.take() // a 2xx was first: the call stands, RFC 3261 §9.2
	}
	initial := u.inv.initial
	u.inv = nil
	u.stepSlot(slotReject)
	if initial {
		e := Event{Status: 487, Text: sip.Phrase(487), By: Remote, How: HowCancel, Request: cancel}
		if cancel != nil {
			e.because(cancel)
		}
		u.end(onCancelled, e)
		return u.take()
	}
	if u.offer != nil && u.offer.invite() {
		u.drop()
		u.raise(Event{Kind: OfferWithdrawn, RemoteTag: u.current.remoteTag})
	}
	u.nextOffer()
	return u.take()
}
