package transaction

import (
	"hash/maphash"
	"strconv"
	"strings"

	"tandem/sip"
)

// serverKey matches a request to its transaction (RFC 3261 §17.2.3): branch, sent-by and method, the method of an ACK and,
// when asked, of a CANCEL being INVITE. Without the magic cookie, the rules of RFC 2543 hold.
func serverKey(req *sip.Request, method sip.Method) (string, bool) {
	via, cseq := req.Via(), req.CSeq()
	if via == nil || cseq == nil {
		return "", false
	}
	if method == sip.ACK {
		method = sip.INVITE
	}
	branch, _ := via.Params.Get("branch")
	if len(branch) > len(sip.Cookie) && strings.EqualFold(branch[:len(sip.Cookie)], sip.Cookie) {
		return branch + "|" + strings.ToLower(via.Host) + ":" + strconv.Itoa(via.Port) + "|" + string(method), true
	}
	id, from := req.CallID(), req.From()
	if id == nil || from == nil {
		return "", false
	}
	return strings.Join([]string{"2543", req.Recipient.String(), sip.TagOf(from.Params), id.Value(), strconv.Itoa(int(cseq.SeqNo)), string(method), via.Value()}, "|"), true
}

// clientKey matches a response to its transaction (RFC 3261 §17.1.3).
func clientKey(m sip.Message) (string, bool) {
	via, cseq := m.Via(), m.CSeq()
	if via == nil || cseq == nil {
		return "", false
	}
	branch, _ := via.Params.Get("branch")
	return branch + "|" + string(cseq.MethodName), branch != ""
}

var mergeSeed = maphash.MakeSeed()

// mergeKey finds a request that came over two ways (RFC 3261 §8.2.2.2); 0 for requests inside a dialog.
func mergeKey(req *sip.Request) uint64 {
	if sip.ToTag(req) != "" {
		return 0
	}
	var h maphash.Hash
	h.SetSeed(mergeSeed)
	h.WriteString(sip.FromTag(req))
	h.WriteByte(0)
	h.WriteString(req.CallID().Value())
	h.WriteByte(0)
	h.WriteString(string(req.Method))
	h.WriteByte(byte(req.CSeq().SeqNo))
	h.WriteByte(byte(req.CSeq().SeqNo >> 8))
	h.WriteByte(byte(req.CSeq().SeqNo >> 16))
	h.WriteByte(byte(req.CSeq().SeqNo >> 24))
	return h.Sum64() | 1
}
