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
		c.attemptRings(l, ev)
	case dialog.EarlyMedia:
		c.attemptEarly(l, ev)
	case dialog.Answered:
		c.attemptAnswered(l, ev)
	case dialog.Confirmed, dialog.OfferAccepted:
		c.answerCame(l, ev)
	case dialog.RemoteOffer:
		c.reoffer(l, ev)
	case dialog.OfferRefused, dialog.OfferWithdrawn:
		l.voidOffers()
		if !ev.Refresh && l.local != nil {
			l.rollBack()
		}
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

// answerCame takes the SDP of an ACK, or of a 2xx to a re-INVITE or UPDATE.
func (c *Call) answerCame(l *leg, ev dialog.Event) {
	switch {
	case ev.Body.Empty() || l.state >= legEnding:
	case ev.Refresh:
		c.refreshed(l, ev.Body.Data)
	default:
		c.reanswered(l, ev.Body.Data)
	}
}

// legGone reacts to a leg that ended by itself.
func (c *Call) legGone(l *leg) {
	kind := kindOfEnd(l.ended)
	if l != c.caller && l.answeredAt.IsZero() && l.ended.Kind == dialog.Ended {
		l.target.report(c.now, l.ended)
	}
	switch {
	case c.state >= callEnding:
	case l == c.caller:
		c.queue(CallerGone{})
		c.hangup(kind, leaver(l.ended, c.sideOf(l)))
	case l == c.peer:
		c.part(kind, leaver(l.ended, l.target.side()))
	case c.refer != nil && l == c.refer.leg:
		c.referrerGone(l)
	case l == c.attempts.winner:
		c.dropAttempts(kind)
	case c.attempts.purpose != idle:
		c.attemptFailed(l, kind)
	}
}

// leaver is who ended a leg: its far side, or nobody but time and network.
func leaver(ev dialog.Event, side string) string {
	if ev.By == dialog.Remote {
		return side
	}
	return "system"
}

// kindOfEnd says what the end of a dialog means to the other side.
func kindOfEnd(ev dialog.Event) Kind {
	if k, ok := KindOfQ850(ev.Cause); ok && k != Normal && ev.How == dialog.HowReject {
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
	case dialog.HowProtocol:
		return Malformed
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
	if l.usage == nil {
		return
	}
	status, headers := sip.StatusOK, []sip.Header(nil)
	switch ev.Request.Method {
	case sip.INFO:
		status, headers = c.info(l, ev.Request)
	case sip.REFER:
		status, headers = c.referred(l, ev.Request)
	case sip.OPTIONS, sip.NOTIFY:
	default:
		status = sip.StatusMethodNotAllowed
	}
	l.perform(l.usage.Reply(c.now, ev.Tx, status, dialog.Body{}, headers...))
	if status == sip.StatusAccepted {
		c.startReferral(l)
	}
}

// info takes a key that came as INFO. Where keys come as RFC 4733 too, the INFO only repeats them.
func (c *Call) info(l *leg, req *sip.Request) (int, []sip.Header) {
	if req.GetHeader("Info-Package") != nil {
		return sip.StatusBadInfoPackage, []sip.Header{sip.NewHeader("Recv-Info", "")}
	}
	if len(req.Body()) == 0 {
		return sip.StatusOK, nil // RFC 2976 §2.2
	}
	digit, ok := infoDigit(req)
	if !ok {
		return sip.StatusUnsupportedMediaType, []sip.Header{sip.NewHeader("Accept", "application/dtmf-relay, application/dtmf")}
	}
	if l.sawEvent {
		return sip.StatusOK, nil
	}
	if other := c.other(l); other != nil {
		c.media(media.SendDigits{Stream: other.stream, Digits: string(digit.Digit), Length: digit.Length})
	}
	c.digit(l, digit.Digit, "info")
	return sip.StatusOK, nil
}

func infoDigit(req *sip.Request) (dtmf.Press, bool) {
	kind, ok := sip.ContentTypeOf(req)
	if !ok {
		return dtmf.Press{}, false
	}
	d, err := dtmf.ParseInfo(kind.Type, req.Body())
	return d, err == nil
}
