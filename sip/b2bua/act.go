package b2bua

import (
	"cmp"

	"tandem/media"
)

// runScript lets the script take an event and performs what it wants.
func (c *Call) runScript(ev ScriptEvent) {
	if c.route.Script == nil {
		return
	}
	if _, ok := ev.(PeerEnded); !ok {
		c.goneBy = ""
	}
	for _, a := range c.route.Script.Step(ev, c.now) {
		c.act(a)
	}
}

// act performs one action. When the call is ending, only what is written down still counts.
func (c *Call) act(a Action) {
	if n, ok := a.(Note); ok {
		c.journal(n.Kind, "flow:"+c.route.Flow, n.Data)
		return
	}
	if c.state >= callEnding {
		return
	}
	switch a := a.(type) {
	case Answer:
		c.answerCaller()
	case Ring:
		c.ringCaller()
	case Play:
		c.startPlay(a)
	case StopPlay:
		c.media(media.Stop{Stream: c.caller.stream, Play: a.ID})
	case Enqueue:
		c.enqueue(a)
	case LeaveQueue:
		c.takeBack(leaveWhy(a.Why))
	case AskCallback:
		c.askCallback()
	case SendLink:
		c.sendLink(a)
	case Dial:
		c.dial(a)
	case Part:
		c.dismiss()
	case HangUp:
		c.hangup(a.Kind, cmp.Or(c.goneBy, "flow"))
	case Listen:
		c.listen(a)
	case DetectInband:
		c.media(media.DetectInband{Stream: c.caller.stream, On: a.On})
	}
}

// startPlay plays to the caller, as early media if there was no answer yet.
func (c *Call) startPlay(a Play) {
	if c.caller.state < legAnswered {
		c.earlyCaller()
	}
	c.play = a.ID
	c.media(media.Play{Stream: c.caller.stream, Play: a.ID, Items: a.Items, Loop: a.Loop, Barge: a.Barge})
}

// onMedia takes what the engine reports about one of our streams.
func (c *Call) onMedia(e media.Event) {
	switch e.(type) {
	case media.RecordingBegan, media.RecordingEnded:
		c.onRecording(e)
		return
	}
	l := c.legOf(e.About())
	if l == nil {
		return
	}
	switch e := e.(type) {
	case media.Opened:
		c.opened(l, e)
	case media.OpenFailed:
		c.noMedia(l, e.Err)
	case media.Played:
		c.played(l, e)
	case media.Digit:
		l.sawEvent = l.sawEvent || e.Source == media.RFC4733
		c.digit(l, e.Digit, digitSource(e.Source))
	case media.Described:
		c.described(l, e)
	case media.Linked:
		c.linked(l, e)
	case media.Silent:
		c.silent(l, e)
	case media.StreamStats:
		l.stats = e.Stats
		c.figuresCame()
	case media.Closed:
		l.stats = e.Stats
		c.streamGone(l)
	}
}

func (c *Call) legOf(id media.StreamID) *leg {
	for _, l := range c.legs {
		if l.stream == id {
			return l
		}
	}
	return nil
}

// played tells the script that its playback ended. Music on hold and ring-back are the call's own.
func (c *Call) played(l *leg, e media.Played) {
	if e.Why == media.PlayFailed {
		c.log.Error("playback failed", "leg", l.name, "err", e.Err)
	}
	if l == c.caller && e.Play&ownPlay == 0 && c.state < callEnding {
		c.queue(PlayEnded{Play: e.Play, Why: e.Why})
	}
}

func digitSource(s media.DigitSource) string {
	if s == media.Inband {
		return "inband"
	}
	return "rfc4733"
}

// digit takes a key of one side: the caller's go to the script while nobody talks to him.
func (c *Call) digit(l *leg, digit byte, source string) {
	if l == c.caller && c.state < callConnected {
		c.queue(DigitPressed{Digit: digit, Source: source})
	}
}

// silent ends a call whose far side has stopped sending, unless it is on hold.
func (c *Call) silent(l *leg, e media.Silent) {
	if l.state != legAnswered || l.onHold || l.lost || c.refer != nil && l == c.refer.leg {
		return
	}
	c.log.Warn("no audio received", "leg", l.name, "dur_ms", e.For.Milliseconds())
	if c.agentLost(l) {
		return
	}
	c.hangup(Timeout, "system")
}

// opened goes on with a leg whose ports are known.
func (c *Call) opened(l *leg, e media.Opened) {
	l.ports = streamOpen
	if l.state >= legEnding || c.state >= callEnding {
		c.closeStream(l)
		return
	}
	if !l.browser {
		l.local = c.sw.newLocal(e, &l.target)
	}
	switch {
	case l == c.caller:
		c.routed()
	case l.browser:
		l.ours(forInvite)
	default:
		l.local.Prefer(c.caller.config.Format.Codec)
		c.invite(l, l.local.Offer())
	}
}
