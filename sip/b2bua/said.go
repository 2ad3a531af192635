package b2bua

import (
	"errors"

	"tandem/media"
	"tandem/media/dtmf"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
)

// onDialog takes what the dialog of a leg has to say.
func (c *Call) onDialog(l *leg, ev dialog.Event) {
	switch ev.Kind {
	case dialog.Ringing:
		c.attemptRings(l)
	case dialog.EarlyMedia:
		c.attemptEarly(l, ev)
	case dialog.Answered:
		c.attemptAnswered(l, ev)
	case dialog.Confirmed, dialog.OfferAccepted:
		if !ev.Body.Empty() {
			c.reanswered(l, ev.Body.Data)
		}
	case dialog.RemoteOffer:
		c.reoffer(l, ev)
	case dialog.OfferRefused:
		l.note(l.local.Reject())
	case dialog.RequestReceived:
		c.onInDialog(l, ev)
	case dialog.Redirected:
		c.redirected(l, ev)
	case dialog.Ended:
		l.ended = ev
		l.step(legOnOver)
	case dialog.Misused:
		c.log.Error("dialog misused", "leg", l.name, "err", ev.Text)
	}
}

// legGone reacts to a leg that ended by itself.
func (c *Call) legGone(l *leg) {
	kind := kindOfEnd(l.ended)
	if l != c.caller {
		l.target.report(c.now, l.ended)
	}
	switch {
	case c.state >= callEnding:
	case l == c.caller:
		c.queue(CallerGone{})
		c.hangup(kind, "caller")
	case l == c.peer:
		c.part(kind)
	case l == c.attempts.winner:
		c.dropAttempts(kind)
	case c.attempts.purpose != idle:
		c.attemptFailed(kind)
	}
}

// kindOfEnd says what the end of a dialog means to the other side.
func kindOfEnd(ev dialog.Event) Kind {
	if k, ok := KindOfQ850(ev.Cause); ok && ev.Cause != 0 && ev.How == dialog.HowReject {
		return k
	}
	switch ev.How {
	case dialog.HowBye:
		return Normal
	case dialog.HowCancel:
		return Canceled
	case dialog.HowReject:
		return KindOfStatus(ev.Status)
	case dialog.HowTimeout:
		if ev.Status == sip.StatusServiceUnavailable {
			return Unreachable
		}
	case 0:
		return Overload // it never had a stream
	}
	return Timeout
}

// dialogError names a transaction's failure in the words of the dialog room.
func dialogError(err error) error {
	if errors.Is(err, transaction.ErrTimeout) {
		return dialog.ErrTimeout
	}
	return dialog.ErrTransport
}

// onInDialog answers a request inside the dialog that is not about the session.
func (c *Call) onInDialog(l *leg, ev dialog.Event) {
	status := sip.StatusOK
	switch ev.Request.Method {
	case sip.INFO:
		status = c.info(l, ev.Request)
	case sip.OPTIONS, sip.NOTIFY:
	default:
		status = sip.StatusNotImplemented
	}
	l.perform(l.usage.Reply(c.now, ev.Tx, status, dialog.Body{}))
}

// info takes a key that came as INFO. Where keys come as RFC 4733 too, the INFO only repeats them.
func (c *Call) info(l *leg, req *sip.Request) int {
	digit, ok := infoDigit(req)
	if !ok {
		return sip.StatusUnsupportedMediaType
	}
	if l.sawEvent {
		return sip.StatusOK
	}
	if other := c.other(l); other != nil {
		c.media(media.SendDigits{Stream: other.stream, Digits: string(digit.Digit), Length: digit.Length})
	}
	c.digit(l, digit.Digit, "info")
	return sip.StatusOK
}

func infoDigit(req *sip.Request) (dtmf.Press, bool) {
	kind, ok := sip.ContentTypeOf(req)
	if !ok {
		return dtmf.Press{}, false
	}
	d, err := dtmf.ParseInfo(kind.Type, req.Body())
	return d, err == nil
}
