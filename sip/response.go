package sip

import (
	"net/netip"
	"strconv"

	base "github.com/emiago/sipgo/sip"
)

// NewResponse builds an answer to a request (RFC 3261 §8.2.6): Via, From, To, Call-ID, CSeq, and Record-Route where a dialog
// may come of it (§12.1.1). localTag goes into To unless the request has a tag there or the status is 100. Every header is a
// copy: nothing of the request is shared. An empty reason means the usual phrase.
func NewResponse(req *Request, status int, reason, localTag string) *Response {
	if reason == "" {
		reason = Phrase(status)
	}
	res := base.NewResponse(status, Clean(reason))
	for _, h := range req.Headers() {
		switch h := h.(type) {
		case *base.ViaHeader:
			res.AppendHeader(h.Clone())
		case *base.FromHeader:
			res.AppendHeader(&base.FromHeader{DisplayName: h.DisplayName, Address: *h.Address.Clone(), Params: h.Params.Clone()})
		case *base.ToHeader:
			res.AppendHeader(answerTo(h, status, localTag))
		case *base.CSeqHeader:
			res.AppendHeader(&base.CSeqHeader{SeqNo: h.SeqNo, MethodName: h.MethodName})
		case *base.CallIDHeader:
			id := *h
			res.AppendHeader(&id)
		default:
			copyText(res, h, status)
		}
	}
	if status > StatusTrying && status < 300 && req.Method != REGISTER {
		for h := range Fields(req, "Record-Route") {
			res.AppendHeader(NewHeader("Record-Route", h.Value()))
		}
	}
	res.SetBody(nil)
	return res
}

func answerTo(h *base.ToHeader, status int, tag string) *base.ToHeader {
	to := &base.ToHeader{DisplayName: h.DisplayName, Address: *h.Address.Clone(), Params: h.Params.Clone()}
	if status > StatusTrying && tag != "" && TagOf(to.Params) == "" {
		to.Params.Add("tag", tag)
	}
	return to
}

// copyText copies headers that could not be read, so that even a malformed request gets its own words back, and Timestamp.
func copyText(res *Response, h Header, status int) {
	switch h.Name() {
	case "Via", "From", "To", "Call-ID", "CSeq":
		res.AppendHeader(NewHeader(h.Name(), h.Value()))
	case "Timestamp":
		if status == StatusTrying {
			res.AppendHeader(NewHeader("Timestamp", h.Value()))
		}
	}
}

// StampVia notes in the top Via where a request really came from: `received` when sent-by names another host (RFC 3261
// §18.2.1), and the port when the sender asked for rport (RFC 3581 §4) or force is set for peers behind NAT. It writes to
// the request: only the reader of the message may call it, before anybody else sees it.
func StampVia(req *Request, from netip.AddrPort, force bool) {
	via := req.Via()
	if via == nil {
		return
	}
	rport, asked := via.Params.Get("rport")
	asked = asked && rport == ""
	host, err := netip.ParseAddr(via.Host)
	if asked || force || err != nil || host.Unmap() != from.Addr().Unmap() {
		via.Params.Add("received", from.Addr().Unmap().String())
	}
	if asked || force {
		via.Params.Add("rport", strconv.Itoa(int(from.Port())))
	}
}
