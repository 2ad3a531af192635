package transaction

import (
	"fmt"
	"slices"
	"sync/atomic"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transport"
)

// ClientEvent is what a client transaction tells its sink, in order: exactly one of Response and Err is set. After the first 2xx
// to an INVITE more may come for 64·T1, forked or repeated; the end of that time (Timer M) is not told.
type ClientEvent struct {
	Tx       *ClientTx
	Response *sip.Response
	Flow     transport.Flow // where the response came from
	Err      error          // ErrTimeout or ErrTransport
	Done     bool           // nothing follows; never set with a 2xx to INVITE
}

// ClientTx is a request sent. Its methods may be called from any goroutine.
type ClientTx struct {
	l    *Layer
	rec  *record
	req  *sip.Request
	to   Destination
	sink atomic.Pointer[func(ClientEvent)]

	// guarded by Layer.mu, as are req and the flow of the record while large
	large        bool // went over TCP because of its size; a peer that takes no connection gets it over UDP
	cancelWanted bool
	cancelled    bool
	cancelReason []sip.Header
}

// Request returns the request as it was sent, with its Via. It is read-only.
func (c *ClientTx) Request() *sip.Request {
	req, _ := c.sent()
	return req
}

// Flow returns where the request was sent.
func (c *ClientTx) Flow() transport.Flow {
	_, flow := c.sent()
	return flow
}

func (c *ClientTx) sent() (*sip.Request, transport.Flow) {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	return c.req, c.rec.flow
}

// backToUDPLocked sends a large request over UDP after all, since no connection came about (RFC 3261 §18.1.1).
func (c *ClientTx) backToUDPLocked() work {
	r, req := c.rec, sip.NewRequest(c.req.Method, c.req.Recipient)
	for _, h := range c.req.Headers() {
		if via, ok := h.(*base.ViaHeader); ok && via == c.req.Via() {
			via = via.Clone()
			via.Transport = transport.UDP
			via.Host, via.Port = c.l.cfg.Endpoint.SentBy(transport.UDP)
			h = via
		}
		req.AppendHeader(h)
	}
	req.SetBody(c.req.Body())
	c.l.unflowLocked(r)
	c.large, c.req, r.last, r.flow = false, req, bytesOf(req), c.l.cfg.Endpoint.Flow(transport.UDP, c.to.Addr)
	r.armLocked(DoT1 | DoEnd64)
	c.l.clock.set(r)
	return work{flow: r.flow, bytes: r.last}
}

func (c *ClientTx) tell(ev ClientEvent) {
	if sink := c.sink.Load(); sink != nil {
		ev.Tx = c
		(*sink)(ev)
	}
}

// Release says that nobody listens any more: the sink is not called again. The transaction goes on: it acknowledges
// failures, and a forked or late 2xx gets ACK and BYE.
func (c *ClientTx) Release() {
	c.sink.Store(nil)
	c.l.mu.Lock()
	if c.rec.state >= Completed { // before that, the request is needed for the ACK of a failure
		c.rec.ctx = nil
	}
	c.l.mu.Unlock()
}

// Cancel sends a CANCEL for a pending INVITE (RFC 3261 §9.1), now if a provisional response was seen, else as soon as one is;
// extra headers such as Reason go with it. After a final response it does nothing. Whatever is answered, the sink still
// gets the final response of the INVITE, or ErrTimeout after 64·T1; a 2xx may cross the CANCEL. An error says
// that the CANCEL could not be sent.
func (c *ClientTx) Cancel(extra ...sip.Header) error {
	c.l.mu.Lock()
	now := false
	if c.rec.m == inviteClient && !c.cancelled {
		c.cancelReason = extra
		c.cancelWanted = c.rec.state == Calling
		now = c.rec.state == Proceeding
	}
	if now {
		c.markCancelledLocked()
	}
	c.l.mu.Unlock()
	if !now {
		return nil
	}
	return c.sendCancel(extra)
}

// markCancelledLocked starts the wait for the final response.
func (c *ClientTx) markCancelledLocked() {
	c.cancelled, c.cancelWanted = true, false
	c.rec.end = c.l.now() + 64*c.l.cfg.Timers.T1
	c.l.clock.set(c.rec)
}

// sendCancel builds the CANCEL from the INVITE that was sent: the same Request-URI, top Via, From, To, Call-ID, CSeq number
// and Route, and nothing else (RFC 3261 §9.1).
func (c *ClientTx) sendCancel(extra []sip.Header) error {
	inv, flow := c.sent()
	req := derive(inv, sip.CANCEL)
	for _, h := range extra {
		req.AppendHeader(h)
	}
	req.SetBody(nil)
	_, err := c.l.launch(sending{req: req, bytes: bytesOf(req), flow: flow, to: c.to}, nil)
	return err
}

// derive starts a CANCEL or an ACK to a failure from an INVITE that was sent. To is the INVITE's.
func derive(inv *sip.Request, method sip.Method) *sip.Request {
	req := sip.NewRequest(method, inv.Recipient)
	for _, h := range inv.Headers() {
		switch h := h.(type) {
		case *base.ViaHeader:
			if req.Via() == nil {
				req.AppendHeader(h.Clone())
			}
		case *base.FromHeader, *base.ToHeader:
			req.AppendHeader(base.HeaderClone(h))
		case *base.CallIDHeader:
			id := *h
			req.AppendHeader(&id)
		case *base.CSeqHeader:
			req.AppendHeader(&base.CSeqHeader{SeqNo: h.SeqNo, MethodName: method})
		default:
			if h.Name() == "Route" {
				req.AppendHeader(base.HeaderClone(h))
			}
		}
	}
	hops := base.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	return req
}

// ackFailure builds the ACK to a 3xx-6xx (RFC 3261 §17.1.1.3): To is the response's.
func ackFailure(inv *sip.Request, res *sip.Response) []byte {
	ack := derive(inv, sip.ACK)
	if to := res.To(); to != nil {
		ack.ReplaceHeader(base.HeaderClone(to))
	}
	ack.SetBody(nil)
	return bytesOf(ack)
}

// Ack sends the ACK to a 2xx and remembers it: when the 2xx with that To tag comes again, the layer repeats the ACK and the
// sink hears nothing. The request has no Via.
func (c *ClientTx) Ack(ack *sip.Request, to Destination) error {
	tag := sip.ToTag(ack)
	if ack.Method != sip.ACK || tag == "" {
		return fmt.Errorf("ACK without a To tag: %w", ErrLocal)
	}
	flow, bytes, err := c.l.prepare(ack, to)
	if err != nil {
		return err
	}
	c.l.mu.Lock()
	if c.rec.state == Accepted && !slices.ContainsFunc(c.rec.acks, func(a forkAck) bool { return a.tag == tag }) {
		c.rec.acks = append(c.rec.acks, forkAck{tag: tag, flow: flow, bytes: bytes})
	}
	c.l.mu.Unlock()
	return c.l.deliver(flow, bytes, to)
}
