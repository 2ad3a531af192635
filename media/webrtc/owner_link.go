package webrtc

import (
	"context"

	"tandem/media"
)

// happen takes a link through its machine and does what follows; nil is no link. Why is said where the table says so.
func (g *Gate) happen(l *link, on occasion, why string) {
	if l == nil {
		return
	}
	next, what, listed := step(l.state, on)
	if !listed {
		return
	}
	if was := l.state; (was == up) != (next == up) {
		g.counts.up.Add(int64(btoi(next == up) - btoi(was == up)))
	}
	l.state = next
	l.mute.Store(next == lost)
	for bit, effect := range [effects]func(*link, string){g.begin, g.enforce, g.say, g.release} {
		if what&(1<<bit) != 0 {
			effect(l, why)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// begin starts a link's handshake.
func (g *Gate) begin(l *link, _ string) {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	g.links.Go(func() { g.secure(ctx, l) })
}

// enforce lets a link's packets cross instead of those of the link of before.
func (g *Gate) enforce(l *link, _ string) {
	l.hear(g.now())
	l.leg.coming = nil
	if was := l.leg.link.Swap(l); was != nil {
		g.metrics.replaced.Inc()
		g.happen(was, dropped, "")
	}
}

// say tells whether audio may flow on a link's leg: where a new connection came to nothing, the one of before goes on.
func (g *Gate) say(l *link, why string) {
	in := l.leg.link.Load()
	g.emit(media.Linked{Stream: l.leg.id, Up: in != nil && in.state == up, Why: why})
}

// release takes away all that leads to a link, and ends its DTLS connection.
func (g *Gate) release(l *link, _ string) {
	g.table.leave(l)
	if l.cancel != nil {
		l.cancel()
	}
	of := l.leg
	if of.coming == l {
		of.coming = nil
	}
	of.link.CompareAndSwap(l, nil)
}

// finish takes what a link's DTLS goroutine reports.
func (g *Gate) finish(r result) {
	l := r.link
	switch {
	case l.state == joining && r.err == nil:
		g.countHandshake("done", r)
		l.keys.Store(r.keys)
		g.happen(l, secured, "connected")
	case l.state == joining:
		g.countHandshake("failed", r)
		g.happen(l, failed, r.err.Error())
	default:
		if l.state == up {
			g.metrics.lost.Inc()
		}
		g.happen(l, farClosed, r.err.Error())
	}
}

func (g *Gate) countHandshake(how string, r result) {
	g.metrics.handshakes.WithLabelValues(how).Inc()
	if r.err == nil {
		g.metrics.took.Observe(r.took.Seconds())
	}
	g.cfg.Log.Debug("webrtc handshake", "stream", r.link.leg.id, "result", how, "dur_ms", r.took.Milliseconds(), "err", r.err)
}

// dropOffer takes back an offer that is out.
func (g *Gate) dropOffer(l *leg) {
	if p := l.offer; p != nil && p.link.state == offered {
		g.happen(p.link, dropped, "")
	}
	l.offer = nil
}

// endLeg ends all that a leg has.
func (g *Gate) endLeg(l *leg) {
	l.closed = true
	g.dropOffer(l)
	g.happen(l.coming, dropped, "")
	g.happen(l.link.Load(), dropped, "")
	if at := l.engine.Load(); at != nil {
		g.table.unbind(*at)
	}
}

// sweep finds links that fell silent or are heard again, and repeats what the inner engine did not take.
func (g *Gate) sweep() {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	for _, of := range g.legs {
		if of.dirty {
			g.configure(of)
		}
		l := of.link.Load()
		if l == nil {
			continue
		}
		switch late := l.quiet(now) > g.cfg.LostAfter; {
		case late && l.state == up:
			g.metrics.lost.Inc()
			g.happen(l, fellSilent, errSilence.Error())
		case !late:
			g.happen(l, heardAgain, "heard again")
		}
	}
}
