package dialog

import (
	"slices"
	"strings"
	"time"

	"tandem/sip"
)

// maxPending is how many requests of the peer wait for Reply, and how many of ours for their response; more are refused.
const maxPending = 16

// OnRequest takes an in-dialog request of any method but CANCEL. tx is 0 for ACK.
func (u *Usage) OnRequest(now time.Time, tx TxID, req *sip.Request) []Effect {
	u.at(now)
	if req.Method == sip.ACK {
		if u.current != nil {
			u.onACK(req)
		}
		return u.take()
	}
	if u.released || req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		u.answer(tx, req, sip.StatusCallDoesNotExist)
		return u.take()
	}
	d := u.dialogOf(sip.FromTag(req))
	if d == nil || sip.ToTag(req) != u.cfg.LocalTag {
		u.answer(tx, req, sip.StatusCallDoesNotExist)
		return u.take()
	}
	if status := d.order(req); status != 0 {
		u.answer(tx, req, status)
		return u.take()
	}
	if u.state == StateTerminated {
		u.afterEnd(tx, req)
		return u.take()
	}
	u.dispatch(tx, req, d)
	return u.take()
}

// order checks and takes the CSeq, RFC 3261 §12.2.2.
func (d *dialog) order(req *sip.Request) int {
	n := req.CSeq().SeqNo
	if d.hasSeq && n <= d.seq {
		return sip.StatusServerInternalError
	}
	d.seq, d.hasSeq = n, true
	return 0
}

// afterEnd answers what crossed the end of the session.
func (u *Usage) afterEnd(tx TxID, req *sip.Request) {
	status := sip.StatusCallDoesNotExist
	if req.Method == sip.BYE {
		status = sip.StatusOK
		if u.exit == exitHeld { // no BYE of ours is needed any more
			u.closeUnacked()
			u.exit = exitBye
		}
	}
	u.answer(tx, req, status)
}

func (u *Usage) dispatch(tx TxID, req *sip.Request, d *dialog) {
	if !u.accepts(tx, req) {
		return
	}
	switch req.Method {
	case sip.INVITE:
		u.onInvite(tx, req, d)
	case sip.BYE:
		u.onBye(tx, req, d)
	case sip.PRACK:
		u.onPRACK(tx, req, d)
	case sip.UPDATE:
		u.onUpdate(tx, req, d)
	case sip.OPTIONS:
		u.answer(tx, req, sip.StatusOK, sip.NewHeader("Accept", typeSDP), sip.NewHeader("Supported", u.cfg.Supported))
	default:
		u.handOver(tx, req, d)
	}
}

// accepts checks method and extensions, RFC 3261 §8.2.1 and §8.2.2.3; BYE always passes.
func (u *Usage) accepts(tx TxID, req *sip.Request) bool {
	switch {
	case req.Method == sip.BYE:
		return true
	case !sip.KnownMethod(req.Method):
		u.answer(tx, req, sip.StatusNotImplemented)
		return false
	case !listed(u.cfg.Allow, string(req.Method)):
		u.answer(tx, req, sip.StatusMethodNotAllowed)
		return false
	}
	if bad := u.unsupported(req); bad != "" {
		u.answer(tx, req, sip.StatusBadExtension, sip.NewHeader("Unsupported", bad))
		return false
	}
	return true
}

func listed(list, item string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(part), item) {
			return true
		}
	}
	return false
}

// unsupported lists the required option tags that we do not have.
func (u *Usage) unsupported(req *sip.Request) string {
	var bad []string
	for _, tag := range sip.Tokens(req, "Require") {
		if !listed(u.cfg.Supported, tag) {
			bad = append(bad, sip.Clean(tag))
		}
	}
	return strings.Join(bad, ", ")
}

// refusal is the response to an INVITE or UPDATE that may not even be looked at, or nil: 420, 415, 422.
func (u *Usage) refusal(req *sip.Request) *sip.Response {
	if bad := u.unsupported(req); bad != "" {
		return u.response(req, sip.StatusBadExtension, Body{}, sip.NewHeader("Unsupported", bad))
	}
	if _, status := bodyOf(req); status != 0 {
		extra := []sip.Header{sip.NewHeader("Accept", typeSDP)}
		if !identity(req) {
			extra = append(extra, sip.NewHeader("Accept-Encoding", "identity"))
		}
		return u.response(req, status, Body{}, extra...)
	}
	if u.tooShort(req) {
		res := u.response(req, sip.StatusSessionIntervalTooSmall, Body{})
		res.AppendHeader(sip.MinSEHeader(u.cfg.minSE()))
		return res
	}
	return nil
}

// answer responds to a request at once.
func (u *Usage) answer(tx TxID, req *sip.Request, status int, headers ...sip.Header) {
	u.emit(Effect{Kind: Respond, Tx: tx, Response: u.response(req, status, Body{}, headers...)})
}

// handOver gives a request to the owner, who answers with Reply.
func (u *Usage) handOver(tx TxID, req *sip.Request, d *dialog) {
	if len(u.servers) >= maxPending {
		u.answer(tx, req, sip.StatusServiceUnavailable, sip.RetryAfter{After: 5 * time.Second}.Header())
		return
	}
	if req.Method == sip.REFER || req.Method == sip.NOTIFY || req.Method == sip.SUBSCRIBE {
		d.refresh(req) // RFC 6665 §4.4.1
	}
	u.servers = append(u.servers, incoming{tx: tx, req: req})
	body := Body{Data: req.Body()}
	if ct, ok := sip.ContentTypeOf(req); ok {
		body.Type = ct.Type
	}
	u.raise(Event{Kind: RequestReceived, Tx: tx, RemoteTag: d.remoteTag, Body: body, Request: req})
}

// Reply answers a request that RequestReceived told of, with a final response.
func (u *Usage) Reply(now time.Time, tx TxID, status int, body Body, headers ...sip.Header) []Effect {
	u.at(now)
	i := slices.IndexFunc(u.servers, func(s incoming) bool { return s.tx == tx })
	if i < 0 || status < 200 || status > 699 {
		u.misused("reply")
		return u.take()
	}
	req := u.servers[i].req
	u.servers = slices.Delete(u.servers, i, i+1)
	res := u.response(req, status, body, headers...)
	if status < 300 && (req.Method == sip.REFER || req.Method == sip.SUBSCRIBE) {
		res.AppendHeader(u.contact())
	}
	u.emit(Effect{Kind: Respond, Tx: tx, Response: res})
	return u.take()
}

// Send sends another request in the dialog: INFO, MESSAGE, REFER, NOTIFY, OPTIONS. The Tx of the SendRequest effect comes back with
// Replied. Without a dialog, and above the limit of open requests, Replied comes at once: 481 or 503, by Local.
func (u *Usage) Send(now time.Time, method sip.Method, body Body, headers ...sip.Header) []Effect {
	u.at(now)
	switch method {
	case sip.INVITE, sip.ACK, sip.CANCEL, sip.BYE, sip.PRACK, sip.UPDATE, sip.REGISTER:
		u.misused("send " + string(method))
		return u.take()
	}
	status := 0
	switch {
	case u.current == nil || u.state == StateTrying || u.state == StateTerminated || u.exit != exitNone || !sip.IsToken(string(method)):
		status = sip.StatusCallDoesNotExist
	case len(u.clients) >= maxPending:
		status = sip.StatusServiceUnavailable
	}
	if status != 0 {
		if u.state != StateTerminated {
			u.raise(Event{Kind: Replied, Status: status, Text: sip.Phrase(status), By: Local})
		}
		return u.take()
	}
	req := u.fresh(u.current, method)
	add(req, headers)
	fill(req, body)
	u.start(&clientTx{what: forSend, req: req, d: u.current})
	return u.take()
}
