package b2bua

import (
	"strconv"
	"time"

	"tandem/media"
	"tandem/sip/dialog"
	"tandem/store/journey"
)

// ownPlay marks playbacks that the call starts by itself: ring-back and music on hold. Scripts number theirs below it.
const ownPlay media.PlayID = 1 << 63

// bridge connects the caller to a leg that has answered.
func (c *Call) bridge(l *leg) {
	c.attempts = attempts{}
	c.peer = l
	c.answerCaller()
	c.media(media.Connect{A: c.caller.stream, B: l.stream})
	c.step(callOnBridge)
	if l.target.agent == "" { // of an agent the dispatcher tells
		c.journal(journey.Connected, l.target.actor(), map[string]string{journey.DataEndpoint: l.target.name, journey.DataLeg: l.name})
	}
	c.log.Info("call connected", "leg", l.name, "to", l.target.name)
	if c.caller.onHold {
		c.playHold(l)
	}
	c.startRecording()
	c.queue(PeerAnswered{Peer: l.target.name})
}

// connectEcho lets the caller hear himself.
func (c *Call) connectEcho() {
	c.answerCaller()
	c.echo = true
	c.media(media.Connect{A: c.caller.stream, B: c.caller.stream})
	c.step(callOnBridge)
	c.queue(PeerAnswered{Peer: "echo"})
}

// part takes the target out of the bridge: it hung up, the caller is still there.
func (c *Call) part(kind Kind) {
	who := c.peer.target.name
	c.peer = nil
	c.stopRecording()
	if c.step(callOnPart)&callTellPeer == 0 {
		return
	}
	c.media(media.Disconnect{Stream: c.caller.stream})
	c.endItem("agent")
	c.log.Info("peer left", "peer", who, "cause", kind)
	c.queue(PeerEnded{Kind: kind, Connected: true})
}

// dismiss ends attempts, or the talk, by the script's will.
func (c *Call) dismiss() {
	c.dropAttempts(Canceled)
	if l := c.peer; l != nil {
		c.hangupLeg(l, Normal)
		c.part(Normal)
	}
	if c.echo {
		c.echo = false
		c.step(callOnPart)
		c.media(media.Disconnect{Stream: c.caller.stream})
		c.queue(PeerEnded{Kind: Normal, Connected: true})
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
	if ev.Body.Empty() {
		l.perform(l.usage.Answer(c.now, dialog.SDP(l.local.Offer())))
		return
	}
	answer, cfg, result, err := l.local.Answer(ev.Body.Data)
	if err != nil {
		l.perform(l.usage.Refuse(c.now, kindOfSDP(err).Status()))
		return
	}
	l.perform(l.usage.Answer(c.now, dialog.SDP(answer)))
	if result.Changed != 0 {
		l.configure(cfg)
	}
	c.setHold(l, result.Held)
}

// reanswered takes the answer to an offer of ours.
func (c *Call) reanswered(l *leg, body []byte) {
	cfg, result, err := l.local.AcceptAnswer(body)
	if err != nil {
		c.log.Warn("answer not understood", "leg", l.name, "err", err)
		return
	}
	if result.Changed != 0 {
		l.configure(cfg)
	}
	c.setHold(l, result.Held)
}

// setHold notes that a leg holds us or not, and gives the other side music meanwhile.
func (c *Call) setHold(l *leg, held bool) {
	if l.onHold == held {
		return
	}
	l.onHold = held
	kind := journey.Resumed
	if held {
		kind = journey.Held
	}
	c.journal(kind, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
	other := c.other(l)
	if other == nil {
		return
	}
	if held {
		c.playHold(other)
		return
	}
	c.media(media.Stop{Stream: other.stream, Play: ownPlay})
}

func (c *Call) playHold(l *leg) {
	c.media(media.Play{Stream: l.stream, Play: ownPlay, Items: c.sw.cfg.HoldMusic, Loop: true})
}

func (c *Call) actorOf(l *leg) string {
	if l == c.caller {
		return "caller"
	}
	return l.target.actor()
}

// journalEnd writes the end of the call with its figures, once.
func (c *Call) journalEnd() {
	if c.journaled {
		return
	}
	c.journaled = true
	data := map[string]string{journey.DataCause: strconv.Itoa(c.kind.Q850()), journey.DataBy: c.by, journey.DataReason: c.kind.String()}
	if c.answered.IsZero() {
		data[journey.DataStatus] = strconv.Itoa(refusal(c.kind))
	}
	c.figures(data)
	c.journal(journey.InteractionEnded, c.by, data)
	c.log.Info("call ended", "cause", c.kind, "by", c.by, "dur_ms", c.now.Sub(c.arrival.At).Milliseconds())
	c.sw.metrics.ended(c)
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
