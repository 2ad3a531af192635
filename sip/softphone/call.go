package softphone

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
)

// call is one dialog of a phone. Owned by it.
type call struct {
	phone   *Phone
	id      CallID
	usage   *dialog.Usage
	pending bool // came in, and is neither answered nor refused
	over    bool // Ended was told
	gone    bool // released

	offered bool // an offer waits for Answer or Refuse
	firm    bool // it came in an answer to us: to refuse it is to end the call
	offerBy time.Time

	referring referState
	referTx   dialog.TxID
	referBy   time.Time

	servers []serverTx
	clients []clientTx
	nextTx  dialog.TxID
	told    []dialog.Event // to be heard once the effects of a call into the usage are performed
	hearing bool
}

type serverTx struct {
	id dialog.TxID
	tx *transaction.ServerTx
}

type clientTx struct {
	id dialog.TxID
	tx *transaction.ClientTx
}

// place starts a call of ours.
func (p *Phone) place(d dialled) {
	c := &call{phone: p, id: d.id}
	c.usage = dialog.NewUAC(dialog.Config{
		CallID: sip.NewCallID(), LocalTag: sip.NewTag(), Local: p.aor, Remote: sip.NameAddr{URI: d.target}, Target: d.target,
		Contact: p.self, Headers: d.headers, Allow: allow, UserAgent: p.set.cfg.UserAgent, Rand: p.set.cfg.Rand,
	})
	p.add(c)
	c.perform(c.usage.Invite(p.now, body(d.sdp)))
}

// serve registers a server transaction and returns its number. ACK has none.
func (c *call) serve(tx *transaction.ServerTx) dialog.TxID {
	if tx.Request().Method == sip.ACK {
		c.servers = slices.DeleteFunc(c.servers, func(s serverTx) bool { return s.tx.Done() })
		return 0
	}
	c.nextTx++
	c.servers = append(c.servers, serverTx{c.nextTx, tx})
	return c.nextTx
}

// perform does what the dialog room wants done, then hears what it told.
func (c *call) perform(effects []dialog.Effect) {
	for _, e := range effects {
		switch e.Kind {
		case dialog.SendRequest:
			c.send(e)
		case dialog.SendCancel:
			c.cancel(e)
		case dialog.WriteACK:
			c.ack(e.Request)
		case dialog.Respond, dialog.Retransmit1xx, dialog.Retransmit2xx:
			c.respond(e)
		case dialog.Raise:
			c.told = append(c.told, e.Event)
		case dialog.Release:
			c.release()
		}
	}
	if c.hearing {
		return // the one below us goes on
	}
	c.hearing = true
	for len(c.told) > 0 {
		ev := c.told[0]
		c.told = c.told[1:]
		c.hear(ev)
	}
	c.told, c.hearing = nil, false
}

func (c *call) send(e dialog.Effect) {
	p := c.phone
	tx, err := p.set.layer.Send(e.Request, transaction.To(p.flow), func(ev transaction.ClientEvent) {
		if ev.Response != nil { // in the phone's goroutine, which gave it to the layer
			c.answered(e.Tx, ev)
			return
		}
		p.mail(unanswered{c, e.Tx, ev.Err})
	})
	if err != nil {
		p.mail(unanswered{c, e.Tx, err})
		return
	}
	c.clients = append(c.clients, clientTx{e.Tx, tx})
}

// answered takes a response.
func (c *call) answered(id dialog.TxID, ev transaction.ClientEvent) {
	if c.gone {
		return
	}
	if ev.Done {
		c.clients = slices.DeleteFunc(c.clients, func(t clientTx) bool { return t.id == id })
	}
	c.perform(c.usage.OnResponse(c.phone.now, id, ev.Response))
}

// unanswered is a request of ours that got no final response.
type unanswered struct {
	call *call
	id   dialog.TxID
	err  error
}

func (u unanswered) open(p *Phone) {
	c, err := u.call, dialog.ErrTransport
	if c.gone {
		return
	}
	if errors.Is(u.err, transaction.ErrTimeout) {
		err = dialog.ErrTimeout
	}
	c.clients = slices.DeleteFunc(c.clients, func(t clientTx) bool { return t.id == u.id })
	c.perform(c.usage.OnTxError(p.now, u.id, err))
}

func (c *call) cancel(e dialog.Effect) {
	for _, t := range c.clients {
		if t.id == e.Tx {
			c.note(t.tx.Cancel(e.Headers...))
		}
	}
}

// ack sends the ACK to a 2xx through the INVITE's transaction, which repeats it; an INVITE before that is forgotten.
func (c *call) ack(req *sip.Request) {
	to := transaction.To(c.phone.flow)
	for i, t := range c.clients {
		if invite := t.tx.Request(); invite.Method == sip.INVITE && invite.CSeq().SeqNo == req.CSeq().SeqNo {
			c.note(t.tx.Ack(req, to))
			for _, old := range c.clients[:i] {
				if old.tx.Request().Method == sip.INVITE {
					old.tx.Release()
				}
			}
			c.clients = slices.DeleteFunc(c.clients, func(o clientTx) bool { return o.id < t.id && o.tx.Request().Method == sip.INVITE })
			return
		}
	}
	c.note(c.phone.set.layer.Write(req, to))
}

func (c *call) respond(e dialog.Effect) {
	for i, s := range c.servers {
		if s.id != e.Tx {
			continue
		}
		c.note(s.tx.Respond(e.Response))
		if e.Response.StatusCode >= 300 || e.Response.StatusCode >= 200 && s.tx.Request().Method != sip.INVITE {
			c.servers = slices.Delete(c.servers, i, i+1)
		}
		return
	}
}

// note logs what the timers of the transactions will find anyway.
func (c *call) note(err error) {
	if err != nil {
		c.phone.set.cfg.Log.Debug("message not sent", "endpoint", c.phone.user, "call", string(c.id), "err", err)
	}
}

// release forgets the call.
func (c *call) release() {
	if c.gone {
		return
	}
	c.gone = true
	for _, t := range c.clients {
		t.tx.Release()
	}
	c.clients, c.servers = nil, nil
	c.phone.calls = slices.DeleteFunc(c.phone.calls, func(o *call) bool { return o == c })
	c.phone.set.metrics.calls.Dec()
}

// abandon ends a call whose phone is gone.
func (c *call) abandon() {
	if !c.over {
		c.over = true
		c.phone.tell(Ended{Call: c.id, Status: sip.StatusServiceUnavailable, Reason: "phone gone", By: dialog.Network.String()})
	}
	c.gone = true
	for _, t := range c.clients {
		t.tx.Release()
	}
	c.phone.set.metrics.calls.Dec()
}

// deadline is when tick is next due.
func (c *call) deadline() time.Time {
	return earlier(c.usage.Deadline(), earlier(c.offerBy, c.referBy))
}

// tick performs what is due.
func (c *call) tick() {
	now := c.phone.now
	if at := c.usage.Deadline(); !c.gone && !at.IsZero() && !now.Before(at) {
		c.perform(c.usage.OnTimer(now))
	}
	if !c.gone && !c.offerBy.IsZero() && !now.Before(c.offerBy) {
		c.perform(c.refuse(sip.StatusNotAcceptableHere))
	}
	if !c.gone && !c.referBy.IsZero() && !now.Before(c.referBy) {
		c.transfer(referDue, Referred{Status: sip.StatusRequestTimeout, Reason: sip.Phrase(sip.StatusRequestTimeout)})
	}
}

// answer answers what waits for it.
func (c *call) answer(sdp string) []dialog.Effect {
	switch {
	case c.pending:
		c.pending = false
		return c.usage.Accept(c.phone.now, body(sdp))
	case c.offered:
		c.waiting(false)
		return c.usage.Answer(c.phone.now, body(sdp))
	}
	return nil
}

func (c *call) refuse(status int) []dialog.Effect {
	if !c.offered {
		return nil
	}
	c.waiting(false)
	return c.usage.Refuse(c.phone.now, status)
}

// waiting notes whether an offer waits for the owner.
func (c *call) waiting(is bool) {
	c.offered, c.offerBy = is, time.Time{}
	if is {
		c.offerBy = c.phone.now.Add(OfferTime)
	}
}

// renegotiate offers. An offer of the far side that waits was for the page before: it is refused, and will come again.
func (c *call) renegotiate(sdp string) []dialog.Effect {
	if c.offered && !c.firm {
		c.perform(c.refuse(sip.StatusRequestPending))
	}
	if c.gone {
		return nil
	}
	return c.usage.Offer(c.phone.now, body(sdp))
}

// digit sends a key in the body that everybody reads, application/dtmf-relay.
func (c *call) digit(digit byte, held time.Duration) []dialog.Effect {
	ms := min(max(held.Milliseconds(), 40), 8000)
	text := "Signal=" + string(rune(digit)) + "\r\nDuration=" + strconv.FormatInt(ms, 10) + "\r\n"
	return c.usage.Send(c.phone.now, sip.INFO, dialog.Body{Type: "application/dtmf-relay", Data: []byte(text)})
}
