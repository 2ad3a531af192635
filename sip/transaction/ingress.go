package transaction

import (
	"strconv"
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

// Receive takes a message from the reader of its flow. It implements transport.Receiver.
func (l *Layer) Receive(msg sip.Message, flow transport.Flow) {
	switch m := msg.(type) {
	case *sip.Request:
		sip.StampVia(m, flow.Remote, l.cfg.ForceRport != nil && l.cfg.ForceRport(flow.Remote.Addr()))
		l.request(m, flow)
	case *sip.Response:
		l.response(m, flow)
	}
}

// Malformed answers 400 to a request whose end is missing. It implements transport.Receiver.
func (l *Layer) Malformed(msg sip.Message, flow transport.Flow, _ error) {
	if req, ok := msg.(*sip.Request); ok && req.Method != sip.ACK && req.Via() != nil {
		sip.StampVia(req, flow.Remote, false)
		l.stateless(req, flow, sip.StatusBadRequest, "Incomplete Body")
	}
}

// stateless answers without a transaction.
func (l *Layer) stateless(req *sip.Request, flow transport.Flow, status int, reason string, headers ...sip.Header) {
	l.reject(status)
	tag := sip.ToTag(req)
	if tag == "" && req.CallID() != nil {
		tag = l.localTag(req)
	}
	res := sip.NewResponse(req, status, reason, tag)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	l.write(transport.AnswerFlow(req, flow), bytesOf(res))
}

func (l *Layer) reject(status int) {
	l.cfg.Metrics.rejected.WithLabelValues(strconv.Itoa(status)).Inc()
}

func (l *Layer) request(req *sip.Request, flow transport.Flow) {
	key, ok := serverKey(req, req.Method)
	if !ok {
		if req.Method != sip.ACK && req.Via() != nil {
			status, reason, headers := l.cfg.Policy.Validate(req)
			if status == 0 {
				status = sip.StatusBadRequest
			}
			l.stateless(req, flow, status, reason, headers...)
		}
		return
	}
	switch {
	case req.Method == sip.ACK:
		l.ack(req, key, flow)
	case l.retransmitted(key):
	default:
		l.begin(req, key, flow)
	}
}

// retransmitted handles a request whose transaction exists.
func (l *Layer) retransmitted(key string) bool {
	l.mu.Lock()
	r := l.servers[key]
	if r == nil {
		l.mu.Unlock()
		return false
	}
	do, _ := r.stepLocked(OnRequest)
	w := work{flow: r.flow}
	if do&DoWrite != 0 {
		w.bytes = r.last
	}
	l.mu.Unlock()
	l.cfg.Metrics.retransmitsIn.Inc()
	w.perform(l)
	return true
}

// begin makes the transaction of a new request and decides who answers it.
func (l *Layer) begin(req *sip.Request, key string, flow transport.Flow) {
	status, reason, headers := l.cfg.Policy.Validate(req)
	if status != 0 && (req.CallID() == nil || req.From() == nil || req.To() == nil) {
		l.stateless(req, flow, status, reason, headers...)
		return
	}
	tx := &ServerTx{l: l, req: req, flow: flow, tag: sip.ToTag(req)}
	if tx.tag == "" {
		tx.tag = l.localTag(req)
	}
	tx.rec = &record{l: l, key: key, m: server, state: Trying, flow: transport.AnswerFlow(req, flow), tx: tx, pos: -1}
	if req.Method == sip.INVITE {
		tx.rec.m = inviteServer
	}
	merged, full, cancel := l.admit(tx, status == 0)
	if cancel != nil {
		cancel.tag = tx.tag
		l.refuse(cancel, sip.StatusOK, "")
	}
	switch {
	case full:
		l.stateless(req, flow, sip.StatusServiceUnavailable, "", sip.RetryAfter{After: 5 * time.Second}.Header())
	case status != 0:
		l.refuse(tx, status, reason, headers...)
	case merged:
		l.refuse(tx, sip.StatusLoopDetected, "")
	case req.Method == sip.CANCEL:
		l.cancel(tx)
	case cancel != nil:
		l.refuse(tx, sip.StatusRequestTerminated, "")
	default:
		l.cfg.Handler.ServeRequest(tx)
	}
}

// admit puts a new transaction into the tables.
func (l *Layer) admit(tx *ServerTx, sound bool) (merged, full bool, cancel *ServerTx) {
	r := tx.rec
	l.mu.Lock()
	defer l.mu.Unlock()
	limit := l.cfg.MaxTransactions
	if tx.req.Method == sip.CANCEL || sip.ToTag(tx.req) != "" {
		limit += limit/4 + 1 // what stands already must be able to go on and to end
	}
	if l.closed || len(l.servers) >= limit {
		return false, true, nil
	}
	if sound && tx.req.Method != sip.CANCEL {
		if m := mergeKey(tx.req); m != 0 {
			if _, merged = l.merged[m]; !merged {
				r.merge = m
				l.merged[m] = r
			}
		}
	}
	now := l.now()
	r.end = now + l.cfg.Watchdog
	if r.m == inviteServer {
		r.end = now + l.cfg.MaxTrying
		r.resend = now + l.cfg.Timers.Trying
		if c := l.held[r.key]; c != nil && sound {
			delete(l.held, r.key)
			c.held = false
			cancel = c.tx
		}
	}
	l.addLocked(l.servers, r)
	return merged, false, cancel
}

// refuse answers for the user.
func (l *Layer) refuse(tx *ServerTx, status int, reason string, headers ...sip.Header) {
	if status >= 300 {
		l.reject(status)
	}
	res := sip.NewResponse(tx.req, status, reason, tx.tag)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	tx.Respond(res)
}

// ack gives an ACK to the INVITE it belongs to: absorbed after a failure, passed on after a 2xx. Without a transaction it
// acknowledges a 2xx, with a branch of its own.
func (l *Layer) ack(req *sip.Request, key string, flow transport.Flow) {
	l.mu.Lock()
	r := l.servers[key]
	pass := r == nil
	if r != nil {
		do, listed := r.stepLocked(OnAck)
		pass = listed && do&DoPass != 0
	}
	l.mu.Unlock()
	if !pass || req.CallID() == nil || req.From() == nil || req.To() == nil {
		return
	}
	l.cfg.Handler.ServeRequest(&ServerTx{l: l, req: req, flow: flow, tag: sip.ToTag(req)})
}

// cancel answers a CANCEL and the INVITE it means (RFC 3261 §9.2), or lets it wait for an INVITE that it overtook.
func (l *Layer) cancel(c *ServerTx) {
	key, _ := serverKey(c.req, sip.INVITE)
	l.mu.Lock()
	inv := l.servers[key]
	if inv == nil {
		if len(l.held) < l.cfg.MaxHeld {
			l.held[key] = c.rec
			c.rec.held = true
			c.rec.end = l.now() + l.cfg.HoldCancel
			c.rec.resend = 0
			l.clock.set(c.rec)
			l.mu.Unlock()
			l.cfg.Metrics.heldCancels.Inc()
			return
		}
		l.mu.Unlock()
		l.refuse(c, sip.StatusCallDoesNotExist, "")
		return
	}
	tx := inv.tx
	do, _ := inv.stepLocked(OnCancel)
	var final []byte
	if do&DoCancel != 0 {
		final = inv.answerLocked(sip.StatusRequestTerminated, "")
		inv.tx = nil
	}
	l.mu.Unlock()
	if tx != nil {
		c.tag = tx.tag
	}
	l.refuse(c, sip.StatusOK, "")
	if final != nil {
		err := l.write(inv.flow, final)
		l.cfg.Handler.ServeCancel(tx, c.req, err == nil)
	}
}

// heldExpiredLocked answers a CANCEL whose INVITE never came.
func (l *Layer) heldExpiredLocked(r *record) work {
	l.unholdLocked(r)
	l.reject(sip.StatusCallDoesNotExist)
	bytes := r.answerLocked(sip.StatusCallDoesNotExist, "")
	r.stepLocked(On3xx)
	r.tx = nil
	return work{flow: r.flow, bytes: bytes}
}

// unholdLocked takes a CANCEL out of those that wait.
func (l *Layer) unholdLocked(r *record) {
	r.held = false
	if key, ok := serverKey(r.tx.req, sip.INVITE); ok && l.held[key] == r {
		delete(l.held, key)
	}
}

// answerLocked builds an answer of the layer's own and keeps it for retransmissions.
func (r *record) answerLocked(status int, reason string) []byte {
	r.last = bytesOf(sip.NewResponse(r.tx.req, status, reason, r.tx.tag))
	return r.last
}
