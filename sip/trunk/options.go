package trunk

import (
	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
)

// Options builds the OPTIONS that asks a target for a sign of life (RFC 3261 §11.1). contact is where we are reached. It has no
// Via; the owner adds it.
func Options(t Target, contact sip.URI) *sip.Request {
	to := sip.URI{Scheme: "sip", Host: t.Host, Port: t.Port}
	req := sip.NewRequest(sip.OPTIONS, to)
	hops, callID := base.MaxForwardsHeader(70), base.CallIDHeader(sip.NewCallID())
	req.AppendHeader(&hops)
	req.AppendHeader(&base.FromHeader{Address: sip.URI{Scheme: "sip", User: "ping", Host: contact.Host}, Params: base.HeaderParams{{K: "tag", V: sip.NewTag()}}})
	req.AppendHeader(&base.ToHeader{Address: to})
	req.AppendHeader(&callID)
	req.AppendHeader(&base.CSeqHeader{SeqNo: 1, MethodName: sip.OPTIONS})
	req.AppendHeader(&base.ContactHeader{Address: *contact.Clone()})
	req.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	req.SetBody(nil)
	return req
}
