package dialog

import (
	"slices"
	"time"

	"tandem/sip"
)

// calling is the initial INVITE of a UAC, until 64·T1 after its first 2xx.
type calling struct {
	tx       TxID
	seq      uint32
	offered  bool
	body     Body         // the offer
	creds    []sip.Header // of the attempt that was answered
	forks    []*dialog    // dialogs beside the current one
	heard    bool         // a 1xx of this attempt came: CANCEL may go
	answered bool
}

// Invite sends the initial INVITE (UAC, once). An empty body makes a late offer.
func (u *Usage) Invite(now time.Time, body Body) []Effect {
	u.at(now)
	c := u.calling
	if !u.uac || c == nil || c.tx != 0 || u.state != StateTrying {
		u.misused("invite")
		return u.take()
	}
	u.cseq++
	start := &dialog{target: u.cfg.Target}
	for _, r := range u.cfg.Route {
		cleanURI(&r)
		start.routes = append(start.routes, r.String())
	}
	req := u.request(start, sip.INVITE, u.cseq)
	u.announce(req)
	u.askSession(req)
	add(req, u.cfg.Headers)
	fill(req, body)
	c.offered, c.body = !body.Empty(), body
	u.cfg.Headers, u.cfg.Route = nil, nil
	u.stepSlot(slotSend)
	c.tx = u.start(&clientTx{what: forInvite, req: req, body: body})
	c.seq = u.cseq
	return u.take()
}

// provisional takes a 1xx to the initial INVITE.
func (u *Usage) provisional(res *sip.Response) {
	tag := sip.ToTag(res)
	on := on1xx
	if tag != "" && res.StatusCode > sip.StatusTrying {
		on = on1xxTag
	}
	if u.state == StateConfirmed || u.state == StateTerminated {
		return // late: forked, or overtaken by the 2xx
	}
	u.state, _, _ = dialogMachine.Step(u.state, on)
	u.calling.heard = true
	if u.exit == exitWanted {
		u.cancel()
	}
	if u.exit != exitNone || res.StatusCode == sip.StatusTrying {
		return
	}
	if on == on1xx {
		u.raise(Event{Kind: Ringing, Status: res.StatusCode, Text: res.Reason, Response: res})
		return
	}
	if d := u.early(res, tag); d != nil {
		u.progressed(d, res)
	}
}

// early finds or makes the early dialog of a provisional response; nil when there are too many.
func (u *Usage) early(res *sip.Response, tag string) *dialog {
	if d := u.dialogOf(tag); d != nil {
		d.refresh(res)
		return d
	}
	if len(u.calling.forks) >= maxForks {
		return nil
	}
	return u.fork(res)
}

// progressed takes a provisional response of an early dialog: reliable or not, with an answer, an offer or nothing.
func (u *Usage) progressed(d *dialog, res *sip.Response) {
	rack, rel := rackOf(res)
	if rel && d.rseq != 0 && rack.RSeq != d.rseq+1 {
		return // a retransmission, or one before it is missing: RFC 3262 §4
	}
	if rel && len(u.clients) >= maxPending {
		return // the peer sends it again
	}
	body, _ := bodyOf(res)
	lateOffer := rel && !u.calling.offered && !d.settled && d.turn == turnStable && !body.Empty()
	if lateOffer && u.offer != nil {
		return // another fork's offer is open: the peer sends this one again
	}
	if rel {
		d.rseq = rack.RSeq
	}
	e := Event{Kind: Ringing, Status: res.StatusCode, Text: res.Reason, RemoteTag: d.remoteTag, Reliable: rel, Response: res}
	u.raise(e)
	e.Kind, e.Body = EarlyMedia, body
	switch {
	case lateOffer:
		u.stepTurn(d, turnRecvOffer)
		u.offer = &remoteOffer{via: ViaProvisional, d: d, rack: rack, body: body}
		e.IsOffer, e.Via = true, ViaProvisional
		u.raise(e)
		return // acknowledged with the answer
	case body.Empty() || d.settled || d.turn != turnLocal:
	default:
		d.preview = body
		if rel {
			d.settled = true
			u.stepTurn(d, turnRecvAnswer)
			u.local = u.calling.body
		}
		u.raise(e)
	}
	if rel {
		u.prack(d, rack, Body{})
	}
	u.nextOffer()
}

// success takes a 2xx to the initial INVITE: the first, a retransmission, or a fork's. RFC 3261 §13.2.2.4.
func (u *Usage) success(c *clientTx, res *sip.Response) {
	if c != nil {
		u.calling.creds = credentials(c.req)
		u.finish(c)
	}
	d := u.dialogOf(sip.ToTag(res))
	switch {
	case d != nil && d.ack != nil:
		u.emit(Effect{Kind: WriteACK, Request: d.ack})
	case d != nil && u.calling.answered && d == u.current:
		// the ACK waits for Answer
	case u.calling.answered || u.state == StateTerminated:
		u.reap(res)
	default:
		u.win(d, res)
	}
}

// conclude settles offer and answer with the 2xx, and sends the ACK unless it waits for our answer.
func (u *Usage) conclude(d *dialog, res *sip.Response) {
	body, _ := bodyOf(res)
	e := Event{Kind: Answered, Status: res.StatusCode, Text: res.Reason, RemoteTag: d.remoteTag, Body: body, Response: res}
	ack := func() { u.acknowledge(d, u.calling.seq, u.inviteCreds(), Body{}) }
	switch {
	case u.offer != nil && u.offer.via == ViaProvisional: // its PRACK is overtaken
		u.offer.via, u.offer.seq = ViaInvite, u.calling.seq
		e.IsOffer, e.Via, e.Body = true, ViaInvite, u.offer.body
	case d.settled:
		ack()
		e.Body = d.preview
	case u.calling.offered:
		ack()
		if body.Empty() {
			e.Body = d.preview // a peer that answers in 18x only
		}
		if e.Body.Empty() {
			u.stepTurn(d, turnDropped)
			u.end(onError, Event{Status: 488, Text: "no answer in the 2xx", By: Remote, How: HowProtocol, Response: res})
			return
		}
		u.stepTurn(d, turnRecvAnswer)
		u.local = u.calling.body
	case body.Empty():
		ack()
		u.end(onError, Event{Status: 488, Text: "no offer in the 2xx", By: Remote, How: HowProtocol, Response: res})
		return
	default:
		u.stepTurn(d, turnRecvOffer)
		u.offer = &remoteOffer{via: ViaInvite, d: d, seq: u.calling.seq, body: body}
		e.IsOffer, e.Via = true, ViaInvite
	}
	u.raise(e)
}

// failed takes a final response of 300 and above to the initial INVITE; the transaction room has sent the ACK.
func (u *Usage) failed(res *sip.Response) {
	u.stepSlot(slotFinal)
	e := Event{Status: res.StatusCode, Text: res.Reason, By: Remote, How: HowReject, Response: res}
	if u.exit != exitNone {
		e.By, e.How = Local, HowCancel
		u.end(onCancelled, e)
		return
	}
	e.because(res)
	if res.StatusCode < 400 {
		u.raise(Event{Kind: Redirected, Status: res.StatusCode, Text: res.Reason, Contacts: contactsOf(res), Response: res})
	}
	u.end(onRejected, e)
}

// contactsOf are the targets of a redirect, the most wanted first.
func contactsOf(res *sip.Response) []sip.URI {
	cs, _ := sip.Contacts(res)
	slices.SortStableFunc(cs, func(a, b sip.Contact) int {
		switch {
		case a.Q > b.Q:
			return -1
		case a.Q < b.Q:
			return 1
		}
		return 0
	})
	var out []sip.URI
	for _, c := range cs {
		if !c.Wildcard {
			out = append(out, c.URI)
		}
	}
	return out
}
