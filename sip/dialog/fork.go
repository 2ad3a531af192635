package dialog

import (
	"slices"

	"tandem/sip"
)

// The dialog set of a UAC: forks, and which of them wins. RFC 3261 §13.2.2.4.

// fork makes a dialog of a response and puts it into the set.
func (u *Usage) fork(res *sip.Response) *dialog {
	d := dialogFromResponse(res, u.cfg.Target)
	if u.calling.offered {
		d.turn, _, _ = turnMachine.Step(d.turn, turnSendOffer)
	}
	if u.current == nil {
		u.current = d
	} else {
		u.calling.forks = append(u.calling.forks, d)
	}
	return d
}

// reap ends a dialog of the set that came too late: ACK, then BYE, with its own tag, route set and target.
func (u *Usage) reap(res *sip.Response) {
	d := dialogFromResponse(res, u.cfg.Target)
	if len(u.calling.forks) < maxForks {
		u.calling.forks = append(u.calling.forks, d)
	}
	u.acknowledge(d, u.calling.seq, u.inviteCreds(), Body{})
	if len(u.clients) < 2*maxForks {
		u.bye(d, forForkBye)
	}
}

// win makes the dialog of the first 2xx the dialog of the usage.
func (u *Usage) win(d *dialog, res *sip.Response) {
	if d == nil {
		d = dialogFromResponse(res, u.cfg.Target)
		if u.calling.offered {
			d.turn, _, _ = turnMachine.Step(d.turn, turnSendOffer)
		}
	} else {
		d.adopt(res)
	}
	if u.offer != nil && u.offer.d != d {
		u.offer = nil
	}
	u.current, u.calling.answered, u.calling.forks = d, true, nil
	if u.exit == exitNone {
		u.dropClients(d)
	}
	u.state, _, _ = dialogMachine.Step(u.state, on2xx)
	u.stepSlot(slotFinal)
	u.arm(dueForget, giveUp)
	switch {
	case u.exit != exitNone: // CANCEL crossed the 2xx
		u.acknowledge(d, u.calling.seq, u.inviteCreds(), Body{})
		u.end(onCancelled, Event{Status: 487, By: Local, How: HowCancel, Response: res})
	case d.gone:
		u.acknowledge(d, u.calling.seq, u.inviteCreds(), Body{})
		u.end(onRemoteBye, Event{Status: res.StatusCode, By: Remote, How: HowBye, Response: res})
	default:
		u.takeSession(res)
		u.conclude(d, res)
		u.nextOffer()
	}
}

// restart forgets the early dialogs of an attempt that was challenged: they ended with its final response.
func (u *Usage) restart(id TxID, seq uint32) {
	u.calling.tx, u.calling.seq, u.calling.heard = id, seq, false
	switch {
	case u.offer != nil && u.offer.via == ViaProvisional:
		u.drop()
	case u.offer != nil:
		u.refuse(sip.StatusRequestTerminated, nil)
	}
	u.current, u.calling.forks = nil, nil
	u.dropClients(nil)
}

// dropClients forgets the transactions of all early dialogs but keep; who waits for them is told.
func (u *Usage) dropClients(keep *dialog) {
	gone := func(c *clientTx) bool { return c.d != nil && c.d != keep }
	const status = sip.StatusRequestTerminated
	for _, c := range u.clients {
		switch {
		case gone(c) && c.what == forSend:
			u.raise(Event{Kind: Replied, Tx: c.first, Status: status, Text: sip.Phrase(status), By: Local})
		case gone(c) && c.what == forUpdate:
			u.raise(Event{Kind: OfferRefused, Status: status, Text: sip.Phrase(status), RemoteTag: c.d.remoteTag})
		}
	}
	u.clients = slices.DeleteFunc(u.clients, gone)
}
