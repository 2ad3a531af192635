package transport

import "net"

// conn is a connection in the table, of whatever kind.
type conn interface {
	name() Flow           // which flow it is
	counted() bool        // whether it came from a source that limits count
	queue(m []byte) error // sends without waiting
	end(err error)        // ends it, once
}

// conn finds the connection of a flow. A flow that bears an ID is that one and no later one from the same address.
func (e *Endpoint) conn(flow Flow) conn {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.conns[flow.way()]
	if c == nil || flow.Bound() && c.name().ID != flow.ID {
		return nil
	}
	return c
}

// roomLocked says why a connection cannot be added, or nil.
func (e *Endpoint) roomLocked(c conn) error {
	switch {
	case e.ctx == nil:
		return ErrNotServed
	case e.conns[c.name().way()] != nil:
		return ErrTaken
	case isLocal(c): // those who attach it bound it, so that they and connections from outside do not keep each other out
	case len(e.conns)-e.locals >= e.cfg.MaxConns, c.counted() && e.bySource[source(c.name().Remote.Addr())] >= e.cfg.MaxPerSource:
		e.count.full.Inc()
		return ErrFull
	}
	return nil
}

// isLocal tells whether a connection stays within this process.
func isLocal(c conn) bool { return c.name().Transport == LOCAL }

// enter puts a connection into the table, and counts the goroutines that the caller starts for it, for Serve to wait for.
func (e *Endpoint) enter(c conn, goroutines int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.roomLocked(c); err != nil {
		return err
	}
	e.putLocked(c, goroutines)
	return nil
}

func (e *Endpoint) putLocked(c conn, goroutines int) {
	e.conns[c.name().way()] = c
	if isLocal(c) {
		e.locals++
	}
	e.wg.Add(goroutines)
	if c.counted() {
		e.bySource[source(c.name().Remote.Addr())]++
	}
	e.count.conns.Inc()
}

// leave takes a connection out and tells that its flow is gone.
func (e *Endpoint) leave(c conn, err error) {
	flow := c.name()
	e.mu.Lock()
	delete(e.conns, flow.way())
	if isLocal(c) {
		e.locals--
	}
	if src := source(flow.Remote.Addr()); c.counted() {
		if e.bySource[src]--; e.bySource[src] <= 0 {
			delete(e.bySource, src)
		}
	}
	e.count.conns.Dec()
	e.mu.Unlock()
	e.recv.FlowClosed(flow, err)
	if fn := e.ended.Load(); fn != nil {
		(*fn)(flow, err)
	}
}

// OnFlowClosed sets who hears, after the Receiver, that a connection is gone, or that dialling it failed: the owner of what
// hangs on a flow, such as the location table. It must not block. Nil for nobody; it may be changed at any time.
func (e *Endpoint) OnFlowClosed(fn func(flow Flow, err error)) {
	if fn == nil {
		e.ended.Store(nil)
		return
	}
	e.ended.Store(&fn)
}

// CloseFlow closes a connection: a registrar that throws a client out.
func (e *Endpoint) CloseFlow(flow Flow) {
	if c := e.conn(flow); c != nil {
		c.end(net.ErrClosed)
	}
}
