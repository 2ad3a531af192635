package b2bua

import (
	"time"

	"tandem/media"
)

// A browser's connection may be lost and come again: a reload, another network. Whom it talks to hears music meanwhile.

// lostWait is how long a browser may stay away before its leg counts as gone.
const lostWait = 20 * time.Second

// linked notes that the connection of a browser is up or lost.
func (c *Call) linked(l *leg, e media.Linked) {
	switch {
	case e.Up:
		c.linkBack(l)
	case l.state == legAnswered && !l.lost:
		c.log.Warn("browser lost", "leg", l.name, "err", e.Why)
		l.lost, l.lostBy = true, c.now.Add(lostWait)
		if other := c.other(l); other != nil {
			c.music(other)
		}
	}
}

func (c *Call) linkBack(l *leg) {
	if !l.lost {
		return
	}
	l.lost, l.lostBy = false, time.Time{}
	if other := c.other(l); other != nil && !l.quiet() {
		c.media(media.Stop{Stream: other.stream, Play: ownPlay})
	}
}

// lostLong ends the leg of a browser that did not come back.
func (c *Call) lostLong(l *leg) {
	l.lostBy = time.Time{}
	c.log.Warn("browser did not come back", "leg", l.name)
	switch l {
	case c.caller:
		c.hangup(Timeout, "system")
	case c.peer:
		if c.agentLost(l) {
			return
		}
		c.hangupLeg(l, Timeout)
		c.part(Timeout, "system")
	default:
		c.hangupLeg(l, Timeout)
	}
}
