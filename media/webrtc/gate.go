package webrtc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"tandem/media"
)

var _ media.Engine = (*Gate)(nil)

// loopback is where the elbow and the inner streams of browsers are bound.
var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Gate implements media.Engine. It may be used by everybody at once.
type Gate struct {
	cfg         Config
	began       time.Time
	certificate tls.Certificate
	fingerprint string
	at          netip.AddrPort
	port        *port
	elbow       *elbow
	table       *table
	counts      counts
	metrics     *metrics
	mailbox     chan order // sent to under mu
	events      chan media.Event
	results     chan result
	pending     []media.Event // of the owner: events that wait for their reader
	links       sync.WaitGroup

	stop     context.CancelFunc
	stopping context.Context
	served   atomic.Bool
	ended    chan struct{}

	mu     sync.Mutex // guards all below; never held across anything that waits
	closed bool
	legs   map[media.StreamID]*leg
}

// New makes a Gate and binds its sockets. Serve runs it.
func New(cfg Config) (*Gate, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	g := &Gate{cfg: cfg, began: time.Now(), table: newTable(), mailbox: make(chan order, cfg.Mailbox+spare),
		events: make(chan media.Event, cfg.Events), results: make(chan result), ended: make(chan struct{}), legs: map[media.StreamID]*leg{}}
	g.stopping, g.stop = context.WithCancel(context.Background())
	var err error
	if g.certificate, err = newCertificate(); err != nil {
		return nil, fmt.Errorf("webrtc: certificate: %w", err)
	}
	g.fingerprint = printOf(g.certificate.Certificate[0])
	if err := g.listen(); err != nil {
		return nil, err
	}
	if g.metrics, err = newMetrics(g); err != nil {
		g.shut()
		return nil, err
	}
	return g, nil
}

// listen binds both sockets.
func (g *Gate) listen() error {
	public, err := listenUDP(g.cfg.Listen)
	if err != nil {
		return fmt.Errorf("webrtc: %w", err)
	}
	inner, err := listenUDP(netip.AddrPortFrom(loopback, 0))
	if err != nil {
		public.Close()
		return fmt.Errorf("webrtc: elbow: %w", err)
	}
	bound := public.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	elbowAt := inner.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	g.at = netip.AddrPortFrom(g.cfg.Advertise, bound.Port())
	g.port = &port{conn: public, table: g.table, counts: &g.counts, now: g.now, busy: g.cfg.LostAfter / 2}
	g.elbow = &elbow{conn: inner, at: netip.AddrPortFrom(elbowAt.Addr().Unmap(), elbowAt.Port()), port: g.port, table: g.table, counts: &g.counts,
		out: make([]byte, 0, 2*maxPacket)}
	g.port.elbow = g.elbow
	return nil
}

func (g *Gate) now() time.Duration { return time.Since(g.began) }

// Addr is where browsers reach the Gate: what its candidates say.
func (g *Gate) Addr() netip.AddrPort { return g.at }

// Events implements media.Engine.
func (g *Gate) Events() <-chan media.Event { return g.events }

// Serve runs the Gate until ctx ends, Close is called, the inner engine ends, or a socket fails, which is the error. It can be
// called once. The inner engine is not served by it.
func (g *Gate) Serve(ctx context.Context) error {
	if !g.served.CompareAndSwap(false, true) {
		if g.stopping.Err() != nil {
			return nil // closed before it began
		}
		return errors.New("webrtc: served twice")
	}
	defer close(g.ended)
	defer context.AfterFunc(ctx, g.stop)()
	var readers sync.WaitGroup
	var failed [2]error
	for i, serve := range [...]func() error{g.port.serve, g.elbow.serve} {
		readers.Go(func() {
			failed[i] = serve()
			g.stop()
		})
	}
	g.run()
	g.endAll()
	g.links.Wait()
	g.shut()
	readers.Wait()
	close(g.events)
	return errors.Join(failed[:]...)
}

// endAll takes no more commands and ends all links. Their browsers are told.
func (g *Gate) endAll() {
	g.stop()
	g.mu.Lock()
	g.closed = true
	legs := g.legs
	g.legs = nil
	g.mu.Unlock()
	for _, l := range legs {
		g.endLeg(l)
	}
	for {
		select {
		case o := <-g.mailbox:
			if e, ok := o.(endOrder); ok {
				g.endLeg(e.leg)
			}
		default:
			return
		}
	}
}

// shut closes the sockets.
func (g *Gate) shut() {
	g.port.conn.Close()
	g.elbow.conn.Close()
	if g.metrics != nil {
		g.metrics.unregister()
	}
}

// Close ends everything, the inner engine too, and waits for it. Streams that are open are ended without events.
func (g *Gate) Close() error {
	g.stop()
	if g.served.CompareAndSwap(false, true) {
		g.mu.Lock()
		g.closed = true
		g.mu.Unlock()
		g.shut()
		close(g.events)
		close(g.ended)
	}
	<-g.ended
	return g.cfg.Inner.Close()
}

// Do implements media.Engine. What concerns a browser's connection goes to the owner, all else straight to the inner engine.
func (g *Gate) Do(c media.Command) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed || g.stopping.Err() != nil {
		return media.ErrClosed
	}
	switch c := c.(type) {
	case media.Open:
		if c.Browser {
			return g.openLocked(c)
		}
	case media.Describe, media.Accept:
		return g.postLocked(c)
	case media.Configure:
		if g.legs[c.Stream] != nil {
			return g.postLocked(c)
		}
	case media.Close:
		if l := g.legs[c.Stream]; l != nil {
			return g.closeLocked(c, l)
		}
	}
	return g.cfg.Inner.Do(c)
}

// spare is how many orders one command may need in the mailbox.
const spare = 1

// postLocked hands an order to the owner.
func (g *Gate) postLocked(o order) error {
	if len(g.mailbox) > cap(g.mailbox)-spare {
		g.metrics.busy.Inc()
		return media.ErrBusy
	}
	g.mailbox <- o
	return nil
}

// openLocked opens the inner stream, unless there are too many.
func (g *Gate) openLocked(c media.Open) error {
	if g.legs[c.Stream] != nil {
		return g.postLocked(refusal{media.OpenFailed{Stream: c.Stream, Why: media.NoSocket, Err: "stream id in use"}})
	}
	if len(g.legs) >= g.cfg.MaxStreams {
		g.metrics.full.Inc()
		return g.postLocked(refusal{media.OpenFailed{Stream: c.Stream, Why: media.NoPorts, Err: fmt.Sprintf("limit of %d browser streams", g.cfg.MaxStreams)}})
	}
	if err := g.cfg.Inner.Do(media.Open{Stream: c.Stream, Local: loopback}); err != nil {
		return err
	}
	l := &leg{id: c.Stream}
	l.local.id = rand.Uint64() >> 2
	g.legs[c.Stream] = l
	g.counts.streams.Add(1)
	return nil
}

// closeLocked closes the inner stream, whose Closed is the answer, and ends the leg.
func (g *Gate) closeLocked(c media.Close, l *leg) error {
	if len(g.mailbox) > cap(g.mailbox)-spare {
		g.metrics.busy.Inc()
		return media.ErrBusy
	}
	if err := g.cfg.Inner.Do(c); err != nil {
		return err
	}
	g.strikeLocked(c.Stream)
	g.mailbox <- endOrder{l}
	return nil
}

// find gives an open leg, or nil.
func (g *Gate) find(id media.StreamID) *leg {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.legs[id]
}

// strike takes a leg off the list. Its ID is free again, and so is its place under the limit.
func (g *Gate) strike(id media.StreamID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strikeLocked(id)
}

func (g *Gate) strikeLocked(id media.StreamID) {
	if g.legs[id] != nil {
		delete(g.legs, id)
		g.counts.streams.Add(-1)
	}
}
