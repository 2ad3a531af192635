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
	dialling         // a Dial action of the script
	offering         // an offer of the dispatcher to an agent
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
	case !ok:
		c.goneBy = "system"
		c.queue(PeerEnded{Kind: NotFound})
	case dest.Echo:
		c.connectEcho()
	default:
		c.attempts = attempts{
			purpose: dialling, groups: c.sw.targets(dest, c), deadline: deadlineAfter(c.now, a.Timeout), talk: a.MaxTime, kind: Unreachable,
		}
		c.step(callOnAttempt)
		c.nextGroup()
	}
}

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
	l.target, l.route = t, t.route
	c.attempts.alive++
	c.openStream(l)
}

// invite sends a placed leg's INVITE: a message of its own, built from nothing but the target and who is calling.
func (c *Call) invite(l *leg) {
	if cfg, ok := c.caller.local.Config(); ok {
		l.local.Prefer(cfg.Format.Codec)
	}
	cfg := c.sw.callerConfig(c, l)
	c.sw.tags.put(cfg.LocalTag, address{c, l})
	l.usage = dialog.NewUAC(cfg)
	l.perform(l.usage.Invite(c.now, dialog.SDP(l.local.Offer())))
	if l.target.trunk != nil && len(c.attempts.groups) > 0 {
		c.attempts.silentAt = c.now.Add(patience)
	}
	if c.attempts.purpose == dialling { // of an offer the dispatcher tells
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
// responses say nothing that a caller could use.
func (c *Call) attemptRings(l *leg, ev dialog.Event) {
	l.step(legOnRing)
	if c.attempts.purpose != dialling || ev.Status != sip.StatusRinging || ev.Response != nil && len(ev.Response.Body()) > 0 {
		return
	}
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
	if ev.IsOffer || l.state != legRinging {
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
	for _, l := range c.legs[1:] {
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
	result, err := l.accept(ev.Body.Data)
	if err != nil {
		c.log.Warn("answer not understood", "leg", l.name, "err", err)
		c.hangupLeg(l, Unsupported)
		c.attemptFailed(l, Unsupported)
		return
	}
	l.onHold = l.onHold || result.Held
	l.step(legOnAnswer)
	l.target.report(c.now, dialog.Event{Status: sip.StatusOK})
	for _, other := range c.legs[1:] {
		if other != l && other.state < legAnswered {
			c.hangupElsewhere(other)
		}
	}
	if c.attempts.purpose == offering {
		c.acceptOffer(l)
		return
	}
	c.bridge(l)
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
	for _, l := range c.legs[1:] {
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
	for _, l := range c.legs[1:] {
		if l != c.peer {
			c.hangupLeg(l, kind)
		}
	}
}

// attemptsOver tells who wanted the attempts that they came to nothing.
func (c *Call) attemptsOver(kind Kind) {
	if o, ok := c.recall(kind); ok {
		c.decline(o, kind)
		return
	}
	c.goneBy = cmp.Or(c.attempts.by, "system")
	c.forgetAttempts()
	c.queue(PeerEnded{Kind: kind})
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
