package b2bua

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip/dialog"
	"tandem/store/journey"
)

// ownPlay marks playbacks that the call starts by itself: ring-back and music on hold. Scripts number theirs below it.
const ownPlay media.PlayID = 1 << 63

// bridge connects the caller to a leg that has answered.
func (c *Call) bridge(l *leg) {
	if c.attempts.talk > 0 {
		c.talkEnds = c.now.Add(c.attempts.talk)
	}
	c.attempts, c.ringBack = attempts{}, false
	c.peer = l
	c.caller.parks, l.parks = false, false
	c.answerCaller()
	c.media(media.Connect{A: c.caller.stream, B: l.stream})
	c.step(callOnBridge)
	if l.target.agent == "" { // of an agent the dispatcher tells
		c.journal(journey.Connected, l.target.actor(), map[string]string{journey.DataEndpoint: l.target.name, journey.DataLeg: l.name})
	}
	c.log.Info("call connected", "leg", l.name, "to", l.target.name)
	c.holds(c.caller)
	c.holds(l)
	c.startRecording()
	c.queue(PeerAnswered{Peer: l.target.name})
	c.referDone(l)
	c.originTalks()
}

// connectEcho lets the caller hear himself.
func (c *Call) connectEcho() {
	c.answerCaller()
	c.echo = true
	c.media(media.Connect{A: c.caller.stream, B: c.caller.stream})
	c.step(callOnBridge)
	c.queue(PeerAnswered{Peer: "echo"})
}

// part takes the target out of the bridge: the caller is still there. by is who ended the talk.
func (c *Call) part(kind Kind, by string) {
	if c.unbridge(by) {
		c.goneBy = by
		c.queue(PeerEnded{Kind: kind, Connected: true})
	}
}

// unbridge ends the talk for the caller; false when the call is ending anyway.
func (c *Call) unbridge(by string) bool {
	l := c.peer
	if !c.separate() {
		return false
	}
	c.endItem(by)
	c.log.Info("peer left", "peer", l.target.name, "by", by)
	return true
}

// separate takes the caller and his peer apart: both are still there. It answers false when the call is ending anyway.
func (c *Call) separate() bool {
	l := c.peer
	c.peer, c.talkEnds = nil, time.Time{}
	c.stopRecording()
	if c.step(callOnPart)&callTellPeer == 0 {
		return false
	}
	c.media(media.Disconnect{Stream: c.caller.stream})
	if l.quiet() {
		c.media(media.Stop{Stream: c.caller.stream, Play: ownPlay})
	}
	return true
}

// talkOver ends a talk that has lasted as long as it may.
func (c *Call) talkOver() {
	c.log.Info("talk limit reached")
	c.hangupLeg(c.peer, Normal)
	c.part(Normal, "flow")
}

// dismiss ends attempts, or the talk, by the script's will: it is not told what it did itself, so that no late PeerEnded is taken
// for the end of its next Dial.
func (c *Call) dismiss() {
	if c.attempts.purpose == dialling {
		c.hangupAttempts(Canceled)
		c.forgetAttempts()
	}
	c.dropAttempts(Canceled) // of an offer the dispatcher is told
	if l := c.peer; l != nil {
		c.hangupLeg(l, Normal)
		c.unbridge("flow")
	}
	if c.echo {
		c.echo = false
		c.step(callOnPart)
		c.media(media.Disconnect{Stream: c.caller.stream})
	}
}

// other is who hears a leg: the peer of the caller, the caller of the peer, nil if nobody does.
func (c *Call) other(l *leg) *leg {
	switch {
	case c.state != callConnected:
		return nil
	case l == c.caller:
		return c.peer
	case l == c.peer:
		return c.caller
	}
	return nil
}

// reoffer answers a leg's new offer by itself: hold, resume, a new address or codec never cross to the other leg.
func (c *Call) reoffer(l *leg, ev dialog.Event) {
	if l.usage == nil || l.state >= legEnding {
		return // hung up meanwhile: the dialog has refused it
	}
	switch {
	case l.browser && ev.Body.Empty():
		l.ours(forOfferless)
		return
	case l.browser:
		l.theirs(ev.Body.Data, forReoffer)
		return
	case ev.Body.Empty():
		l.perform(l.usage.Answer(c.now, dialog.SDP(l.local.Offer())))
		return
	}
	answer, cfg, result, err := l.local.Answer(ev.Body.Data)
	if err != nil {
		l.perform(l.usage.Refuse(c.now, kindOfSDP(err).Status()))
		return
	}
	l.perform(l.usage.Answer(c.now, dialog.SDP(answer)))
	l.heard = ev.Body.Data
	if result.Changed != 0 {
		l.configure(cfg)
	}
	c.setHold(l, result.Held)
}

// reanswered takes the answer to an offer of ours: in an ACK, or to a re-INVITE or UPDATE. A leg that gave no answer that we
// understand, now or before, has no audio and is hung up.
func (c *Call) reanswered(l *leg, body []byte) {
	if l.browser {
		l.describe(media.Accept{Stream: l.stream, Answer: string(body)}, forLaterAnswer)
		return
	}
	result, err := l.accept(body)
	if err == nil {
		c.setHold(l, result.Held)
		return
	}
	c.log.Warn("answer not understood", "leg", l.name, "err", err)
	l.rollBack()
	if _, agreed := l.local.Config(); !agreed && l == c.caller {
		c.hangup(Unsupported, "system")
	}
}

// refreshed takes the answer to a session refresh, which repeated our description in force. Most answers repeat theirs.
func (c *Call) refreshed(l *leg, body []byte) {
	if l.browser || bytes.Equal(body, l.heard) {
		return
	}
	l.local.Offer()
	c.reanswered(l, body)
}

// accept takes an answer into force. One that repeats what is in force changes nothing (RFC 6337 §2.2: the 2xx repeats the
// answer of an unreliable provisional response).
func (l *leg) accept(body []byte) (sdp.Result, error) {
	if bytes.Equal(body, l.heard) && !l.offers() {
		return sdp.Result{Held: l.onHold}, nil
	}
	cfg, result, err := l.local.AcceptAnswer(body)
	if err != nil {
		return result, err
	}
	l.heard = body
	if result.Changed != 0 {
		l.configure(cfg)
	}
	return result, nil
}

// rollBack takes back an offer of ours that came to nothing.
func (l *leg) rollBack() {
	if l.offers() {
		l.note(l.local.Reject())
	}
}

// offers tells whether an offer of ours is out.
func (l *leg) offers() bool {
	s := l.local.State()
	return s == sdp.Offering || s == sdp.Reoffering
}

// setHold notes that a leg holds us or not. Only a talk can be held: who holds a prompt or a queue hears the rest of it later.
func (c *Call) setHold(l *leg, held bool) {
	if l.onHold == held {
		return
	}
	l.onHold = held
	other := c.other(l)
	if other == nil {
		return
	}
	if held {
		c.holds(l)
		return
	}
	c.journal(journey.Resumed, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
	if !l.quiet() {
		c.media(media.Stop{Stream: other.stream, Play: ownPlay})
	}
}

// quiet tells that the other side of the talk shall hear music instead of the leg.
func (l *leg) quiet() bool { return l.onHold || l.parks || l.lost }

// holds gives the other side of a talk music while a leg holds it.
func (c *Call) holds(l *leg) {
	other := c.other(l)
	if !l.onHold || other == nil {
		return
	}
	c.journal(journey.Held, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
	c.music(other)
}

// unhold notes that nobody is held any more, because a transfer parts the two. Whom it gives the talk back holds it anew.
func (c *Call) unhold() {
	for _, l := range []*leg{c.caller, c.peer} {
		if l != nil && l.onHold {
			c.journal(journey.Resumed, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
		}
		if l != nil && l.parks {
			c.journal(journey.Resumed, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
		}
	}
}

// music plays what is heard on hold.
func (c *Call) music(l *leg) {
	c.media(media.Play{Stream: l.stream, Play: ownPlay, Items: c.sw.cfg.HoldMusic, Loop: true})
}

// actorOf names who is at a leg, for the journal.
func (c *Call) actorOf(l *leg) string {
	if l == c.caller && l.target.agent == "" {
		return "caller"
	}
	return l.target.actor()
}

// sideOf names who is at a leg as the one who ended the call.
func (c *Call) sideOf(l *leg) string {
	if l == c.caller && l.target.agent == "" {
		return "caller"
	}
	return l.target.side()
}

// starter is who began the call, for the journal.
func (c *Call) starter() string {
	switch {
	case c.origin == nil:
		return "caller"
	case c.origin.Agent != "":
		return "agent:" + c.origin.Agent
	}
	return "system"
}

// journalBegin writes that the call is there, once.
func (c *Call) journalBegin() {
	if !c.begun {
		c.begun = true
		c.journal(journey.InteractionStarted, c.starter(), c.startedData())
	}
}

// journalEnd writes the end of the call with its figures, once.
func (c *Call) journalEnd() {
	if c.journaled {
		return
	}
	c.journaled = true
	c.journalBegin()
	data := map[string]string{journey.DataCause: strconv.Itoa(c.kind.Q850()), journey.DataBy: party(c.by), journey.DataReason: c.kind.String()}
	if c.answered.IsZero() {
		data[journey.DataStatus] = strconv.Itoa(refusal(c.kind))
	}
	c.figures(data)
	c.journal(journey.InteractionEnded, c.by, data)
	c.log.Info("call ended", "cause", c.kind, "by", c.by, "dur_ms", c.now.Sub(c.arrival.At).Milliseconds())
	c.sw.metrics.ended(c)
}

// party is who ended a call in the closed words of the journal: caller, callee, agent or system.
func party(by string) string {
	switch {
	case by == "caller", by == "callee":
		return by
	case strings.HasPrefix(by, "agent:"):
		return "agent"
	}
	return "system"
}

// figures are the quality of the worst leg, and the caller's codec.
func (c *Call) figures(data map[string]string) {
	var worst *media.Stats
	for _, l := range c.legs {
		if l.stats.Received > 0 && (worst == nil || l.stats.MOS < worst.MOS) {
			worst = &l.stats
		}
	}
	if worst == nil {
		return
	}
	loss := 100 * float64(worst.Lost) / float64(worst.Lost+worst.Received)
	data[journey.DataMOS] = strconv.FormatFloat(worst.MOS, 'f', 2, 64)
	data[journey.DataLoss] = strconv.FormatFloat(loss, 'f', 2, 64)
	data[journey.DataJitter] = strconv.FormatFloat(float64(worst.Jitter)/float64(time.Millisecond), 'f', 2, 64)
	if c.caller != nil {
		data[journey.DataCodec] = c.caller.config.Format.Codec.String()
	}
}
