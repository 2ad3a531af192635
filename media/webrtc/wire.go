package webrtc

import (
	"net"
	"os"
	"sync"
	"time"
)

// wireDepth is how many DTLS packets of one link may wait for its handshake; more are dropped, and repeated by the far end.
const wireDepth = 32

// wire is the net.PacketConn under a link's DTLS connection: what the port hears for the link comes in, what DTLS says goes out
// by the port to wherever the link's browser is.
type wire struct {
	link *link
	port *port
	in   chan []byte
	shut chan struct{} // closed when nothing shall be read any more
	once sync.Once

	mu  sync.Mutex
	cut chan struct{} // closed while the read deadline is past
	was bool          // cut is closed
}

func newWire(l *link, p *port) *wire {
	return &wire{link: l, port: p, in: make(chan []byte, wireDepth), shut: make(chan struct{}), cut: make(chan struct{})}
}

// push hands over a packet, which is copied, unless too many wait.
func (w *wire) push(b []byte) bool {
	if len(w.in) == cap(w.in) {
		return false
	}
	select {
	case w.in <- append([]byte(nil), b...):
		return true
	default:
		return false
	}
}

// end makes all reads end. Writing goes on, for the close_notify.
func (w *wire) end() { w.once.Do(func() { close(w.shut) }) }

func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	w.mu.Lock()
	cut := w.cut
	w.mu.Unlock()
	select {
	case p := <-w.in:
		return copy(b, p), w.RemoteAddr(), nil
	case <-w.shut:
		return 0, nil, net.ErrClosed
	case <-cut:
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (w *wire) WriteTo(b []byte, _ net.Addr) (int, error) {
	to := w.link.remote.Load()
	if to == nil {
		return len(b), nil // lost, as on a network; it is repeated
	}
	w.port.send(b, *to)
	return len(b), nil
}

func (w *wire) Close() error {
	w.end()
	return nil
}

func (w *wire) LocalAddr() net.Addr { return w.port.conn.LocalAddr() }

// RemoteAddr is a name only: the browser may move.
func (w *wire) RemoteAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero} }

func (w *wire) SetDeadline(t time.Time) error { return w.SetReadDeadline(t) }

// SetReadDeadline knows the past, which interrupts, and never: no more is asked of it.
func (w *wire) SetReadDeadline(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	past := !t.IsZero() && !t.After(time.Now())
	switch {
	case past && !w.was:
		close(w.cut)
	case !past && w.was:
		w.cut = make(chan struct{})
	}
	w.was = past
	return nil
}

func (w *wire) SetWriteDeadline(time.Time) error { return nil }
