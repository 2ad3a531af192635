package b2bua

import (
	"slices"
	"time"

	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
)

// leg is one side of a call: a dialog and its stream. Owned by its call.
type leg struct {
	call   *Call
	number int    // 0 is the caller, the others in the order in which they were placed
	name   string // "a" is the caller, "b1", "b2" … are attempts
	state  legState
	tag    string        // ours; others find the leg by it
	callID string        // the Call-ID, to match in-dialog requests
	usage  *dialog.Usage // nil until the dialog is made; nil again after Release
	route  route         // how its requests travel

	stream   media.StreamID
	ports    streamState
	browser  bool         // its session descriptions are the media room's
	asked    []asking     // of the media room, in order
	overdue  int          // answers to come that nobody waits for any more
	openBy   time.Time    // while opening: when the engine is given up
	invite   *sip.Request // caller: until the stream is open
	local    *sdp.Local   // nil for a browser
	answer   []byte       // UAS: our answer to the INVITE's offer
	early    bool         // SDP crossed before the answer
	moved    bool         // it redirected us, and we follow
	spoke    bool         // it has answered something, be it 100
	config   media.StreamConfig
	onHold   bool      // the far side holds us
	lostBy   time.Time // when it counts as gone
	lost     bool      // the connection of the browser is down
	parks    bool      // others hold the talk on behalf of the far side
	refers   int       // REFERs so far
	sawEvent bool      // a key came as RFC 4733, so INFO repeats it
	stats    media.Stats

	servers  []serverTx // that wait for an answer, and the INVITE accepted last: its 2xx may have to be repeated
	accepted dialog.TxID
	clients  []clientTx // that are not done, and the INVITE that was answered last
	nextTx   dialog.TxID
	acked    uint32    // CSeq of our last ACK
	ackedAt  time.Time // zero once it need not be repeated
	heard    []byte    // the far side's session description in force
	target   target    // of an attempt

	answeredAt time.Time
	ended      dialog.Event
}

type serverTx struct {
	id dialog.TxID
	tx *transaction.ServerTx
}

type clientTx struct {
	id dialog.TxID
	tx *transaction.ClientTx
}

// streamState is how far a leg's stream is.
type streamState uint8

const (
	streamNone    streamState = iota // never asked for, refused, or closed
	streamOpening                    // Open was sent
	streamOpen                       // Opened came
	streamClosing                    // Close was sent
)

// serve registers a server transaction and returns its number. ACK has none.
func (l *leg) serve(tx *transaction.ServerTx) dialog.TxID {
	if tx.Request().Method == sip.ACK {
		return 0
	}
	l.nextTx++
	l.servers = append(l.servers, serverTx{l.nextTx, tx})
	return l.nextTx
}

// perform does what the dialog room wants done. Events are queued on the call, not handled here: the usage may only be called
// again when its effects are done.
func (l *leg) perform(effects []dialog.Effect) {
	for _, e := range effects {
		switch e.Kind {
		case dialog.SendRequest:
			l.send(e)
		case dialog.SendCancel:
			l.cancel(e)
		case dialog.WriteACK:
			l.ack(e.Request)
		case dialog.Respond:
			l.respond(e)
		case dialog.Retransmit2xx, dialog.Retransmit1xx:
			l.retransmit(e)
		case dialog.Raise:
			l.call.queue(said{l, e.Event})
		case dialog.Release:
			l.released()
		}
	}
}

func (l *leg) send(e dialog.Effect) {
	l.call.trace(l, sent, e.Request)
	sink := l.call.sinkFor(l, e.Tx)
	tx, err := l.route.door.layer.Send(e.Request, l.next(e.Request), sink)
	if err != nil {
		l.call.queue(sendFailed{l, e.Tx, err})
		return
	}
	l.clients = append(l.clients, clientTx{e.Tx, tx})
}

// next is where a request goes. The INVITE that makes the dialog goes to the target.
func (l *leg) next(req *sip.Request) transaction.Destination {
	if sip.ToTag(req) == "" {
		return l.route.to
	}
	return l.route.destination(req)
}

// ack sends the ACK to a 2xx through the INVITE's transaction, which repeats it when the 2xx comes again.
func (l *leg) ack(req *sip.Request) {
	l.call.trace(l, sent, req)
	for _, c := range l.clients {
		if invite := c.tx.Request(); invite.Method == sip.INVITE && invite.CSeq().SeqNo == req.CSeq().SeqNo {
			l.note(c.tx.Ack(req, l.next(req)))
			l.acked, l.ackedAt = req.CSeq().SeqNo, l.call.now
			l.forgetInvites(l.acked)
			return
		}
	}
	l.note(l.route.door.layer.Write(req, l.next(req)))
}

// acknowledged forgets what an ACK ends: the INVITE of the peer that we accepted last need not be answered again.
func (l *leg) acknowledged(ack *sip.Request) {
	l.servers = slices.DeleteFunc(l.servers, func(s serverTx) bool {
		return s.id == l.accepted && s.tx.Request().CSeq().SeqNo == ack.CSeq().SeqNo
	})
}

// settled tells when no more 2xx of an INVITE of ours can come: 64·T1 after its ACK.
func (l *leg) settled() time.Time {
	if l.ackedAt.IsZero() {
		return time.Time{}
	}
	return l.ackedAt.Add(64 * dialog.T1)
}

// forgetInvites drops INVITEs of ours before one that was acknowledged: the transaction room repeats their ACKs by itself.
func (l *leg) forgetInvites(before uint32) {
	l.clients = slices.DeleteFunc(l.clients, func(c clientTx) bool {
		old := c.tx.Request().Method == sip.INVITE && c.tx.Request().CSeq().SeqNo < before
		if old {
			c.tx.Release()
		}
		return old
	})
}

// released forgets the dialog: nobody of this call listens to its transactions any more.
func (l *leg) released() {
	for _, c := range l.clients {
		c.tx.Release()
	}
	l.usage, l.servers, l.clients = nil, nil, nil
}

func (l *leg) cancel(e dialog.Effect) {
	for _, c := range l.clients {
		if c.id == e.Tx {
			l.call.traceCancel(l)
			c.tx.Cancel(e.Headers...)
		}
	}
}

func (l *leg) respond(e dialog.Effect) {
	l.call.trace(l, sent, e.Response)
	for i, s := range l.servers {
		if s.id != e.Tx {
			continue
		}
		l.note(s.tx.Respond(e.Response))
		switch status := e.Response.StatusCode; {
		case status >= 300, status >= 200 && s.tx.Request().Method != sip.INVITE:
			l.servers = slices.Delete(l.servers, i, i+1)
		case status >= 200:
			last := l.accepted
			l.accepted = e.Tx
			l.servers = slices.DeleteFunc(l.servers, func(x serverTx) bool { return x.id == last })
		}
		return
	}
}

func (l *leg) retransmit(e dialog.Effect) {
	for _, s := range l.servers {
		if s.id == e.Tx {
			l.note(s.tx.Respond(e.Response))
		}
	}
}

// note logs a send that failed: the dialog's timers decide what becomes of it.
func (l *leg) note(err error) {
	if err != nil {
		l.call.log.Debug("send failed", "leg", l.name, "err", err)
	}
}

// forget drops a client transaction that is done.
func (l *leg) forget(id dialog.TxID) {
	for i, c := range l.clients {
		if c.id == id {
			l.clients = append(l.clients[:i], l.clients[i+1:]...)
			return
		}
	}
}

// step moves the leg's machine and performs what the row says.
func (l *leg) step(on legEvent) {
	to, do, ok := legMachine.Step(l.state, on)
	if !ok {
		return
	}
	l.state = to
	if do&legStamp != 0 {
		l.answeredAt = l.call.now
	}
	if do&legRelease != 0 {
		l.target.release()
		l.call.closeStream(l)
	}
	if do&legTell != 0 {
		l.call.legGone(l)
	}
}

// configure takes a newly negotiated state into force.
func (l *leg) configure(cfg media.StreamConfig) {
	cfg.Symmetric = l.target.symmetric
	cfg.Timeout = l.call.sw.cfg.MediaTimeout
	l.config = cfg
	l.call.media(media.Configure{Stream: l.stream, Config: cfg})
}

// over tells whether nothing of the leg is left to wait for.
func (l *leg) over() bool { return l.usage == nil && l.ports == streamNone }
