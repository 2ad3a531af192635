package transport

import (
	"fmt"
	"net"
	"sync"
)

// LocalPeer is a user agent in this process at the other end of a LOCAL flow.
type LocalPeer interface {
	// Deliver takes a message that the endpoint sends. It must not wait; an error ends the flow.
	Deliver(message []byte) error
	// Gone tells, once, that the flow ended. It must not wait.
	Gone(err error)
}

// Local is a LOCAL flow as its peer holds it. It costs no goroutine.
type Local struct {
	e    *Endpoint
	flow Flow
	peer LocalPeer
	once sync.Once
	junk int // of Send's caller
}

// AttachLocal makes a flow to code of this process, which has proven to be the user. No rate and no limit by source counts
// for it, the number of connections does.
func (e *Endpoint) AttachLocal(peer LocalPeer, user string) (*Local, error) {
	l := &Local{e: e, peer: peer, flow: e.bound(AttachOptions{Transport: LOCAL, User: user})}
	if err := e.enter(l, 0); err != nil {
		return nil, err
	}
	return l, nil
}

// Flow returns the flow as the endpoint names it.
func (l *Local) Flow() Flow { return l.flow }

// Send gives a message to the endpoint, as if it had been read: the Receiver runs in the caller's goroutine. Calls must not
// overlap. An error means that the flow is gone.
func (l *Local) Send(message []byte) error {
	if !l.e.Connected(l.flow) {
		return fmt.Errorf("%s: %w", l.flow, ErrNoFlow)
	}
	if err := l.e.frame(l.flow, message, &l.junk, l.peer.Deliver); err != nil {
		l.end(err)
		return err
	}
	return nil
}

// Close ends the flow.
func (l *Local) Close() { l.end(net.ErrClosed) }

func (l *Local) name() Flow    { return l.flow }
func (l *Local) counted() bool { return false }

func (l *Local) queue(message []byte) error {
	err := l.peer.Deliver(message)
	if err != nil {
		l.e.count.slow.Inc()
		l.end(err)
	}
	return err
}

func (l *Local) end(err error) {
	l.once.Do(func() {
		l.e.leave(l, err)
		l.peer.Gone(err)
	})
}
