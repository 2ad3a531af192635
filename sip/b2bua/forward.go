package b2bua

import (
	"time"

	"tandem/media"
	"tandem/sip"
)

// forward sends what came for a leg after it; false if it is ours.
func (c *Call) forward(m any) bool {
	if len(c.given) == 0 {
		return false
	}
	var l *leg
	var stream media.StreamID
	switch m := m.(type) {
	case requested:
		l = m.leg
	case canceled:
		l = m.leg
	case responded:
		l = m.leg
	case sendFailed:
		l = m.leg
	case inviteLost:
		l = m.leg
	case media.RecordingBegan, media.RecordingEnded:
		return false
	case media.Event:
		stream = m.About()
	}
	for _, g := range c.given {
		if g.leg == l || stream != 0 && g.stream == stream {
			g.take(m)
			return true
		}
	}
	return false
}

// take gives the new owner what came for its leg.
func (g given) take(m any) {
	if g.to.post(m) {
		return
	}
	if r, ok := m.(requested); ok {
		g.to.sw.answer(r.tx, sip.StatusServerInternalError, sip.RetryAfter{After: time.Second}.Header())
		return
	}
	g.to.flood()
}

// leftovers sends what still lies in the mailbox of an ended call after the legs that it gave away.
func (c *Call) leftovers() {
	for len(c.given) > 0 {
		select {
		case m := <-c.mail:
			c.forward(m)
		default:
			return
		}
	}
}
