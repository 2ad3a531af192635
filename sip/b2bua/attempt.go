package b2bua

import (
	"cmp"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/store/journey"
)

// purpose says what attempts are for.
type purpose uint8

const (
	idle     purpose = iota
	dialling         // a Dial action of the script, or a transfer
	offering         // an offer of the dispatcher to an agent
	reaching         // the first leg of an originated call
)

// attempts are the legs placed to reach one destination: the targets of a group ring together, the next group is tried when
// the group before it could not be reached. The first that answers wins.
type attempts struct {
	purpose   purpose
	groups    [][]target
	alive     int
	kind      Kind          // why the last one failed
	by        string        // who made it fail: the callee, or the system because there was nobody
	redirects int           // how often we were sent on
	deadline  time.Time     // when it has rung long enough
	silentAt  time.Time     // when a trunk that has said nothing is given up for the next
	talk      time.Duration // how long the talk may last, 0: as long as they like
	winner    *leg          // of an offer: answered, waiting for the dispatcher's word
	offer     OfferAgent
}

// dial starts to reach a destination for the script.
func (c *Call) dial(a Dial) {
	dest, ok := c.sw.router.Resolve(a.Target, c.arrival)
	c.dismiss() // whoever was there before
	switch {
	case !ok || dest.nowhere():
		c.goneBy = "system"
		c.queue(PeerEnded{Kind: NotFound})
	case dest.Echo:
		c.connectEcho()
	default:
		c.reach(dest, a)
	}
}

// reach places legs to a destination for the caller.
func (c *Call) reach(dest Destination, a Dial) {
	c.attempts = attempts{
		purpose: dialling, groups: c.sw.targets(dest, c), deadline: deadlineAfter(c.now, a.Timeout), talk: a.MaxTime, kind: Unreachable,
	}
	c.step(callOnAttempt)
	c.nextGroup()
}

// nowhere tells that nothing can be dialled.
func (d Destination) nowhere() bool { return !d.Echo && d.Endpoint == "" && len(d.Trunks) == 0 }

// defaultRing bounds an attempt whose script named no timeout.
const defaultRing = 60 * time.Second

func deadlineAfter(now time.Time, d time.Duration) time.Time {
	if d <= 0 {
		d = defaultRing
	}
	return now.Add(d)
}

// nextGroup places the next group's legs, or gives up.
func (c *Call) nextGroup() {
	for len(c.attempts.groups) > 0 {
		group := c.attempts.groups[0]
		c.attempts.groups = c.attempts.groups[1:]
		for _, t := range group {
			c.place(t)
		}
		if c.attempts.alive > 0 {
			return
		}
	}
	c.attemptsOver(c.attempts.kind)
}

// place starts one leg. It goes on when its stream is open.
func (c *Call) place(t target) {
	if !c.room() || !t.acquire() {
		c.attempts.kind = Overload
		return
	}
	l := c.newLeg()
	l.target, l.route, l.browser = t, t.route, t.page
	c.attempts.alive++
	c.openStream(l)
}

// invite sends a placed leg's INVITE: a message of its own, built from nothing but the target and who is calling.
func (c *Call) invite(l *leg, offer []byte) {
	cfg := c.sw.callerConfig(c, l)
	c.sw.tags.put(cfg.LocalTag, address{c, l})
	l.usage = dialog.NewUAC(cfg)
	l.perform(l.usage.Invite(c.now, dialog.SDP(offer)))
	if l.target.trunk != nil && len(c.attempts.groups) > 0 {
		c.attempts.silentAt = c.now.Add(patience)
	}
	if c.attempts.purpose != offering { // of an offer the dispatcher tells
		c.journal(journey.Dialled, "system", l.dialled())
	}
}

// dialled is what the journal says of a leg that was placed.
func (l *leg) dialled() map[string]string {
	data := map[string]string{journey.DataLeg: l.name}
	if t := l.target.trunk; t != nil {
		data[journey.DataCalled], data[journey.DataTrunk] = l.target.name, t.Name()
	} else {
		data[journey.DataEndpoint] = l.target.name
	}
	return data
}

// attemptRings passes on that a target rings. Where it brings early media the caller hears that instead, and other provisional
// responses say nothing that a caller could use, but a 183 without SDP: it says that something goes on, which is 180 to a caller.
func (c *Call) attemptRings(l *leg, ev dialog.Event) {
	l.step(legOnRing)
	rings := ev.Status == sip.StatusRinging || ev.Status == sip.StatusSessionProgress
	if c.attempts.purpose != dialling || !rings || ev.Response != nil && len(ev.Response.Body()) > 0 {
		return
	}
	c.notifyReferrer(sip.StatusRinging)
	if c.caller.state < legAnswered {
		c.ringCaller()
		return
	}
	if !c.ringBack && !c.earlyTaken(nil) {
		c.ringBack = true
		c.media(media.Play{Stream: c.caller.stream, Play: ownPlay, Items: c.sw.cfg.RingBack, Loop: true})
	}
}

// attemptEarly bridges a target's early media: the first that brings it is heard.
func (c *Call) attemptEarly(l *leg, ev dialog.Event) {
	l.step(legOnRing)
	if ev.IsOffer || l.state != legRinging || l.browser { // a page plays nothing before it answers
		return
	}
	if _, err := l.accept(ev.Body.Data); err != nil {
		c.log.Warn("early answer not understood", "leg", l.name, "err", err)
		return
	}
	if c.attempts.purpose != dialling || c.earlyTaken(l) {
		return
	}
	l.early = true
	c.ringBack = false // what connects also stops it
	c.earlyCaller()
	c.media(media.Connect{A: c.caller.stream, B: l.stream})
}

func (c *Call) earlyTaken(than *leg) bool {
	for l := range c.tries() {
		if l != than && l.early && l.state == legRinging {
			return true
		}
	}
	return false
}

// attemptAnswered takes the first answer; the other legs are told that the call was completed elsewhere.
func (c *Call) attemptAnswered(l *leg, ev dialog.Event) {
	if c.attempts.purpose == idle || c.attempts.winner != nil || l.state >= legEnding {
		c.hangupLeg(l, Normal)
		return
	}
	if l.browser {
		l.describe(media.Accept{Stream: l.stream, Answer: string(ev.Body.Data)}, forFirstAnswer)
		return
	}
	result, err := l.accept(ev.Body.Data)
	if err != nil {
		c.answerUnknown(l, err.Error())
		return
	}
	c.attemptWon(l, result.Held)
}

// answerUnknown drops a leg whose answer is none.
func (c *Call) answerUnknown(l *leg, why string) {
	c.log.Warn("answer not understood", "leg", l.name, "err", why)
	c.hangupLeg(l, Unsupported)
	c.attemptFailed(l, Unsupported)
}

// attemptWon ends the attempts with a leg that has answered with a session.
func (c *Call) attemptWon(l *leg, held bool) {
	l.onHold = l.onHold || held
	l.step(legOnAnswer)
	l.target.report(c.now, dialog.Event{Status: sip.StatusOK})
	for other := range c.tries() {
		if other != l && other.state < legAnswered {
			c.hangupElsewhere(other)
		}
	}
	switch c.attempts.purpose {
	case offering:
		c.acceptOffer(l)
	case reaching:
		c.firstAnswered(l)
	default:
		c.bridge(l)
	}
}

// attemptFailed counts a leg that came to nothing. What is to be tried next is tried where it was not the callee who said no.
func (c *Call) attemptFailed(l *leg, kind Kind) {
	c.attempts.kind, c.attempts.by = kind, leaver(l.ended, "callee")
	c.attempts.alive--
	if c.attempts.alive > 0 {
		return
	}
	if kind == Unreachable || kind == Timeout || kind == Overload || l.moved {
		c.nextGroup()
		return
	}
	c.attemptsOver(kind)
}

// patience is how long a trunk may say nothing at all, not even 100, while another could be tried: a live one answers within
// milliseconds, and Timer B would keep the caller in silence for 32 s.
const patience = 4 * time.Second

// attemptSilent goes on to the next trunk when the present one has said nothing.
func (c *Call) attemptSilent() {
	c.attempts.silentAt = time.Time{}
	for l := range c.tries() {
		if l.target.trunk == nil || l.spoke || l.state != legNew || l.usage == nil {
			continue
		}
		c.log.Warn("trunk says nothing, trying the next", "leg", l.name, "trunk", l.target.trunk.Name())
		l.ended = dialog.Event{Status: sip.StatusRequestTimeout, By: dialog.Network, How: dialog.HowTimeout}
		l.target.report(c.now, l.ended)
		c.hangupLeg(l, Timeout)
		c.attemptFailed(l, Timeout)
		return
	}
}

// attemptsExpired ends attempts that rang long enough, and an offer whose acceptance nobody confirmed.
func (c *Call) attemptsExpired() {
	if c.attempts.winner != nil {
		c.dropAttempts(Overload)
		return
	}
	c.dropAttempts(NoAnswer)
}

// dropAttempts hangs up whatever is being tried and reports kind to who wanted it.
func (c *Call) dropAttempts(kind Kind) {
	if c.attempts.purpose == idle {
		return
	}
	c.hangupAttempts(kind)
	c.attemptsOver(kind)
}

func (c *Call) hangupAttempts(kind Kind) {
	for l := range c.tries() {
		c.hangupLeg(l, kind)
	}
}

// attemptsOver tells who wanted the attempts that they came to nothing.
func (c *Call) attemptsOver(kind Kind) {
	if o, ok := c.recall(kind); ok {
		c.decline(o, kind)
		return
	}
	by, purpose := cmp.Or(c.attempts.by, "system"), c.attempts.purpose
	c.forgetAttempts()
	switch {
	case purpose == reaching:
		c.hangup(kind, by)
	case c.refer != nil:
		c.referFailed(kind)
	default:
		c.goneBy = by
		c.queue(PeerEnded{Kind: kind})
	}
}

func (c *Call) forgetAttempts() {
	c.attempts = attempts{}
	c.step(callOnNobody)
	c.stopRingBack()
}

func (c *Call) stopRingBack() {
	if c.ringBack {
		c.ringBack = false
		c.media(media.Stop{Stream: c.caller.stream, Play: ownPlay})
	}
}
