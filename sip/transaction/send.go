package transaction

import (
	"fmt"
	"net/netip"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transport"
)

// Send sends a request in a transaction of its own. The request has From, To, Call-ID and CSeq, and no Via; Max-Forwards is
// added when missing. The sink must not block; events come in order, and the first may come before Send returns. A nil sink
// means that nobody cares. On a connection the request may wait for the dialling; a failure comes as ErrTransport.
func (l *Layer) Send(req *sip.Request, to Destination, sink func(ClientEvent)) (*ClientTx, error) {
	if req.Method == sip.ACK || req.Method == sip.CANCEL {
		return nil, fmt.Errorf("%s in a transaction of its own: %w", req.Method, ErrLocal)
	}
	flow, bytes, err := l.prepare(req, to)
	if err != nil {
		return nil, err
	}
	if len(bytes) > l.cfg.UDPLimit && flow.Transport == transport.UDP && to.AllowTCP {
		if _, ok := l.cfg.Endpoint.Local(transport.TCP); ok {
			flow = l.overTCP(req, to.Addr)
			return l.launch(sending{req, bytesOf(req), flow, to, true}, sink)
		}
	}
	return l.launch(sending{req, bytes, flow, to, false}, sink)
}

// sending is a request ready to go.
type sending struct {
	req   *sip.Request
	bytes []byte
	flow  transport.Flow
	to    Destination
	large bool // over TCP because of its size
}

// overTCP moves a request that is too large for UDP, Via included (RFC 3261 §18.1.1).
func (l *Layer) overTCP(req *sip.Request, addr netip.AddrPort) transport.Flow {
	via := req.Via()
	via.Transport = transport.TCP
	via.Host, via.Port = l.cfg.Endpoint.SentBy(transport.TCP)
	return l.cfg.Endpoint.Flow(transport.TCP, addr)
}

// launch starts a client transaction for a request that has its Via.
func (l *Layer) launch(s sending, sink func(ClientEvent)) (*ClientTx, error) {
	key, _ := clientKey(s.req)
	c := &ClientTx{l: l, req: s.req, to: s.to, large: s.large}
	if sink != nil {
		c.sink.Store(&sink)
	}
	r := &record{l: l, key: key, m: client, state: Calling, flow: s.flow, ctx: c, last: s.bytes, pos: -1}
	c.rec = r
	if s.req.Method == sip.INVITE {
		r.m = inviteClient
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, ErrClosed
	}
	r.armLocked(DoT1 | DoEnd64)
	l.addLocked(l.clients, r) // before dialling: a connection that fails at once must find it
	l.mu.Unlock()
	if err := l.deliver(s.flow, s.bytes, s.to); err != nil && l.withdraw(r) {
		return nil, fmt.Errorf("%s to %s: %w", s.req.Method, s.flow.Remote, err)
	}
	return c, nil
}

// withdraw takes back a transaction that was never sent; false when its user was told of an end already.
func (l *Layer) withdraw(r *record) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.state == Terminated {
		return false
	}
	r.state = Terminated
	l.forgetLocked(r)
	return true
}

// Write sends a request without a transaction: an ACK to a 2xx that the dialog repeats itself. The first time it gets its Via;
// the same request given again goes out as it was.
func (l *Layer) Write(req *sip.Request, to Destination) error {
	if has[*base.ViaHeader](req) {
		return l.deliver(l.flowTo(to), bytesOf(req), to)
	}
	flow, bytes, err := l.prepare(req, to)
	if err != nil {
		return err
	}
	return l.deliver(flow, bytes, to)
}

// WriteResponse sends a 2xx to an INVITE again (RFC 3261 §13.3.1.4). It is Respond, for those who like to say what they mean.
func (l *Layer) WriteResponse(res *sip.Response, invite *ServerTx) error { return invite.Respond(res) }

func (l *Layer) deliver(flow transport.Flow, bytes []byte, to Destination) error {
	err := l.cfg.Endpoint.Open(flow, to.ServerName)
	if err == nil {
		err = l.write(flow, bytes)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTransport, err)
	}
	return nil
}

// prepare checks a request, gives it Via and Max-Forwards, and prints it.
func (l *Layer) prepare(req *sip.Request, to Destination) (transport.Flow, []byte, error) {
	if has[*base.ViaHeader](req) || req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		return transport.Flow{}, nil, fmt.Errorf("%s: %w", req.Method, ErrLocal)
	}
	if !to.Addr.IsValid() || req.CSeq().MethodName != req.Method {
		return transport.Flow{}, nil, fmt.Errorf("%s: destination or CSeq: %w", req.Method, ErrLocal)
	}
	flow := l.flowTo(to)
	host, port := l.cfg.Endpoint.SentBy(to.Transport)
	via := &base.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: to.Transport, Host: host, Port: port}
	via.Params = base.HeaderParams{{K: "branch", V: sip.NewBranch()}, {K: "rport"}}
	if !has[*base.MaxForwardsHeader](req) && sip.HeaderText(req, "Max-Forwards") == "" {
		hops := base.MaxForwardsHeader(70)
		req.PrependHeader(&hops)
	}
	req.PrependHeader(via)
	if !has[*base.ContentLengthHeader](req) {
		req.SetBody(req.Body())
	}
	return flow, bytesOf(req), nil
}

// has reports whether a header of that type is there, without the search for compact names that the model makes.
func has[H sip.Header](req *sip.Request) bool {
	for _, h := range req.Headers() {
		if _, ok := h.(H); ok {
			return true
		}
	}
	return false
}

// response gives a response to its transaction.
func (l *Layer) response(res *sip.Response, flow transport.Flow) {
	key, ok := clientKey(res)
	if !ok {
		l.cfg.Metrics.stray.Inc()
		return
	}
	l.mu.Lock()
	r := l.clients[key]
	if r == nil {
		l.mu.Unlock()
		l.stray(res, flow)
		return
	}
	c := r.ctx
	again := r.state == Accepted || r.state == Completed
	do, w := l.matchedLocked(r, res)
	cancel := c != nil && c.cancelWanted && r.state == Proceeding
	var reason []sip.Header
	if cancel {
		c.markCancelledLocked()
		reason = c.cancelReason
	}
	l.mu.Unlock()
	if again {
		l.cfg.Metrics.retransmitsIn.Inc()
	}
	w.perform(l)
	if cancel {
		if err := c.sendCancel(reason); err != nil {
			l.cfg.Log.Debug("CANCEL", "err", err)
		}
	}
	if do&DoPass == 0 {
		return
	}
	if c == nil || c.sink.Load() == nil {
		l.orphan(r, res, flow)
		return
	}
	c.tell(ClientEvent{Response: res, Flow: flow, Done: res.StatusCode >= 300 || res.StatusCode >= 200 && r.m == client})
}

// matchedLocked takes the step of a response and says what is to be sent for it: the ACK of a failure, or the one that the
// user gave for this 2xx already, in which case the user hears nothing.
func (l *Layer) matchedLocked(r *record, res *sip.Response) (Do, work) {
	again, c := r.state == Accepted, r.ctx
	do, _ := r.stepLocked(classOf(res.StatusCode))
	w := work{flow: r.flow}
	if do&DoAck != 0 {
		if r.ack == nil && c != nil {
			r.ack = ackFailure(c.req, res)
		}
		w.bytes = r.ack
	}
	if again && do&DoPass != 0 {
		if a := r.ackOf(sip.ToTag(res)); a != nil {
			w.flow, w.bytes, do = a.flow, a.bytes, do&^DoPass
		}
	}
	if r.m == inviteClient && r.state >= Completed {
		r.last = nil
		if r.state == Completed || c != nil && c.sink.Load() == nil {
			r.ctx = nil // the ACKs are all it needs
		}
	}
	return do, w
}

func (r *record) ackOf(tag string) *forkAck {
	for i := range r.acks {
		if r.acks[i].tag == tag {
			return &r.acks[i]
		}
	}
	return nil
}
