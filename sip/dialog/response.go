package dialog

import (
	"errors"
	"slices"
	"time"

	"tandem/sip"
)

// purpose says what a client transaction is for.
type purpose uint8

const (
	forInvite   purpose = iota // the initial INVITE
	forReinvite                // re-INVITE
	forUpdate                  // UPDATE, with an offer or as a session refresh
	forPrack
	forSend    // a request of the owner
	forBye     // ends the usage
	forForkBye // ends a dialog that was not wanted
)

// clientTx is an open client transaction.
type clientTx struct {
	id      TxID
	first   TxID // of the first attempt, before a challenge
	what    purpose
	refresh bool
	heard   bool // re-INVITE: a 1xx came
	tries   int
	req     *sip.Request
	d       *dialog
	body    Body
	rseq    uint32   // last reliable provisional response to a re-INVITE
	preview Body     // the answer of a reliable provisional response to a re-INVITE
	realms  []string // challenged so far
}

// start opens a client transaction.
func (u *Usage) start(c *clientTx) TxID {
	u.nextTx++
	c.id = u.nextTx
	if c.first == 0 {
		c.first = c.id
	}
	u.clients = append(u.clients, c)
	u.emit(Effect{Kind: SendRequest, Tx: c.id, Request: c.req})
	return c.id
}

func (u *Usage) finish(c *clientTx) {
	u.clients = slices.DeleteFunc(u.clients, func(o *clientTx) bool { return o == c })
	if len(u.clients) == 0 {
		u.clients = nil
	}
}

func (u *Usage) client(tx TxID) *clientTx {
	for _, c := range u.clients {
		if c.id == tx {
			return c
		}
	}
	return nil
}

// OnResponse takes a response of the client transaction tx; for a 2xx to INVITE without a known transaction tx is 0.
func (u *Usage) OnResponse(now time.Time, tx TxID, res *sip.Response) []Effect {
	u.at(now)
	cseq := res.CSeq()
	if u.released || cseq == nil || cseq.MethodName == sip.CANCEL {
		return u.take()
	}
	c := u.client(tx)
	switch {
	case cseq.MethodName == sip.INVITE && res.IsSuccess():
		u.onInvite2xx(c, cseq.SeqNo, res)
	case c == nil || c.req.CSeq().SeqNo != cseq.SeqNo:
	case res.StatusCode < 200:
		u.on1xxResponse(c, res)
	default:
		u.onFinal(c, res)
	}
	return u.take()
}

func (u *Usage) onInvite2xx(c *clientTx, seq uint32, res *sip.Response) {
	switch {
	case u.calling != nil && seq == u.calling.seq && u.calling.tx != 0:
		u.success(c, res)
	case c != nil && c.what == forReinvite && seq == c.req.CSeq().SeqNo:
		u.reinvited(c, res)
	case u.current != nil && u.current.ack != nil && u.current.ackSeq == seq && sip.ToTag(res) == u.current.remoteTag:
		u.emit(Effect{Kind: WriteACK, Request: u.current.ack}) // a retransmission
	}
}

func (u *Usage) on1xxResponse(c *clientTx, res *sip.Response) {
	switch c.what {
	case forInvite:
		u.provisional(res)
	case forReinvite:
		c.heard = true
		rack, rel := rackOf(res)
		if !rel || u.state == StateTerminated || c.rseq != 0 && rack.RSeq != c.rseq+1 || len(u.clients) >= maxPending {
			return
		}
		c.rseq = rack.RSeq
		if body, _ := bodyOf(res); !body.Empty() && !c.body.Empty() {
			c.preview = body
		}
		u.prack(c.d, rack, Body{})
	}
}

func (u *Usage) onFinal(c *clientTx, res *sip.Response) {
	status := res.StatusCode
	if status >= 300 && u.again401(c, res) || status == sip.StatusSessionIntervalTooSmall && u.again422(c, res) {
		return
	}
	u.finish(c)
	switch c.what {
	case forInvite:
		u.failed(res)
	case forReinvite:
		u.offerFailed(c, status, res)
	case forUpdate:
		if res.IsSuccess() {
			u.updated(c, res)
		} else {
			u.offerFailed(c, status, res)
		}
	case forSend:
		u.replied(c, status, res)
	}
}

func (u *Usage) replied(c *clientTx, status int, res *sip.Response) {
	if u.state == StateTerminated {
		return
	}
	e := Event{Kind: Replied, Tx: c.first, Status: status, Text: sip.Phrase(status), By: Network, Response: res}
	if res != nil {
		e.By, e.Text, e.Body = Remote, res.Reason, Body{Data: res.Body()}
		if ct, ok := sip.ContentTypeOf(res); ok {
			e.Body.Type = ct.Type
		}
	}
	u.raise(e)
	u.fatal(status, res)
}

// OnTxError takes the failure of the client transaction tx: ErrTimeout counts as 408, all else as 503. RFC 3261 §8.1.3.1.
func (u *Usage) OnTxError(now time.Time, tx TxID, err error) []Effect {
	u.at(now)
	c := u.client(tx)
	if c == nil || u.released {
		return u.take()
	}
	status := sip.StatusServiceUnavailable
	if errors.Is(err, ErrTimeout) {
		status = sip.StatusRequestTimeout
	}
	u.finish(c)
	switch c.what {
	case forInvite:
		u.inviteLost(status)
	case forReinvite, forUpdate:
		u.offerFailed(c, status, nil)
	case forSend:
		u.replied(c, status, nil)
	}
	return u.take()
}

// inviteLost: nobody answered the initial INVITE, or it could not be sent.
func (u *Usage) inviteLost(status int) {
	u.stepSlot(slotFinal)
	e := Event{Status: status, Text: sip.Phrase(status), By: Network, How: HowTimeout}
	if u.exit != exitNone {
		e.By, e.How = Local, HowCancel
	}
	if u.state != StateConfirmed {
		u.end(onTimeout, e)
	}
}
