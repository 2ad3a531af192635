package dialog

import (
	"strings"
	"time"

	"tandem/sip"
)

// exitState is how far our own leaving is.
type exitState uint8

const (
	exitNone   exitState = iota
	exitWanted           // CANCEL waits for a 1xx, RFC 3261 §9.1
	exitCancel           // CANCEL is out
	exitHeld             // BYE waits for the ACK or 64·T1, RFC 3261 §15
	exitBye              // BYE is out
)

// Hangup ends the usage as its state demands: CANCEL once a 1xx came, 480, BYE (held until ACK or 64·T1 on a UAS), or nothing.
// The headers (Reason, RFC 3326) go with it. Release follows within 64·T1.
func (u *Usage) Hangup(now time.Time, reason ...sip.Header) []Effect {
	u.at(now)
	if u.exit == exitNone && u.state != StateTerminated {
		u.hangup(reason)
	}
	return u.take()
}

func (u *Usage) hangup(reason []sip.Header) {
	u.reason = reason
	u.waiting = nil
	u.arm(dueGiveUp, giveUp)
	switch {
	case u.state == StateConfirmed:
		u.end(onLocalBye, Event{Status: 200, By: Local, How: HowBye})
	case !u.uac:
		u.reject(sip.StatusTemporarilyUnavailable, HowCancel, reason)
	case u.calling.tx == 0:
		u.end(onCancelled, Event{Status: 487, Text: sip.Phrase(487), By: Local, How: HowCancel})
	case !u.calling.heard:
		u.exit = exitWanted
	default:
		u.cancel()
	}
}

func (u *Usage) cancel() {
	u.exit = exitCancel
	u.emit(Effect{Kind: SendCancel, Tx: u.calling.tx, Headers: cleaned(u.reason)})
}

func cleaned(headers []sip.Header) []sip.Header {
	var probe sip.Request
	add(&probe, headers)
	return probe.Headers()
}

// end moves the dialog machine to its end, once: what is open is answered, the peer gets its BYE, the owner its event.
func (u *Usage) end(on dialogOn, e Event) {
	next, do, ok := dialogMachine.Step(u.state, on)
	if !ok || u.state == StateTerminated {
		return
	}
	u.state = next
	u.waiting = nil
	u.disarm(due1xx, duePrack, dueRing, dueGlare, dueReinvite, dueRefresh, dueExpire)
	if !u.armed(dueGiveUp) {
		u.arm(dueGiveUp, giveUp)
	}
	u.answerOpen()
	if do&doBye != 0 {
		u.leave()
	}
	if do&doEnd != 0 {
		e.Kind = Ended
		if u.current != nil {
			e.RemoteTag = u.current.remoteTag
		}
		u.raise(e)
	}
}

// answerOpen settles what waits for an answer of ours, RFC 3261 §15.1.2.
func (u *Usage) answerOpen() {
	if o := u.offer; o != nil {
		switch o.via {
		case ViaInvite:
			u.acknowledge(o.d, o.seq, u.inviteCreds(), Body{})
			u.drop()
		case ViaSuccess:
			u.acknowledge(o.d, o.seq, o.creds, Body{})
			u.drop()
		case ViaProvisional:
			u.drop()
		default:
			u.refuse(sip.StatusRequestTerminated, nil)
		}
	}
	if u.inv != nil && u.inv.req != nil {
		u.answer(u.inv.tx, u.inv.req, sip.StatusRequestTerminated)
		u.inv = nil
		u.stepSlot(slotReject)
	}
	u.rel = nil
	for _, s := range u.servers {
		u.answer(s.tx, s.req, sip.StatusRequestTerminated)
	}
	u.servers = nil
}

// leave sends the BYE, or holds it until the ACK for our 2xx to the initial INVITE.
func (u *Usage) leave() {
	if u.slot == slotUnacked && u.inv.initial {
		u.exit = exitHeld
		return
	}
	u.sendBye()
}

func (u *Usage) sendBye() {
	u.exit = exitBye
	u.bye(u.current, forBye)
}

func (u *Usage) bye(d *dialog, what purpose) {
	req := u.fresh(d, sip.BYE)
	if what == forBye {
		add(req, u.reason)
		u.reason = nil
	}
	fill(req, Body{})
	u.start(&clientTx{what: what, req: req, d: d})
}

// onBye takes the peer's BYE, RFC 3261 §15.1.2.
func (u *Usage) onBye(tx TxID, req *sip.Request, d *dialog) {
	u.answer(tx, req, sip.StatusOK)
	if u.uac && u.state != StateConfirmed {
		d.gone = true // it overtook its 2xx, or ends one early dialog
		return
	}
	e := Event{Status: 200, By: Remote, How: HowBye, Request: req}
	e.because(req)
	u.disarm(due2xx, dueAck)
	if u.slot == slotUnacked {
		u.stepSlot(slotAck)
		u.inv = nil
	}
	u.end(onRemoteBye, e)
}

// because takes the cause of the Reason header, RFC 3326.
func (e *Event) because(msg sip.Message) {
	for _, r := range sip.Reasons(msg) {
		if strings.EqualFold(r.Protocol, "Q.850") {
			e.Cause = r.Cause
		}
		if r.Text != "" {
			e.Text = r.Text
		}
	}
}

// settle releases an ended usage when nothing of it is open any more.
func (u *Usage) settle() {
	if u.state != StateTerminated || u.released || u.exit == exitHeld {
		return
	}
	for _, c := range u.clients {
		switch c.what {
		case forInvite, forReinvite, forBye, forForkBye:
			return
		}
	}
	u.release()
}

func (u *Usage) release() {
	u.released = true
	u.due = [nDue]time.Time{}
	u.clients, u.servers, u.calling, u.inv, u.rel, u.offer = nil, nil, nil, nil, nil, nil
	u.emit(Effect{Kind: Release})
}

// abandon leaves without the peer: 64·T1 went by since Hangup or the end.
func (u *Usage) abandon() {
	if u.state != StateTerminated {
		u.end(onCancelled, Event{Status: 408, Text: "no final response after CANCEL", By: Local, How: HowCancel})
	}
	if u.exit == exitHeld {
		u.sendBye()
	}
	if !u.released {
		u.release()
	}
}
