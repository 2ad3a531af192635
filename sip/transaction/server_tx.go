package transaction

import (
	"fmt"

	"tandem/sip"
	"tandem/sip/transport"
)

// ServerTx is a request received, to be answered. Its methods may be called from any goroutine.
type ServerTx struct {
	l    *Layer
	rec  *record // nil for an ACK
	req  *sip.Request
	flow transport.Flow
	tag  string
}

// Request returns the request. It is read-only.
func (t *ServerTx) Request() *sip.Request { return t.req }

// LocalTag returns our tag: the To tag of the request when it has one, else the one that all answers to it bear.
func (t *ServerTx) LocalTag() string { return t.tag }

// Flow returns where the request came from.
func (t *ServerTx) Flow() transport.Flow { return t.flow }

// Layer returns the layer that received it: requests of the same dialog leave through it.
func (t *ServerTx) Layer() *Layer { return t.l }

// Response builds an answer to the request with our tag; an empty reason means the usual phrase.
func (t *ServerTx) Response(status int, reason string) *sip.Response {
	return sip.NewResponse(t.req, status, reason, t.tag)
}

// Respond sends a response. After a 2xx to INVITE it may be called again with the same response, which repeats it. It returns
// ErrAnswered when a final response is out already, ErrNoAnswer for an ACK, or what the transport says; the machine goes on
// in any case, so nothing is left to clean up.
func (t *ServerTx) Respond(res *sip.Response) error {
	if t.rec == nil {
		return ErrNoAnswer
	}
	bytes := bytesOf(res)
	r := t.rec
	t.l.mu.Lock()
	if t.l.closed {
		t.l.mu.Unlock()
		return ErrClosed
	}
	_, listed := r.stepLocked(classOf(res.StatusCode))
	if !listed {
		t.l.mu.Unlock()
		return ErrAnswered
	}
	r.last = bytes
	if res.StatusCode >= 200 {
		r.tx = nil // from here on the bytes are enough
	}
	if res.StatusCode >= 300 { // a proxy may try again by another way: with credentials, or after 503
		t.l.unmergeLocked(r)
	}
	t.l.mu.Unlock()
	if err := t.l.write(r.flow, bytes); err != nil {
		return fmt.Errorf("%w: %w", ErrTransport, err)
	}
	return nil
}

// Done reports whether the final response is out.
func (t *ServerTx) Done() bool {
	if t.rec == nil {
		return true
	}
	t.l.mu.Lock()
	defer t.l.mu.Unlock()
	return t.rec.state >= Completed
}
