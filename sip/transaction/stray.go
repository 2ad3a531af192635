package transaction

import (
	"slices"
	"sync"
	"time"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transport"
)

const straysPerSecond = 50

// gate lets so many through in a second.
type gate struct {
	mu    sync.Mutex
	since time.Time
	n     int
}

func (g *gate) open(now time.Time, limit int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.since) >= time.Second {
		g.since, g.n = now, 0
	}
	g.n++
	return g.n <= limit
}

// stray handles a response without a transaction (RFC 6026 §7.2: all but 2xx to INVITE are dropped).
func (l *Layer) stray(res *sip.Response, flow transport.Flow) {
	l.cfg.Metrics.stray.Inc()
	if isAnswer(res) && !l.cfg.Handler.ServeStray(res, flow) {
		l.hangUp(nil, res, flow)
	}
}

// orphan handles a response whose user has released its transaction.
func (l *Layer) orphan(r *record, res *sip.Response, flow transport.Flow) {
	if isAnswer(res) && !l.cfg.Handler.ServeStray(res, flow) {
		l.hangUp(r, res, flow)
	}
}

func isAnswer(res *sip.Response) bool {
	return res.CSeq().MethodName == sip.INVITE && res.StatusCode >= 200 && res.StatusCode < 300
}

// hangUp sends ACK and BYE for an answer that nobody wants, from the answer alone: so the callee has no ghost call. It goes
// to where the answer came from, and only so often in a second, because anybody could make us send it.
func (l *Layer) hangUp(r *record, res *sip.Response, flow transport.Flow) {
	if sip.ToTag(res) == "" || res.From() == nil || res.CallID() == nil || !l.strays.open(time.Now(), straysPerSecond) {
		return
	}
	cs, err := sip.Contacts(res)
	if err != nil || len(cs) == 0 || cs[0].Wildcard {
		return
	}
	ackFlow, bytes, err := l.prepare(inDialog(res, sip.ACK, cs[0].URI), To(flow))
	if err != nil || l.deliver(ackFlow, bytes, To(flow)) != nil {
		return
	}
	if r != nil { // its retransmissions get the ACK alone
		l.mu.Lock()
		r.acks = append(r.acks, forkAck{tag: sip.ToTag(res), flow: ackFlow, bytes: bytes})
		l.mu.Unlock()
	}
	if _, err := l.Send(inDialog(res, sip.BYE, cs[0].URI), To(flow), nil); err != nil {
		l.cfg.Log.Debug("BYE for an unwanted answer", "err", err)
	}
}

func inDialog(res *sip.Response, method sip.Method, target sip.URI) *sip.Request {
	req := sip.NewRequest(method, target)
	routes, _ := sip.NameAddrs(res, "Record-Route")
	for _, r := range slices.Backward(routes) {
		req.AppendHeader(sip.NewHeader("Route", r.String()))
	}
	req.AppendHeader(base.HeaderClone(res.From()))
	req.AppendHeader(base.HeaderClone(res.To()))
	id := *res.CallID()
	req.AppendHeader(&id)
	seq := res.CSeq().SeqNo
	if method == sip.BYE {
		seq++
	}
	req.AppendHeader(&base.CSeqHeader{SeqNo: seq, MethodName: method})
	req.SetBody(nil)
	return req
}
