package b2bua

import (
	"time"

	"tandem/media"
)

// streamGrace bounds how long a call waits for its streams' final figures.
const streamGrace = 3 * time.Second

// openStream asks the engine for the leg's ports.
func (c *Call) openStream(l *leg) {
	l.stream = c.sw.newStream(c)
	if err := c.sw.engine.Do(media.Open{Stream: l.stream, Browser: l.browser}); err != nil {
		c.noMedia(l, err.Error())
		return
	}
	l.ports, l.openBy = streamOpening, c.now.Add(openWait)
}

// openWait bounds how long the engine may take to open a stream, knownWait how long the store may take to find a record.
const (
	openWait  = 5 * time.Second
	knownWait = 2 * time.Second
)

// noMedia ends a leg that got no ports: a caller hears 503 with Retry-After, an attempt counts as failed.
func (c *Call) noMedia(l *leg, why string) {
	c.sw.metrics.noMedia.Inc()
	c.log.Warn("no stream for leg", "leg", l.name, "err", why)
	c.streamGone(l)
	if l == c.caller {
		c.hangup(Overload, "system")
		return
	}
	l.step(legOnNoMedia)
}

// closeStream ends a leg's stream; Closed brings its figures. An engine that is too busy is asked again: a stream that stays
// open would cost its ports for ever.
func (c *Call) closeStream(l *leg) {
	if l.ports != streamOpen {
		return
	}
	if err := c.sw.engine.Do(media.Close{Stream: l.stream}); err != nil {
		c.sw.metrics.mediaBusy.Inc()
		c.log.Warn("stream not closed yet", "leg", l.name, "err", err)
		c.closeAt = c.now.Add(closeRetry)
		return
	}
	l.ports = streamClosing
}

// closeRetry is how long a busy engine is left alone.
const closeRetry = 100 * time.Millisecond

// closeAgain closes the streams of legs that are over and were not closed in time.
func (c *Call) closeAgain() {
	c.closeAt = time.Time{}
	for _, l := range c.legs {
		if l.state >= legEnding {
			c.closeStream(l)
		}
	}
}

func (c *Call) streamGone(l *leg) {
	l.ports = streamNone
	c.sw.streams.remove(l.stream)
}

// abandonStreams stops waiting for what the engine did not say: the figures of streams, the end of recordings.
func (c *Call) abandonStreams() {
	c.drainBy = time.Time{}
	for _, r := range c.finishing {
		c.log.Error("recording did not end", "file", r.file)
		c.sw.recordings.remove(r.id)
	}
	c.finishing = nil
	for _, l := range c.legs {
		if l.ports != streamNone && l.ports != streamOpen { // an open one is still to be closed
			c.log.Error("stream did not close", "leg", l.name)
			c.streamGone(l)
		}
	}
}

// media gives the engine a command. A busy engine fails the call: its audio would be wrong from here on.
func (c *Call) media(cmd media.Command) {
	if err := c.sw.engine.Do(cmd); err != nil {
		c.sw.metrics.mediaBusy.Inc()
		c.log.Error("media command not taken", "err", err)
		c.queue(EndCall{Kind: Overload, By: "system"})
	}
}
