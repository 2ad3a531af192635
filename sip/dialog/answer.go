package dialog

import (
	"math"
	"time"

	"tandem/sip"
)

// remoteOffer is the offer of the peer that waits for Answer or Refuse, with what carries the answer.
type remoteOffer struct {
	via   Via
	d     *dialog
	tx    TxID         // ViaReInvite, ViaOfferless, ViaUpdate, ViaPrack
	req   *sip.Request // the same
	rack  sip.RAck     // ViaProvisional
	seq   uint32       // ViaInvite, ViaSuccess: CSeq of the ACK
	creds []sip.Header // ViaSuccess
	body  Body
}

// invite tells whether the carrier is a re-INVITE of the peer.
func (o *remoteOffer) invite() bool { return o.via == ViaReInvite || o.via == ViaOfferless }

// clash is the status that refuses an offer of the peer now, or 0: RFC 3261 §14.2, RFC 3311 §5.2.
func (u *Usage) clash(d *dialog) int {
	_, do, _ := turnMachine.Step(d.turn, turnRecvOffer)
	switch {
	case do&do491 != 0 || u.offer == nil && u.offerDue(d):
		return sip.StatusRequestPending
	case do&do500 != 0 || u.offer != nil:
		return sip.StatusServerInternalError
	}
	return 0
}

// offerDue: an INVITE without SDP is open, so the next offer is the one that answers it. RFC 3311 §5.1.
func (u *Usage) offerDue(d *dialog) bool {
	if u.inv != nil && u.inv.initial && u.inv.req != nil && !u.inv.offered && !d.settled {
		return true
	}
	for _, c := range u.clients {
		if c.body.Empty() && (c.what == forReinvite || c.what == forInvite && !d.settled) {
			return true
		}
	}
	return false
}

// decline answers 491, or 500 with a Retry-After of 0 to 10 s.
func (u *Usage) decline(tx TxID, req *sip.Request, status int) {
	if status == sip.StatusServerInternalError {
		wait := time.Duration(math.Floor(u.cfg.random()*11)) * time.Second
		u.answer(tx, req, status, sip.RetryAfter{After: wait}.Header())
		return
	}
	u.answer(tx, req, status)
}

// offered opens an offer of the peer and tells the owner.
func (u *Usage) offered(o *remoteOffer) {
	u.overtaken(o.d)
	if o.via != ViaOfferless {
		u.stepTurn(o.d, turnRecvOffer)
	}
	u.offer = o
	u.raise(Event{Kind: RemoteOffer, Via: o.via, Tx: o.tx, Body: o.body, RemoteTag: o.d.remoteTag, Request: o.req})
}

// overtaken gives up an offer of ours that met 491 and waits: it was made before the offer of the peer that comes now. The owner may
// offer again.
func (u *Usage) overtaken(d *dialog) {
	w := u.waiting
	if w == nil || w.tries == 0 || w.refresh {
		return
	}
	u.waiting = nil
	u.disarm(dueGlare)
	u.raise(Event{Kind: OfferRefused, Status: 491, Text: "overtaken by an offer of the peer", RemoteTag: d.remoteTag})
}

// drop closes the open offer of the peer without an answer.
func (u *Usage) drop() {
	if u.offer != nil && u.offer.via != ViaOfferless {
		u.stepTurn(u.offer.d, turnDropped)
	}
	u.offer = nil
}

// onInvite takes a re-INVITE, RFC 3261 §14.2.
func (u *Usage) onInvite(tx TxID, req *sip.Request, d *dialog) {
	_, do, ok := slotMachine.Step(u.slot, slotRecv)
	switch {
	case !ok || do&slot491 != 0:
		u.decline(tx, req, sip.StatusRequestPending)
		return
	case do&slot500 != 0:
		u.decline(tx, req, sip.StatusServerInternalError)
		return
	}
	if res := u.refusal(req); res != nil {
		u.emit(Effect{Kind: Respond, Tx: tx, Response: res})
		return
	}
	body, _ := bodyOf(req)
	status := u.clash(d)
	if body.Empty() && status == 0 && d.turn != turnStable {
		status = sip.StatusRequestPending
	}
	if status != 0 {
		u.decline(tx, req, status)
		return
	}
	u.stepSlot(slotRecv)
	u.inv = &incoming{tx: tx, req: req, seq: req.CSeq().SeqNo, offered: !body.Empty()}
	via := ViaReInvite
	if body.Empty() {
		via = ViaOfferless
	}
	u.offered(&remoteOffer{via: via, d: d, tx: tx, req: req, body: body})
}

// onUpdate takes an UPDATE, RFC 3311 §5.2.
func (u *Usage) onUpdate(tx TxID, req *sip.Request, d *dialog) {
	if res := u.refusal(req); res != nil {
		u.emit(Effect{Kind: Respond, Tx: tx, Response: res})
		return
	}
	body, _ := bodyOf(req)
	if body.Empty() {
		u.acceptUpdate(tx, req, d, body)
		return
	}
	if status := u.clash(d); status != 0 {
		u.decline(tx, req, status)
		return
	}
	u.offered(&remoteOffer{via: ViaUpdate, d: d, tx: tx, req: req, body: body})
}

func (u *Usage) acceptUpdate(tx TxID, req *sip.Request, d *dialog, body Body) {
	d.refresh(req)
	res := u.response(req, sip.StatusOK, body)
	if u.state == StateConfirmed {
		u.agreeSession(req, res)
	}
	u.emit(Effect{Kind: Respond, Tx: tx, Response: res})
}

// Answer answers the offer that the last RemoteOffer, EarlyMedia or Answered event told of.
func (u *Usage) Answer(now time.Time, body Body) []Effect {
	u.at(now)
	if u.offer == nil || body.Empty() || u.state == StateTerminated {
		u.misused("answer")
		return u.take()
	}
	o := u.offer
	u.offer = nil
	if o.via == ViaOfferless {
		u.stepTurn(o.d, turnSendOffer)
		u.open = body
	} else {
		u.stepTurn(o.d, turnSendAnswer)
		u.local = body
	}
	switch o.via {
	case ViaReInvite, ViaOfferless:
		u.respond2xx(body, nil)
	case ViaUpdate:
		u.remember(o.d, o.body)
		u.acceptUpdate(o.tx, o.req, o.d, body)
	case ViaPrack:
		u.emit(Effect{Kind: Respond, Tx: o.tx, Response: u.response(o.req, sip.StatusOK, body)})
	case ViaInvite:
		u.acknowledge(o.d, o.seq, u.inviteCreds(), body)
	case ViaSuccess:
		u.acknowledge(o.d, o.seq, o.creds, body)
		u.arm(dueForget, giveUp)
	case ViaProvisional:
		o.d.settled = true
		u.remember(o.d, o.body)
		u.prack(o.d, o.rack, body)
	}
	u.pracked()
	u.nextOffer()
	return u.take()
}

// Refuse refuses that offer (488 and the like). The session stays as it was; where the carrier cannot be refused the usage ends.
func (u *Usage) Refuse(now time.Time, status int, headers ...sip.Header) []Effect {
	u.at(now)
	if u.offer == nil || status < 300 || status > 699 || u.state == StateTerminated {
		u.misused("refuse")
		return u.take()
	}
	o := u.offer
	switch o.via {
	case ViaReInvite, ViaOfferless, ViaUpdate, ViaPrack:
		u.refuse(status, headers)
		u.pracked()
		u.nextOffer()
	case ViaInvite, ViaSuccess:
		u.end(onError, Event{Status: status, By: Local, How: HowReject})
	case ViaProvisional:
		u.drop()
		u.hangup(headers)
	}
	return u.take()
}

// refuse answers the carrier of the open offer with an error.
func (u *Usage) refuse(status int, headers []sip.Header) {
	o := u.offer
	u.answer(o.tx, o.req, status, headers...)
	if o.invite() {
		u.inv = nil
		u.stepSlot(slotReject)
	}
	u.drop()
}
