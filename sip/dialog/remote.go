package dialog

import (
	"bytes"
	"slices"
	"strings"

	"tandem/sip"
)

// maxForks is how many dialogs of one INVITE are kept beside each other; a 2xx of a further one is ACKed and ended at once.
const maxForks = 16

// dialog is one dialog of the set, RFC 3261 §12.
type dialog struct {
	remoteTag string
	routes    []string // URIs as they came, in sending order; frozen with the dialog
	target    sip.URI
	seq       uint32 // highest remote CSeq
	hasSeq    bool
	rseq      uint32 // last reliable provisional response taken
	turn      turnState
	settled   bool // the first offer was answered in a reliable response
	update    bool // the peer allows UPDATE
	gone      bool // BYE came before the 2xx
	preview   Body // the answer of a provisional response: seen (UAC) or sent and frozen (UAS)
	ack       *sip.Request
	ackSeq    uint32
}

// incoming is a request of the peer that waits for its final response; an INVITE waits on until the ACK.
type incoming struct {
	tx      TxID
	req     *sip.Request // nil after the final response
	final   *sip.Response
	seq     uint32
	spacing int64 // retransmissions of final so far
	initial bool
	offered bool
}

func dialogFromResponse(res *sip.Response, fallback sip.URI) *dialog {
	d := &dialog{remoteTag: strings.Clone(sip.ToTag(res)), target: fallback}
	d.adopt(res)
	return d
}

// adopt takes the route set of a response that makes the dialog, RFC 3261 §12.1.2 and §13.2.2.4.
func (d *dialog) adopt(res *sip.Response) {
	d.routes = routesOf(res)
	slices.Reverse(d.routes)
	d.refresh(res)
}

func dialogFromRequest(req *sip.Request) *dialog {
	d := &dialog{remoteTag: strings.Clone(sip.FromTag(req)), routes: routesOf(req), seq: req.CSeq().SeqNo, hasSeq: true}
	d.refresh(req)
	return d
}

// refresh takes the remote target (RFC 3261 §12.2) and what the peer allows.
func (d *dialog) refresh(msg sip.Message) {
	if cs, err := sip.NameAddrs(msg, "Contact"); err == nil && len(cs) == 1 && !cs[0].Wildcard {
		t := *cs[0].URI.Clone()
		t.Headers = nil
		t.UriParams.Remove("method")
		d.target = t
	}
	if sip.HeaderText(msg, "Allow") != "" {
		d.update = sip.HasToken(msg, "Allow", string(sip.UPDATE))
	}
}

func routesOf(msg sip.Message) []string {
	as, _ := sip.NameAddrs(msg, "Record-Route")
	if len(as) == 0 {
		return nil
	}
	out := make([]string, 0, len(as))
	for _, a := range as {
		out = append(out, strings.Clone(a.URIText()))
	}
	return out
}

// path is the Request-URI and the Route values of a request, RFC 3261 §12.2.1.1.
func (d *dialog) path() (sip.URI, []string) {
	if len(d.routes) == 0 {
		return d.target, nil
	}
	first, err := sip.ParseURI(d.routes[0])
	if err != nil || loose(first) {
		return d.target, d.routes
	}
	first.Headers = nil
	first.UriParams = slices.Clone(first.UriParams)
	first.UriParams.Remove("method")
	return first, append(slices.Clone(d.routes[1:]), d.target.String())
}

func loose(u sip.URI) bool {
	for _, p := range u.UriParams {
		if strings.EqualFold(p.K, "lr") {
			return true
		}
	}
	return false
}

func addrOf(msg sip.Message, name string) sip.NameAddr {
	a, err := sip.ParseNameAddr(strings.Clone(sip.HeaderText(msg, name)))
	if err != nil {
		return sip.NameAddr{URI: sip.URI{Scheme: "sip", Host: "anonymous.invalid"}}
	}
	a.Params = nil
	return a
}

// bodyOf is the SDP of a message, alone or as a part of a multipart body; the status is 415 when there is a body without SDP.
func bodyOf(msg sip.Message) (Body, int) {
	data, err := sip.SDP(msg)
	if err == nil && identity(msg) {
		return SDP(bytes.Clone(data)), 0
	}
	if len(msg.Body()) == 0 || optional(msg) {
		return Body{}, 0
	}
	return Body{}, sip.StatusUnsupportedMediaType
}

func identity(msg sip.Message) bool {
	enc := strings.TrimSpace(sip.HeaderText(msg, "Content-Encoding"))
	return enc == "" || strings.EqualFold(enc, "identity")
}

func optional(msg sip.Message) bool {
	_, params, _ := strings.Cut(sip.HeaderText(msg, "Content-Disposition"), ";")
	return strings.EqualFold(sip.ParseParams(params).Value("handling"), "optional")
}

// dialogOf finds a dialog of the set by the peer's tag.
func (u *Usage) dialogOf(tag string) *dialog {
	if u.current != nil && u.current.remoteTag == tag {
		return u.current
	}
	if u.calling == nil {
		return nil
	}
	for _, d := range u.calling.forks {
		if d.remoteTag == tag {
			return d
		}
	}
	return nil
}
