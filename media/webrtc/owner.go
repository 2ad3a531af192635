package webrtc

import (
	"errors"
	"time"

	"tandem/media"
)

// order is what the mailbox carries: media.Describe, media.Accept, media.Configure, or one of these.
type order any

type (
	refusal  struct{ event media.OpenFailed }
	endOrder struct{ leg *leg }
)

// sweepEvery is how often links are looked at that may be lost, and orders are tried again that the inner engine was too busy for.
const sweepEvery = 100 * time.Millisecond

// run is the owner: it carries out orders, passes events on and minds the links, until the Gate stops or the inner engine ends.
func (g *Gate) run() {
	clock := time.NewTicker(sweepEvery)
	defer clock.Stop()
	for {
		orders, inner := g.mailbox, g.cfg.Inner.Events()
		var out chan<- media.Event
		var first media.Event
		if len(g.pending) > 0 { // nothing new before the reader has room
			orders, inner = nil, nil
			out, first = g.events, g.pending[0]
		}
		select {
		case o := <-orders:
			g.carryOut(o)
		case ev, ok := <-inner:
			if !ok {
				return
			}
			g.passOn(ev)
		case out <- first:
			g.pending = g.pending[1:]
		case r := <-g.results:
			g.finish(r)
		case <-clock.C:
			g.sweep()
		case <-g.stopping.Done():
			return
		}
	}
}

// emit hands an event on, or keeps it until the reader has room.
func (g *Gate) emit(ev media.Event) {
	if len(g.pending) == 0 {
		select {
		case g.events <- ev:
			return
		default:
		}
	}
	g.pending = append(g.pending, ev)
}

func (g *Gate) carryOut(o order) {
	switch o := o.(type) {
	case media.Describe:
		g.answerTo(o.Stream, func(l *leg) (media.Described, error) {
			if o.Offer == "" {
				return g.offer(l, o.Direction), nil
			}
			return g.answer(l, o)
		})
	case media.Accept:
		g.answerTo(o.Stream, func(l *leg) (media.Described, error) { return g.accept(l, o) })
	case media.Configure:
		if l := g.find(o.Stream); l != nil {
			l.config.Timeout = o.Config.Timeout
			g.configure(l)
		}
	case refusal:
		g.emit(o.event)
	case endOrder:
		g.endLeg(o.leg)
	}
}

// answerTo answers a command about descriptions, with what the work gives or with why it could not be done.
func (g *Gate) answerTo(id media.StreamID, work func(*leg) (media.Described, error)) {
	l := g.find(id)
	if l == nil {
		g.emit(media.Described{Stream: id, Err: errNotBrowser.Error()})
		return
	}
	d, err := work(l)
	d.Stream = id
	if err != nil {
		g.metrics.refusedSDP.Inc()
		d = media.Described{Stream: id, Err: err.Error()}
	}
	if l.agreed {
		d.Config = l.config
	}
	g.emit(d)
}

// passOn hands an event of the inner engine on, and learns from it.
func (g *Gate) passOn(ev media.Event) {
	switch e := ev.(type) {
	case media.Opened:
		if l := g.find(e.Stream); l != nil {
			at := e.Local
			l.engine.Store(&at)
			g.table.bind(at, l)
			e.Local = g.at
			ev = e
		}
	case media.OpenFailed:
		if l := g.find(e.Stream); l != nil && l.engine.Load() == nil {
			g.strike(e.Stream)
			g.endLeg(l)
		}
	}
	g.emit(ev)
}

// configure hands a leg's configuration to the inner engine, again later if that is too busy now.
func (g *Gate) configure(l *leg) {
	l.dirty = false
	if l.agreed && !l.closed {
		l.dirty = errors.Is(g.cfg.Inner.Do(media.Configure{Stream: l.id, Config: l.config}), media.ErrBusy)
	}
}

// newLink makes a link that browsers may reach from now on.
func (g *Gate) newLink(of *leg) *link {
	l := &link{leg: of, reachable: make(chan struct{})}
	l.wire = newWire(l, g.port)
	g.freshen(l)
	return l
}

// freshen gives a link new credentials; those before stay good, until the next time.
func (g *Gate) freshen(l *link) {
	if n := len(l.ice); n > 1 {
		g.table.forget(l.ice[0], l)
		l.ice = l.ice[1:]
	}
	l.ice = append(l.ice, newCredentials())
	g.table.enter(l.ice[len(l.ice)-1], l)
}
