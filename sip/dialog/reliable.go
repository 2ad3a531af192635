package dialog

import (
	"strings"

	"tandem/sip"
)

// Reliable provisional responses, RFC 3262: sent by a UAS, acknowledged by a UAC.

// maxQueued is how many provisional responses wait behind one without PRACK; more are left out.
const maxQueued = 4

// saying is a response of ours to the initial INVITE that may have to wait.
type saying struct {
	status  int
	body    Body
	headers []sip.Header
}

// reliable is the reliable provisional response that waits for its PRACK: one at a time.
type reliable struct {
	res     *sip.Response
	rseq    uint32
	spacing int64
	sdp     bool
	queue   []saying
	held    *saying // the 2xx
}

// reliably decides how a provisional response goes out.
func (u *Usage) reliably(s saying) bool {
	req := u.inv.req
	if sip.HasToken(req, "Require", "100rel") {
		return true
	}
	return sip.HasToken(req, "Supported", "100rel") && !s.body.Empty() && (u.cfg.Prefer100rel || !u.inv.offered)
}

func (u *Usage) progressReliably(s saying) {
	if u.rel != nil {
		if len(u.rel.queue) < maxQueued {
			u.rel.queue = append(u.rel.queue, s)
		}
		return
	}
	d := u.current
	switch {
	case d.settled, s.body.Empty():
		s.body = Body{}
	case u.inv.offered:
		if !d.preview.Empty() {
			s.body = d.preview
		}
		d.settled = true
		u.stepTurn(d, turnSendAnswer)
		u.local = s.body
	default:
		d.settled = true
		u.stepTurn(d, turnSendOffer)
		u.open = s.body
	}
	u.rseq++
	res := u.response(u.inv.req, s.status, s.body, s.headers...)
	res.AppendHeader(sip.NewHeader("Require", "100rel"))
	res.AppendHeader(sip.RSeqHeader(u.rseq))
	u.rel = &reliable{res: res, rseq: u.rseq, sdp: !s.body.Empty()}
	u.disarm(dueRing)
	u.say(res)
	u.arm(due1xx, T1)
	u.arm(duePrack, giveUp)
}

func (u *Usage) repeat1xx() {
	if u.rel == nil || u.inv == nil {
		return
	}
	u.rel.spacing++
	u.emit(Effect{Kind: Retransmit1xx, Tx: u.inv.tx, Response: u.rel.res})
	u.arm(due1xx, T1<<min(u.rel.spacing, 6)) // without the limit of T2: RFC 3262 §3
}

func (u *Usage) prackMissing() {
	if u.rel == nil || u.inv == nil || u.inv.req == nil {
		return
	}
	u.reject(sip.StatusServerTimeout, HowPrackTimeout, nil)
}

// onPRACK takes a PRACK, RFC 3262 §3 and §5.
func (u *Usage) onPRACK(tx TxID, req *sip.Request, d *dialog) {
	r, ok := sip.RAckOf(req)
	if ok && u.state == StateConfirmed && r.RSeq == u.rseq && r.Method == sip.INVITE && len(req.Body()) == 0 {
		u.answer(tx, req, sip.StatusOK) // it crossed our 2xx
		return
	}
	if !ok || u.rel == nil || u.inv == nil || r.RSeq != u.rel.rseq || r.CSeq != u.inv.seq || r.Method != sip.INVITE {
		u.answer(tx, req, sip.StatusCallDoesNotExist)
		return
	}
	body, bad := bodyOf(req)
	if bad != 0 {
		u.answer(tx, req, bad, sip.NewHeader("Accept", typeSDP))
		return
	}
	u.disarm(due1xx, duePrack)
	u.rel.sdp = false
	switch {
	case d.turn == turnLocal && body.Empty():
		u.stepTurn(d, turnDropped)
		d.settled = false
		u.raise(Event{Kind: OfferRefused, Status: 488, Text: "no answer in the PRACK", RemoteTag: d.remoteTag})
	case d.turn == turnLocal:
		u.answered(d)
		u.raise(Event{Kind: OfferAccepted, Body: body, RemoteTag: d.remoteTag})
	case !body.Empty() && u.clash(d) != 0:
		u.decline(tx, req, u.clash(d))
		u.pracked()
		return
	case !body.Empty():
		u.offered(&remoteOffer{via: ViaPrack, tx: tx, req: req, d: d, body: body})
		return // acknowledged with the answer
	}
	u.answer(tx, req, sip.StatusOK)
	u.pracked()
}

// pracked lets out what waited for the PRACK.
func (u *Usage) pracked() {
	rel := u.rel
	if rel == nil || u.offer != nil || u.inv == nil || u.inv.req == nil || u.state == StateTerminated || rel.res != nil && u.armed(due1xx) {
		return
	}
	u.rel = nil
	switch {
	case rel.held != nil:
		u.accept(*rel.held)
		return
	case len(rel.queue) > 0:
		u.progress(rel.queue[0])
		if u.rel != nil {
			u.rel.queue = append(u.rel.queue, rel.queue[1:]...)
		}
	}
	u.nextOffer()
}

func (u *Usage) armed(k dueKind) bool { return !u.due[k].IsZero() }

// hold keeps the 2xx until the PRACK, RFC 3262 §3.
func (u *Usage) hold(s saying) {
	if u.rel == nil {
		u.rel = &reliable{}
	}
	u.rel.held = &s
	u.rel.queue = nil
}

// prack acknowledges a reliable provisional response of the peer, RFC 3262 §4.
func (u *Usage) prack(d *dialog, rack sip.RAck, body Body) {
	req := u.fresh(d, sip.PRACK)
	req.AppendHeader(rack.Header())
	fill(req, body)
	u.start(&clientTx{what: forPrack, req: req, d: d})
}

// rackOf tells whether a provisional response is reliable, and what acknowledges it.
func rackOf(res *sip.Response) (sip.RAck, bool) {
	n, ok := sip.RSeq(res)
	if !ok || !sip.HasToken(res, "Require", "100rel") || res.StatusCode == sip.StatusTrying {
		return sip.RAck{}, false
	}
	seq := res.CSeq()
	return sip.RAck{RSeq: n, CSeq: seq.SeqNo, Method: sip.Method(strings.Clone(string(seq.MethodName)))}, true
}
