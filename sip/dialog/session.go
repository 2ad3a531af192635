package dialog

import (
	"time"

	"tandem/sip"
)

// Session timers, RFC 4028: one for each dialog, never forwarded.

// session is the agreed session interval.
type session struct {
	interval time.Duration // 0: none
	ours     bool          // we refresh
	minimum  time.Duration // largest Min-SE heard of
}

const (
	expireAhead  = 32 * time.Second // the BYE goes out this long, or a third of the interval, before the end: RFC 4028 §10
	maxMinimum   = time.Hour        // a peer that wants a longer Min-SE does not get it
	shortestNext = 10 * time.Second // between attempts to refresh
)

// askSession puts Session-Expires on an INVITE or UPDATE of ours, RFC 4028 §7.1 and §7.4: the role stays as it was agreed.
func (u *Usage) askSession(req *sip.Request) {
	se := sip.SessionExpires{Interval: u.session.interval}
	switch {
	case se.Interval > 0 && u.session.ours:
		se.Refresher = "uac"
	case se.Interval > 0:
		se.Refresher = "uas"
	default:
		se.Interval = u.cfg.SessionExpires
	}
	least := max(u.session.minimum, u.cfg.minSE())
	if se.Interval == 0 || u.state == StateEarly {
		return
	}
	se.Interval = max(se.Interval, least)
	req.AppendHeader(se.Header())
	if least > LeastSessionExpires {
		req.AppendHeader(sip.MinSEHeader(least))
	}
}

// takeSession takes what a 2xx to an INVITE or UPDATE of ours agreed to.
func (u *Usage) takeSession(res *sip.Response) {
	se, ok := sip.SessionExpiresOf(res)
	switch {
	case ok:
		u.agree(se.Interval, se.Refresher != "uas")
	case u.cfg.SessionExpires > 0 || u.session.interval > 0 && u.session.ours:
		u.agree(max(u.cfg.SessionExpires, u.session.interval), true) // the peer knows no timer: we refresh
	default:
		u.agree(0, false)
	}
}

// tooShort: an interval below our minimum from a peer that knows the timer, RFC 4028 §9.
func (u *Usage) tooShort(req *sip.Request) bool {
	se, ok := sip.SessionExpiresOf(req)
	return ok && se.Interval < u.cfg.minSE() && knowsTimer(req)
}

func knowsTimer(req *sip.Request) bool {
	return sip.HasToken(req, "Supported", "timer") || sip.HasToken(req, "Require", "timer")
}

// agreeSession decides the interval and the refresher of a request that we accept, and says so in the 2xx, RFC 4028 §9.
func (u *Usage) agreeSession(req *sip.Request, res *sip.Response) {
	se, ok := sip.SessionExpiresOf(req)
	own := u.cfg.SessionExpires
	switch {
	case !ok:
		se.Interval = own
	case own > 0:
		se.Interval = min(se.Interval, own)
	}
	if se.Interval == 0 {
		u.agree(0, false)
		return
	}
	if least, has := sip.MinSE(req); has {
		se.Interval = max(se.Interval, min(least, maxMinimum))
	}
	se.Interval = max(se.Interval, u.cfg.minSE())
	switch {
	case !knowsTimer(req):
		se.Refresher = "uas"
	case se.Refresher != "":
	case u.session.interval > 0 && u.session.ours:
		se.Refresher = "uas"
	default:
		se.Refresher = "uac"
	}
	res.AppendHeader(se.Header())
	if se.Refresher == "uac" {
		res.AppendHeader(sip.NewHeader("Require", "timer"))
	}
	u.agree(se.Interval, se.Refresher == "uas")
}

// agree starts the interval again.
func (u *Usage) agree(interval time.Duration, ours bool) {
	u.disarm(dueRefresh, dueExpire)
	if interval == 0 {
		u.session.interval = 0
		return
	}
	interval = max(interval, LeastSessionExpires)
	u.session.interval, u.session.ours = interval, ours
	if ours {
		u.arm(dueRefresh, interval/2)
	}
	u.arm(dueExpire, interval-min(expireAhead, interval/3))
}

// refreshSession sends the refresh: UPDATE without SDP where the peer allows UPDATE, else a re-INVITE with the SDP in force.
func (u *Usage) refreshSession() {
	if u.state != StateConfirmed || u.exit != exitNone {
		return
	}
	d := u.current
	if d.update {
		req := u.fresh(d, sip.UPDATE)
		fill(req, Body{})
		u.start(&clientTx{what: forUpdate, req: req, d: d, refresh: true})
		return
	}
	if u.waiting == nil && u.slot != slotClient {
		u.waiting = &waitingOffer{body: u.local, refresh: true}
	}
	u.nextOffer() // an offer that waits or is open refreshes too
}

// refreshFailed tries once more in the middle of what is left, after a request that would have refreshed the session.
func (u *Usage) refreshFailed() {
	if !u.session.ours || u.armed(dueRefresh) || !u.armed(dueExpire) {
		return
	}
	if left := u.due[dueExpire].Sub(u.now); left/2 > shortestNext {
		u.arm(dueRefresh, left/2)
	}
}

// again422 asks for the interval that the peer wants at least, RFC 4028 §7.3.
func (u *Usage) again422(c *clientTx, res *sip.Response) bool {
	least, ok := sip.MinSE(res)
	if !ok || least > maxMinimum || least <= u.session.minimum || u.state == StateTerminated || c.what == forInvite && u.exit != exitNone {
		return false
	}
	u.session.minimum = least
	next := u.again(c.req)
	se, _ := sip.SessionExpiresOf(next)
	se.Interval = max(se.Interval, least)
	for next.RemoveHeader("Session-Expires") || next.RemoveHeader("Min-SE") {
	}
	next.AppendHeader(se.Header())
	next.AppendHeader(sip.MinSEHeader(least))
	u.retry(c, next)
	return true
}
